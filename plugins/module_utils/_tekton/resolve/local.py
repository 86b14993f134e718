# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Finds what taskRef and pipelineRef name, among what was given. Remote resolvers are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.errors import Refused
from ..._core.yaml import Document
from ..model.parse import Bundle


@dataclass(frozen=True, slots=True)
class Found:
    """A resolved spec; `name` is empty for an inline one. `inline` specs take propagated params, `actions` are StepActions.

    `path` has the names of the Pipelines that a pipeline in a pipeline lies in, itself included.
    """

    name: str
    spec: Mapping[str, Any]
    inline: bool
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    path: tuple[str, ...] = ()


def inline_or_given(bundle: Bundle, owner: Document, entry: Mapping[str, Any], path: str) -> Found:
    """Return the Task that `entry` (a TaskRun's spec or a pipeline task) runs."""
    if entry.get("taskSpec"):
        spec = entry["taskSpec"]
        return Found("", spec, True, step_actions(bundle, owner, spec, f"{path}.taskSpec"))
    reference = entry["taskRef"]
    found = given(bundle, owner, reference, "Task", f"{path}.taskRef")
    return replace(found, actions=step_actions(bundle, owner, found.spec, f"{path}.taskRef"))


def step_actions(bundle: Bundle, owner: Document, spec: Mapping[str, Any], path: str) -> dict[str, Mapping[str, Any]]:
    """Return the specs of the StepActions that the steps of a Task refer to, by name."""
    out: dict[str, Mapping[str, Any]] = {}
    for index, step in enumerate(spec.get("steps") or []):
        if step.get("ref"):
            found = given(bundle, owner, step["ref"], "StepAction", f"{path}.steps[{index}].ref")
            out[found.name] = found.spec
    return out


def given(bundle: Bundle, owner: Document, reference: Mapping[str, Any], kind: str, path: str) -> Found:
    """Return the given object that a reference names."""
    if reference.get("resolver"):
        raise Refused(
            f"{path}.resolver: {reference['resolver']!r} needs the network and is not resolved here",
            hint=f"add the {kind} to src and name it in {path}.name",
        )
    document = bundle.need(kind, str(reference.get("name", "")), owner, f"{path}.name")
    return Found(str(reference["name"]), document.data["spec"], False)
