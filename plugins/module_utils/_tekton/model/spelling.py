# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Fields that are spelled with other capitals: Go reads them all the same, and admission does not look at all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.types import Manifest

_USAGE = {"mountpath": "mountPath", "name": "name"}


def spelled(obj: Manifest) -> Manifest:
    """Return an object of Tekton in which the workspaces of steps and sidecars have the names of their fields."""
    spec = obj.get("spec")
    if not isinstance(spec, Mapping):
        return obj
    changed = _spec(spec)
    return obj if changed is spec else {**obj, "spec": changed}


def _spec(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the spec of any kind: a Task's itself, or what holds one; the very same when nothing is misspelled."""
    out = dict(spec)
    for name in ("taskSpec", "pipelineSpec"):
        if isinstance(spec.get(name), Mapping):
            out[name] = _spec(spec[name])
    for name in ("tasks", "finally"):
        if isinstance(spec.get(name), list):
            out[name] = [_spec(entry) if isinstance(entry, Mapping) else entry for entry in spec[name]]
    for name in ("steps", "sidecars"):
        if isinstance(spec.get(name), list):
            out[name] = [_container(entry) if isinstance(entry, Mapping) else entry for entry in spec[name]]
    return spec if out == spec else out


def _container(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    uses = entry.get("workspaces")
    if not isinstance(uses, list):
        return entry
    return {**entry, "workspaces": [_use(use) if isinstance(use, Mapping) else use for use in uses]}


def _use(use: Mapping[str, Any]) -> dict[str, Any]:
    return {_USAGE.get(str(key).lower(), key): value for key, value in use.items()}
