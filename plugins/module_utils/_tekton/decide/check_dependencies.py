# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What pipeline tasks use of each other: results that nobody gives, optional workspaces that a Task requires.

Pure; a task is known by its pipeline task and by the spec of its Task, once that is resolved.
Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/validate_dependencies.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import matrix, references, when
from .apply_task import STEP
from .places import places, read
from .references import ResultRef, quoted

_STEP_TEXTS = (*STEP, *places("command[]", "args[]"))
_TASK_TEXTS = places("displayName", "workspaces[].subPath")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pipeline task and the spec of its Task; None for a custom task (`custom`) or one that is not known."""

    task: Mapping[str, Any]
    spec: Mapping[str, Any] | None
    custom: bool = False


def result_refs(task: Mapping[str, Any]) -> list[ResultRef]:
    """Return the results of other tasks that a pipeline task uses: params, matrix, when, inline steps and sidecars.

    Source: PipelineTaskResultRefs.
    """
    params = [*(task.get("params") or []), *matrix.all_params(task.get("matrix"))]
    found = references.expressions([param.get("value") for param in params])
    for expression in task.get("when") or []:
        found += references.expressions(when.texts(expression))
    inline = task.get("taskSpec") or {}
    for container in [*(inline.get("steps") or []), *(inline.get("sidecars") or [])]:
        found += references.expressions(list(read(container, _STEP_TEXTS)))
    return references.task_results(found)


def task_results(tasks: Sequence[Resolved]) -> str:
    """Say which pipeline task uses a result that cannot be, "" for none. Source: ValidatePipelineTaskResults."""
    by_name = {str(one.task["name"]): one for one in tasks}
    for one in tasks:
        for ref in result_refs(one.task):
            if problem := _problem(ref, by_name):
                return f"invalid result reference in pipeline task {quoted(one.task['name'])}: {problem}"
    return ""


def pipeline_results(declared: Sequence[Mapping[str, Any]], tasks: Sequence[Resolved]) -> str:
    """Say which result of the Pipeline uses a result that cannot be. Source: ValidatePipelineResults."""
    by_name = {str(one.task["name"]): one for one in tasks}
    for entry in declared:
        for ref in references.task_results(references.expressions(entry.get("value"))):
            if problem := _problem(ref, by_name):
                return f"invalid pipeline result {quoted(entry['name'])}: {problem}"
    return ""


def _problem(ref: ResultRef, tasks: Mapping[str, Resolved]) -> str:
    if ref.owner not in tasks:
        return f"referenced pipeline task {quoted(ref.owner)} does not exist"
    producer = tasks[ref.owner]
    if producer.custom:
        return ""
    if producer.spec is None:
        return f"unable to validate result referencing pipeline task {quoted(ref.owner)}: task spec not found"
    if any(entry["name"] == ref.result for entry in producer.spec.get("results") or []):
        return ""
    return f"{quoted(ref.result)} is not a named result returned by pipeline task {quoted(ref.owner)}"


def optional_workspaces(declared: Sequence[Mapping[str, Any]], tasks: Sequence[Resolved]) -> str:
    """Say which optional workspace of the Pipeline goes to a Task that requires it. Source: ValidateOptionalWorkspaces."""
    optional = {entry["name"] for entry in declared if entry.get("optional")}
    for one in tasks:
        required = {entry["name"] for entry in (one.spec or {}).get("workspaces") or [] if not entry.get("optional")}
        for use in one.task.get("workspaces") or []:
            if use.get("workspace") in optional and use["name"] in required:
                return (
                    f"pipeline workspace {quoted(use['workspace'])} is marked optional "
                    f"but pipeline task {quoted(one.task['name'])} requires it be provided"
                )
    return ""
