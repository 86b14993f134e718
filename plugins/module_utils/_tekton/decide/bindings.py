# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a PipelineRun gives must fit its Pipeline, and a Pipeline's params the Tasks they reach.

Checked when Pipeline and Tasks are known, after admission. Source: tektoncd/pipeline
pkg/reconciler/pipelinerun/resources/pipelinerunresolution.go (ValidateWorkspaceBindings, ValidateTaskRunSpecs,
ValidateParamEnumSubset), v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid

_PARAM = re.compile(r"\$\(params(?:\.(.*?)|\[\"(.*?)\"\]|\['(.*?)'\])\)")
_INDEX = re.compile(r"\[(?:\d+|\*)\]$")


def check_workspaces(pipeline: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    """Invalid when the run's spec does not bind a workspace that the Pipeline's spec requires."""
    bound = {binding["name"] for binding in run.get("workspaces") or []}
    for declared in pipeline.get("workspaces") or []:
        name = declared["name"]
        if name not in bound and not declared.get("optional"):
            raise Invalid(
                "spec.workspaces",
                f'pipeline requires workspace with name "{name}" be provided by pipelinerun',
                hint="add it to the run",
            )


def check_task_run_specs(pipeline: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    """Invalid when an entry of taskRunSpecs is for a task that the Pipeline has not."""
    known = {task["name"] for part in ("tasks", "finally") for task in pipeline.get(part) or []}
    for entry in run.get("taskRunSpecs") or []:
        name = entry.get("pipelineTaskName", "")
        if name not in known:
            raise Invalid(
                "spec.taskRunSpecs",
                f'pipelineRun\'s taskrunSpecs defined wrong taskName: "{name}", does not exist in Pipeline',
            )


def check_enums(
    given: Sequence[Mapping[str, Any]], pipeline: Sequence[Mapping[str, Any]], task: Mapping[str, Any], name: str
) -> None:
    """Invalid when a Pipeline's param reaches a Task's param and may have values that the Task's enum has not.

    `given` are the params of the pipeline task, `pipeline` the declared params of the Pipeline, `task` the Task's spec.
    """
    for param in given:
        value = param.get("value")
        named = _params_in(value) if isinstance(value, str) else []
        if len(named) != 1:
            continue
        outer, inner = _declared(named[0], pipeline), _declared(param["name"], task.get("params") or [])
        if outer.get("type") != "string" or not inner.get("enum"):
            return
        _check_enum(outer, inner["enum"], name)


def _check_enum(outer: Mapping[str, Any], inner: Sequence[str], task: str) -> None:
    allowed = outer.get("enum") or []
    name = outer.get("name", "")
    if not allowed:
        text = f'pipeline param "{name}" has no enum, but referenced in "{task}" task has enums: {_listed(inner)}'
        raise Invalid("", text)
    if not set(allowed) <= set(inner):
        raise Invalid(
            "",
            f'pipeline param "{name}" enum: {_listed(allowed)} is not a subset of the referenced in "{task}" '
            f"task param enum: {_listed(inner)}",
        )


def _params_in(text: str) -> list[str]:
    found: list[str] = []
    for dotted, double, single in _PARAM.findall(text):
        parts = dotted.split(".")
        if len(parts) > 2:
            raise Invalid(
                "",
                "unexpected error in ExtractVariablesFromString: Invalid referencing of parameters in "
                f'"{text}"! Only two dot-separated components after the prefix "params" are allowed.',
            )
        found.append(_INDEX.sub("", double or single or parts[0]))
    return found


def _declared(name: str, params: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((param for param in params if param.get("name") == name), {})


def _listed(values: Sequence[str]) -> str:
    return f"[{' '.join(values)}]"
