# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a Task and what a run gives to a plan that the executor can run: the stages of substitution, in order.

Source: tektoncd/pipeline pkg/reconciler/taskrun/taskrun.go and resources/apply.go, v1.15.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import Invalid
from .act.process import TaskPlan
from .act.workspaces import Bound
from .decide import params, substitution
from .decide.substitution import Replacements, spellings


@dataclass(frozen=True, slots=True)
class Request:
    """What a TaskRun asks for. `context` holds the values of $(context.*)."""

    name: str
    task: str
    spec: Mapping[str, Any]
    params: Mapping[str, Any]
    workspaces: Mapping[str, Bound]
    timeout: float
    context: Mapping[str, str]


def plan(request: Request, folder: str) -> TaskPlan:
    """Return the plan. Invalid for missing params, wrong types and missing workspaces."""
    spec = {key: value for key, value in request.spec.items() if key != "metadata"}
    values = params.resolve(spec.get("params") or [], request.params, f"TaskRun {request.name}")
    _check_workspaces(spec, request)
    stages = (
        params.replacements(values),
        Replacements(request.context),
        Replacements(_result_paths(spec)),
        Replacements(_exit_code_paths(spec)),
        Replacements(_workspace_values(spec, request.workspaces)),
        Replacements({"credentials.path": "/tekton/creds"}),
    )
    for stage in stages:
        spec = substitution.task_spec(spec, stage)
    return TaskPlan(
        request.name,
        request.task,
        spec,
        os.path.join(folder, "tasks", request.name),
        request.workspaces,
        request.timeout,
    )


def _check_workspaces(spec: Mapping[str, Any], request: Request) -> None:
    for workspace in spec.get("workspaces") or []:
        if workspace["name"] not in request.workspaces and not workspace.get("optional"):
            raise Invalid(
                f"workspaces.{workspace['name']}", "is required by the Task and not bound",
                obj=f"TaskRun {request.name}", hint="bind it in workspaces of the run",
            )  # fmt: skip


def _result_paths(spec: Mapping[str, Any]) -> dict[str, str]:
    out = {}
    for result in spec.get("results") or []:
        for key in spellings("results", result["name"]):
            out[f"{key}.path"] = f"/tekton/results/{result['name']}"
    for index, step in enumerate(spec.get("steps") or []):
        name = step.get("name") or f"unnamed-{index}"
        for result in step.get("results") or []:
            out[f"step.results.{result['name']}.path"] = f"/tekton/steps/step-{name}/results/{result['name']}"
    return out


def _exit_code_paths(spec: Mapping[str, Any]) -> dict[str, str]:
    names = [step.get("name") or f"unnamed-{index}" for index, step in enumerate(spec.get("steps") or [])]
    return {f"steps.step-{name}.exitCode.path": f"/tekton/steps/step-{name}/exitCode" for name in names}


def _workspace_values(spec: Mapping[str, Any], bound: Mapping[str, Bound]) -> dict[str, str]:
    out = {}
    for workspace in spec.get("workspaces") or []:
        name = workspace["name"]
        here = bound.get(name)
        out[f"workspaces.{name}.path"] = (workspace.get("mountPath") or f"/workspace/{name}") if here else ""
        out[f"workspaces.{name}.bound"] = "true" if here else "false"
        out[f"workspaces.{name}.claim"] = here.claim if here else ""
        out[f"workspaces.{name}.volume"] = f"ws-{name}" if here else ""
    return out
