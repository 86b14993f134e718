# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Tasks and the specs of Tasks, wherever they stand.

Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/task_conversion.go and container_conversion.go, v1.15.
"""

from __future__ import annotations

from typing import Any

from ...._core.errors import Invalid
from ...._core.types import ref
from . import kept
from .turn import Turn, entries, mapping

_DEPRECATED = (
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "stdin",
    "stdinOnce",
    "tty",
)


def task(turn: Turn, obj: dict[str, Any]) -> None:
    """Convert a Task in place."""
    spec = obj.get("spec")
    kept.move(turn, obj, spec, "spec", "resources", kept.RESOURCES)
    task_spec(turn, obj, spec, "spec", str(obj["metadata"].get("name") or ""))


def task_spec(turn: Turn, obj: dict[str, Any], spec: Any, path: str, name: str) -> None:
    """Convert the spec of a Task in place; deprecated fields are kept under `name` in an annotation of `obj`."""
    if not isinstance(spec, dict):
        return
    if turn.up:
        turn.drop(spec, path, "resources", "PipelineResources are gone; Tekton does not keep those of inline Tasks")
        _keep_deprecated(turn, obj, spec, path, name)
    for group in ("steps", "sidecars"):
        for where, entry in entries(spec, group, path):
            turn.rename(entry, where, "resources", "computeResources")
    turn.rename(spec.get("stepTemplate"), f"{path}.stepTemplate", "resources", "computeResources")
    if not turn.up:
        _restore_deprecated(turn, obj, spec, path, name)


def _keep_deprecated(turn: Turn, obj: dict[str, Any], spec: dict[str, Any], path: str, name: str) -> None:
    """Take fields of a container that no step ever had any use for to the annotation, in the shape of a v1beta1 Task."""
    known, before = kept.read(obj, kept.DEPRECATIONS) or {}, len(turn.changes)
    steps = [_taken(turn, entry, where, _DEPRECATED) for where, entry in entries(spec, "steps", path)]
    template = mapping(spec, "stepTemplate")
    found: dict[str, Any] = {"deprecatedSteps": steps}
    if template is not None:
        found["deprecatedStepTemplate"] = _taken(turn, template, f"{path}.stepTemplate", ("name", *_DEPRECATED))
    if len(turn.changes) != before:
        kept.put(obj, kept.DEPRECATIONS, {**known, name: found})


def _taken(turn: Turn, entry: dict[str, Any], path: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the deprecated fields as Go writes them: a name always, and empty resources, which are a struct."""
    out: dict[str, Any] = {"name": entry.pop("name", "") if "name" in names else ""}
    if out["name"]:
        turn.told(path, "name", kept.annotation(kept.DEPRECATIONS), "a template has no name in v1")
    for name in names:
        if name != "name" and name in entry:
            out[name] = entry.pop(name)
            turn.told(path, name, kept.annotation(kept.DEPRECATIONS), "steps have no such field in v1")
        if name == "ports":
            out["resources"] = {}
    return out


def _restore_deprecated(turn: Turn, obj: dict[str, Any], spec: dict[str, Any], path: str, name: str) -> None:
    known = kept.read(obj, kept.DEPRECATIONS) or {}
    found = known.get(name)
    if found is None:
        return
    steps, saved_steps = list(entries(spec, "steps", path)), found.get("deprecatedSteps") or []
    if len(steps) != len(saved_steps):
        where = kept.annotation(kept.DEPRECATIONS)
        text = f"has {len(saved_steps)} steps for a Task of {len(steps)}: {name!r}"
        raise Invalid(where, text, hint="remove the annotation", obj=ref(obj))
    for (where, entry), saved in zip(steps, saved_steps, strict=True):
        _give_back(turn, entry, saved, where, _DEPRECATED)
    if template := found.get("deprecatedStepTemplate"):
        entry = spec.setdefault("stepTemplate", {})
        _give_back(turn, entry, template, f"{path}.stepTemplate", ("name", *_DEPRECATED))
    kept.take(obj, kept.DEPRECATIONS)
    left = {key: value for key, value in known.items() if key != name}
    if left:
        kept.put(obj, kept.DEPRECATIONS, left)


def _give_back(turn: Turn, entry: dict[str, Any], saved: dict[str, Any], path: str, names: tuple[str, ...]) -> None:
    for name in names:
        if saved.get(name):
            entry[name] = saved[name]
            turn.told(path, kept.annotation(kept.DEPRECATIONS), name)
