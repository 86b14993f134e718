# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""AnalysisTemplates become the spec of a run: merged, with arguments resolved.

Source: argo-rollouts v1.9 utils/analysis/helpers.go (MergeArgs, NewAnalysisRunFromTemplates), utils/template/template.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest

_ARGUMENT = re.compile(r"\{\{\s*args\.([A-Za-z0-9_.-]+)\s*\}\}")
_FIELD = re.compile(r"([^.\[\]]+)|\[[\"']?([^\"'\]]+)[\"']?\]")

Find = Callable[[str, bool], Manifest | None]


def metrics(templates: Sequence[Manifest], args: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the metrics of all templates with arguments put in. Invalid: an unresolved argument, two equal names."""
    found: list[dict[str, Any]] = []
    declared: dict[str, str | None] = {}
    for template in templates:
        spec = template.get("spec") or {}
        for argument in spec.get("args") or []:
            if argument.get("valueFrom"):
                raise Refused(
                    f"analysis argument {argument['name']!r} by valueFrom is not executed yet", hint="give its value"
                )
            declared[argument["name"]] = args.get(argument["name"], argument.get("value"))
        for metric in spec.get("metrics") or []:
            if any(one["name"] == metric["name"] for one in found):
                raise Invalid("metrics", f"two metrics are named {metric['name']!r}")
            found.append(metric)
    missing = sorted(name for name, value in declared.items() if value is None)
    if missing:
        raise Invalid("args", f"have no value: {', '.join(missing)}", hint="give them in the rollout's analysis step")
    if not found:
        raise Invalid("metrics", "are missing", hint="an AnalysisTemplate needs at least one metric")
    return [substitute(metric, {name: str(value) for name, value in declared.items()}) for metric in found]


def substitute(metric: Mapping[str, Any], args: Mapping[str, str]) -> dict[str, Any]:
    """Return the metric with {{args.x}} replaced in its JSON. Invalid for an argument that nobody declares."""

    def one(match: re.Match[str]) -> str:
        if match[1] not in args:
            raise Invalid(f"metrics.{metric.get('name')}", f"uses an argument that is not declared: {match[1]!r}")
        return json.dumps(args[match[1]])[1:-1]

    result: dict[str, Any] = json.loads(_ARGUMENT.sub(one, json.dumps(metric)))
    return result


def arguments(given: Sequence[Mapping[str, Any]], rollout: Manifest, stable: str, latest: str) -> dict[str, str]:
    """Return the arguments of a rollout's analysis: value, podTemplateHashValue, or a field of the Rollout."""
    out = {}
    for entry in given:
        name, source = entry["name"], entry.get("valueFrom") or {}
        if "value" in entry:
            out[name] = str(entry["value"])
        elif source.get("podTemplateHashValue"):
            out[name] = {"Stable": stable, "Latest": latest}[source["podTemplateHashValue"]]
        elif source.get("fieldRef"):
            out[name] = _field(rollout, source["fieldRef"]["fieldPath"], name)
    return out


def _field(obj: Any, path: str, name: str) -> str:
    for plain, quoted in _FIELD.findall(path):
        key = plain or quoted
        try:
            obj = obj[int(key)] if isinstance(obj, list) else obj[key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Invalid(f"args.{name}", f"fieldPath {path!r} is not in the Rollout") from error
    if isinstance(obj, (dict, list)):
        raise Invalid(f"args.{name}", f"fieldPath {path!r} is no single value")
    return str(obj)
