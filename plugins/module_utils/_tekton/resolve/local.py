# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Finds what taskRef, pipelineRef and the ref of a step mean: among what was given, or by their resolver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.yaml import Document
from ..decide import references
from ..model.parse import Bundle
from . import referenced


@dataclass(frozen=True, slots=True)
class Found:
    """A resolved spec; `name` is empty for an inline one. `inline` specs take propagated params, `actions` are StepActions.

    `path` has the names of the Pipelines that a pipeline in a pipeline lies in, itself included. `source` is the refSource of
    a remote one, `step_sources` those of its remote StepActions by position of the step.
    """

    name: str
    spec: Mapping[str, Any]
    inline: bool
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)
    step_sources: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def inline_or_given(bundle: Bundle, owner: Document, entry: Mapping[str, Any], path: str) -> Found:
    """Return the Task that `entry` (a TaskRun's spec or a pipeline task) runs."""
    if entry.get("taskSpec"):
        return with_actions(bundle, owner, Found("", entry["taskSpec"], True), entry, f"{path}.taskSpec")
    reference = entry["taskRef"]
    found = given(bundle, owner, reference, "Task", f"{path}.taskRef", str(entry.get("name") or ""))
    return with_actions(bundle, owner, found, entry, f"{path}.taskRef")


def with_actions(bundle: Bundle, owner: Document, found: Found, entry: Mapping[str, Any], path: str) -> Found:
    """Return a Task with the StepActions that its steps refer to. A remote one gets a name that its step refers to."""
    actions: dict[str, Mapping[str, Any]] = {}
    sources: dict[int, Mapping[str, Any]] = {}
    steps = list(found.spec.get("steps") or [])
    referenced.start(bundle, owner, [{**entry, "taskRef": None, "taskSpec": found.spec}])
    for index, step in enumerate(steps):
        if not step.get("ref"):
            continue
        where = f"{path}.steps[{index}].ref"
        if not step["ref"].get("resolver"):
            action = given(bundle, owner, step["ref"], "StepAction", where)
            actions[action.name] = action.spec
            continue
        action = _remote_action(bundle, owner, found.spec, entry, index, where)
        name = f"{action.name} of step {index}"
        steps[index] = {**step, "ref": {"name": name}}
        actions[name], sources[index] = action.spec, action.source
    spec = {**found.spec, "steps": steps} if sources else found.spec
    return replace(found, spec=spec, actions=actions, step_sources=sources)


def _remote_action(
    bundle: Bundle, owner: Document, spec: Mapping[str, Any], entry: Mapping[str, Any], index: int, path: str
) -> Found:
    step = spec["steps"][index]
    values = next(values for ref, _kind, values in referenced.steps(spec, entry, owner) if ref is step["ref"])
    try:
        fetched = referenced.fetch(bundle, owner, step["ref"], "StepAction", path, values, str(entry.get("name") or ""))
    except referenced.Unresolved as error:
        shown = references.quoted(step.get("name") or "")
        error.message = f"failed to resolve step ref for step {shown} (index {index}): {error.message}"
        raise
    return Found(fetched.name, fetched.document.data["spec"], False, source=fetched.source.as_dict())


def given(bundle: Bundle, owner: Document, reference: Mapping[str, Any], kind: str, path: str, task: str = "") -> Found:
    """Return the object that a reference means: a given one by its name, a remote one by its resolver.

    `task` is the name of the pipeline task that has the reference.
    """
    if reference.get("resolver"):
        values = referenced.values_of_run(owner)
        fetched = referenced.fetch(bundle, owner, reference, kind, path, values, task)
        return Found(fetched.name, fetched.document.data["spec"], False, source=fetched.source.as_dict())
    document = bundle.need(kind, str(reference.get("name", "")), owner, f"{path}.name")
    return Found(str(reference["name"]), document.data["spec"], False)
