# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a Task and what a run gives to a plan that the executor can run: the stages of substitution, in order.

Source: tektoncd/pipeline pkg/reconciler/taskrun/taskrun.go and resources/apply.go, v1.15.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._core.errors import Invalid
from .._core.events import Subject
from .act.executor import Bound, TaskEnd, TaskPlan, World
from .decide import apply_task, check_params, params, step_actions, workspaces

_CREDENTIALS = "/tekton/creds"


@dataclass(frozen=True, slots=True)
class Request:
    """What a TaskRun asks for. `reference` names its Task ("" for an inline one), `actions` holds StepActions by name."""

    name: str
    task: str
    reference: str
    uid: str
    namespace: str
    spec: Mapping[str, Any]
    params: Mapping[str, Any]
    workspaces: Mapping[str, Bound]
    timeout: float
    context: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    service_account: str = ""
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def attempts(request: Request, retries: int, folder: str, world: World) -> TaskEnd:
    """Run a TaskRun, again after a failure up to `retries` times; the ends of earlier attempts are kept in the last."""
    past: list[TaskEnd] = []
    for attempt in range(retries + 1):
        place = folder if attempt == 0 else os.path.join(folder, f"retry-{attempt}")
        end = world.executor.run(plan(_numbered(request, attempt), place), world.cancel)
        if end.succeeded or attempt == retries:
            break
        past.append(end)
        text = f"{request.task}: {end.message}; trying again ({attempt + 1} of {retries})"
        subject = Subject("TaskRun", request.namespace, request.name)
        world.events.emit(subject, "Warning", reason="ToBeRetried", message=text)
    return replace(end, retries=tuple(past))


def _numbered(request: Request, attempt: int) -> Request:
    meta = {"name": request.name, "namespace": request.namespace, "uid": request.uid}
    run = {"metadata": meta, "status": {"retriesStatus": [{}] * attempt}}
    own = apply_task.context_values(request.reference or request.name, run)
    return replace(request, context={**request.context, **own})


def plan(request: Request, folder: str) -> TaskPlan:
    """Return the plan. Invalid for missing params, wrong types and missing workspaces."""
    who = f"TaskRun {request.name}"
    spec = workspaces.spelled({key: value for key, value in request.spec.items() if key != "metadata"})
    if step_actions.has_refs(spec):
        spec["steps"] = step_actions.resolved(spec, request.params, request.actions, request.namespace)
    values = params.resolve(spec.get("params") or [], request.params, who)
    _check_indexes(spec, values, who)
    bindings = _bindings(request.workspaces)
    declared = _declared(spec, bindings, who)
    spec = {**apply_task.apply(spec, params.replacements(values)), "workspaces": declared}
    spec = apply_task.contexts(spec, request.context)
    spec = apply_task.artifact_paths(apply_task.result_paths(spec))
    spec = apply_task.exit_code_paths(spec)
    volumes = {name: str(volume["name"]) for name, volume in workspaces.volumes(bindings).items()}
    spec = apply_task.workspaces(spec, spec["workspaces"], workspaces.claims(bindings), volumes)
    spec = apply_task.credentials_path(spec, _CREDENTIALS)
    return TaskPlan(
        name=request.name,
        task=request.task,
        spec=spec,
        folder=os.path.join(folder, "tasks", request.name),
        workspaces=request.workspaces,
        timeout=request.timeout,
        namespace=request.namespace,
        service_account=request.service_account,
        pod_template=request.pod_template,
        labels=request.labels,
    )


def _check_indexes(spec: Mapping[str, Any], values: Mapping[str, params.Value], who: str) -> None:
    used = check_params.texts_of_task(spec)
    problem = check_params.array_indexes([], params.as_list(values), used, "TaskRunValidationFailed")
    if problem:
        error = Invalid("params", problem.message, obj=who)
        error.reason = problem.reason
        raise error


def _bindings(bound: Mapping[str, Bound]) -> list[dict[str, Any]]:
    """What is bound, as bindings: a claim by name, anything else is as good as an emptyDir here."""
    return [
        {"name": name, "persistentVolumeClaim": {"claimName": one.claim}}
        if one.claim
        else {"name": name, "emptyDir": {}}
        for name, one in bound.items()
    ]


def _declared(spec: Mapping[str, Any], bindings: list[dict[str, Any]], who: str) -> list[Mapping[str, Any]]:
    """Return the declared workspaces and those that were propagated; Invalid when a required one is not bound."""
    declared = list(spec.get("workspaces") or [])
    if problem := workspaces.unbound(declared, bindings):
        raise Invalid("workspaces", problem, obj=who, hint="bind it in workspaces of the run")
    names = {entry["name"] for entry in declared}
    return [*declared, *({"name": entry["name"]} for entry in bindings if entry["name"] not in names)]
