# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs a generator of an ApplicationSet with everything nested in it: parameters filled in, sets made and chosen.

Source: argo-cd v3.2 applicationset/generators/generator_spec_processor.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..._core.errors import Refused
from ..._core.types import Manifest, deep_get
from . import combine, generators
from .render import Params, Style, render
from .selectors import chosen

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Sources(Protocol):
    """What the generators look at."""

    def clusters(self) -> Sequence[generators.Cluster]:
        """Return the clusters that Argo CD knows, the local one among them."""

    def directories(self, spec: Mapping[str, Any]) -> Sequence[str]:
        """Return the directories of the repository and revision that a Git generator names."""

    def files(self, spec: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the files, by path, that a Git generator's patterns find."""

    def decisions(self, spec: Mapping[str, Any]) -> tuple[Manifest, Sequence[Manifest]]:
        """Return a decision generator's ConfigMap and the resources of the kind that it names."""


def param_sets(
    generator: combine.Generator, sources: Sources, style: Style, given: Params | None = None
) -> list[Params]:
    """Return the parameter sets of a generator; `given` are those of an earlier one of a matrix."""
    filled = render(generator, given, style) if given else generator
    out: list[Params] = []
    for kind in combine.kinds_of(filled):
        out += _of_kind(kind, filled[kind], sources, style)
    return chosen(filled.get("selector"), out, style)


def _of_kind(kind: str, spec: Mapping[str, Any], sources: Sources, style: Style) -> list[Params]:
    def nested(child: combine.Generator, given: Params) -> list[Params]:
        return param_sets(child, sources, style, given)

    match kind:
        case "list":
            return generators.list_params(spec, style)
        case "clusters":
            return generators.cluster_params(spec, sources.clusters(), style)
        case "git" if spec.get("directories"):
            return generators.directory_params(spec, sources.directories(spec), style)
        case "git":
            return generators.file_params(spec, sources.files(spec), style)
        case "clusterDecisionResource":
            config_map, resources = sources.decisions(spec)
            return generators.duck_params(spec, config_map, resources, sources.clusters(), style)
        case "matrix":
            return combine.matrix(spec.get("generators") or [], nested, style)
        case "merge":
            return combine.merge(spec.get("mergeKeys") or [], spec.get("generators") or [], nested, style)
    raise Refused(f"the {kind} generator of an ApplicationSet is not run")


def unknown_generators(appset: Manifest) -> tuple[bool, list[str]]:
    """Return whether an entry names no generator that is known, and the names that were applied for such entries."""
    entries = deep_get(appset, "spec", "generators", default=[]) or []
    bad = [index for index, entry in enumerate(entries) if not combine.kinds_of(entry)]
    applied = _applied(appset)
    return bool(bad), [name for index in bad if index < len(applied) for name in applied[index]]


def _applied(appset: Manifest) -> list[Mapping[str, Any]]:
    text = (deep_get(appset, "metadata", "annotations", default={}) or {}).get(_LAST_APPLIED)
    try:
        found = deep_get(json.loads(text or "{}"), "spec", "generators", default=[])
    except ValueError:
        return []
    return found if isinstance(found, list) else []
