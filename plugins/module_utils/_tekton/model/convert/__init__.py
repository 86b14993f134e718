# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Between v1beta1 and v1, both ways, without touching what was given.

converted = convert(obj)            # the object as v1, and what was changed
converted = convert(obj, V1BETA1)   # and back

Knows which kinds have two versions; the fields of each are in the neighbours.
Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/*_conversion.go and v1alpha1/stepaction_conversion.go, v1.15.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ...._core.errors import Invalid
from ...._core.types import Manifest, ref
from . import admission, pipelines, runs, tasks
from .turn import Change, Turn

__all__ = ["V1", "V1ALPHA1", "V1BETA1", "Change", "Converted", "convert", "to_v1"]
V1, V1BETA1, V1ALPHA1 = "tekton.dev/v1", "tekton.dev/v1beta1", "tekton.dev/v1alpha1"
_BOTH = {"Task": tasks.task, "Pipeline": pipelines.pipeline, "TaskRun": runs.task_run, "PipelineRun": runs.pipeline_run}
_HIGHEST_V1BETA1 = ("StepAction", "CustomRun")


@dataclass(frozen=True, slots=True)
class Converted:
    """An object in the wanted version, and what had to be changed for it, in the order of the fields."""

    obj: Manifest
    changes: tuple[Change, ...]

    def report(self) -> list[dict[str, str]]:
        """Return the changes as plain data: path, from, to, note."""
        return [change.as_dict() for change in self.changes]


def to_v1(obj: Manifest, cluster_tasks: Collection[str] = ()) -> Converted:
    """Return the object as Tekton stores it, for an engine that runs it.

    Refused for what Tekton's admission of v1beta1 does not take (PipelineResources), Invalid for `timeout` beside
    `timeouts`. `cluster_tasks` names the ClusterTasks that are given: references to them name a Task afterwards.
    """
    if obj.get("apiVersion") == V1BETA1:
        admission.check(obj)
    return convert(obj, V1, cluster_tasks)


def convert(obj: Manifest, version: str = V1, cluster_tasks: Collection[str] = ()) -> Converted:
    """Return the object in `version` (tekton.dev/v1 or tekton.dev/v1beta1) and a report; other objects as they are.

    What is in that version already is returned itself, not as a copy.

    StepAction and CustomRun have no v1: they come back as v1beta1. A ClusterTask becomes a Task.
    Invalid for an annotation of an earlier conversion that does not fit the object.
    """
    if version not in (V1, V1BETA1):
        raise Invalid("version", f"is no version to convert to: {version!r}", hint=f"{V1} or {V1BETA1}")
    kind, given = str(obj.get("kind")), obj.get("apiVersion")
    if given == version and kind in _BOTH:
        return Converted(obj, ())
    out = copy.deepcopy(obj)
    turn = Turn(up=version == V1, cluster_tasks=frozenset(cluster_tasks))
    if given == V1ALPHA1 and kind == "StepAction":
        turn.value(out, "", "apiVersion", V1BETA1, "StepAction has no v1")
    elif given == V1BETA1 and kind == "ClusterTask":
        _cluster_task(turn, out)
    elif given in (V1, V1BETA1) and kind in _BOTH:
        turn.value(out, "", "apiVersion", version)
        _convert(turn, kind, out)
    elif given == V1 and kind in _HIGHEST_V1BETA1:
        raise Invalid("apiVersion", f"{kind} has no v1", hint=f"write {V1BETA1}", obj=ref(obj))
    return Converted(out, tuple(turn.changes))


def _cluster_task(turn: Turn, out: dict[str, Any]) -> None:
    """A ClusterTask is a Task without a namespace: v1 has none, so it becomes a Task of the namespace it is applied to."""
    turn.value(out, "", "kind", "Task", "Tekton has no ClusterTasks any more; apply it to the namespace of the runs")
    if turn.up:
        turn.value(out, "", "apiVersion", V1)
        _convert(turn, "Task", out)


def _convert(turn: Turn, kind: str, out: dict[str, Any]) -> None:
    meta = out.get("metadata")
    out["metadata"] = meta if isinstance(meta, dict) else {}
    _BOTH[kind](turn, out)
    if not out["metadata"] and meta is None:
        out.pop("metadata")
