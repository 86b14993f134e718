# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a Task and what a run gives to a plan that the executor can run: the stages of substitution, in order.

Source: tektoncd/pipeline pkg/reconciler/taskrun/taskrun.go and resources/apply.go, v1.15.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._core.errors import DISK_FULL, Cancelled, Invalid, SlipwayError
from .._core.events import Subject
from . import objects
from .act.executor import Bound, TaskEnd, TaskPlan, World
from .decide import apply_task, check_params, params, step_actions, workspaces
from .decide.children import CANCELLED, Kind
from .decide.substitution import Replacements
from .objects import Identity

_CREDENTIALS = "/tekton/creds"
RESOURCES = ("stepSpecs", "sidecarSpecs", "computeResources")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a remote Task and the remote StepActions of its steps (by position) came from: refSource objects."""

    task: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What a TaskRun asks for. `reference` names its Task ("" for an inline one), `given` is the spec of its object."""

    who: Identity
    task: str
    reference: str
    spec: Mapping[str, Any]
    params: Mapping[str, Any]
    workspaces: Mapping[str, Bound]
    timeout: float
    context: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    service_account: str = ""
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    ignores_failure: bool = False
    sources: Sources = field(default_factory=Sources)

    @property
    def name(self) -> str:
        return self.who.name

    @property
    def namespace(self) -> str:
        return self.who.namespace


def attempts(request: Request, retries: int, folder: str, world: World) -> TaskEnd:
    """Run a TaskRun, again after a failure up to `retries` times; the ends of earlier attempts are kept in the last.

    A cancelled one ends with the reason TaskRunCancelled. One that cannot be run is a failure of its pipeline task;
    alone, it raises why.
    """
    past: list[TaskEnd] = []
    for attempt in range(retries + 1):
        end = _attempt(request, attempt, folder, world, past)
        if end.succeeded or attempt == retries or end.reason == CANCELLED[Kind.TASK_RUN]:
            return end
        past.append(end)
        text = f"{request.task}: {end.message}; trying again ({attempt + 1} of {retries})"
        subject = Subject("TaskRun", request.namespace, request.name)
        world.events.emit(subject, "Warning", reason="ToBeRetried", message=text)
    raise AssertionError("unreachable")


def _attempt(request: Request, attempt: int, folder: str, world: World, past: Sequence[TaskEnd]) -> TaskEnd:
    began = time.time()
    place = folder if attempt == 0 else os.path.join(folder, f"retry-{attempt}")
    spec: Mapping[str, Any] = request.spec
    problem: SlipwayError | None = None
    try:
        with world.slot():
            began = time.time()
            ready = plan(_numbered(request, attempt), place)
            spec = ready.spec
            world.note(objects.of_run(request.who, request.given, objects.running(began)))
            end = world.executor.run(ready, world.cancel)
    except Cancelled:
        text = f'TaskRun "{request.name}" was cancelled. {world.cancel.reason}'.rstrip()
        end = TaskEnd(False, CANCELLED[Kind.TASK_RUN], text)
    except SlipwayError as error:
        if error.reason == DISK_FULL:
            raise
        end, problem = TaskEnd(False, error.reason, str(error)), error
    end = replace(end, began=began, seconds=end.seconds or time.time() - began, retries=tuple(past))
    if request.ignores_failure and not end.succeeded and end.reason != CANCELLED[Kind.TASK_RUN]:
        end = replace(end, reason="FailureIgnored")
    world.note(objects.of_run(request.who, request.given, _status(request, end, spec)))
    if problem and request.who.parent is None:
        raise problem
    return end


def _status(request: Request, end: TaskEnd, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status with where a remote Task and remote StepActions came from. Source: updateTaskRunProvenance."""
    status = objects.task_run_status(end, spec)
    if request.sources.task:
        status["provenance"] = {"refSource": dict(request.sources.task)}
    if request.sources.steps:
        steps = [{"name": s.get("name") or f"unnamed-{at}"} for at, s in enumerate(request.spec["steps"])]
        status["steps"] = step_actions.states({"steps": steps}, status.get("steps") or [], request.sources.steps)
    return status


def _numbered(request: Request, attempt: int) -> Request:
    meta = {"name": request.name, "namespace": request.namespace, "uid": request.who.uid}
    run = {"metadata": meta, "status": {"retriesStatus": [{}] * attempt}}
    own = apply_task.context_values(request.reference or request.name, run)
    return replace(request, context={**request.context, **own})


def plan(request: Request, folder: str) -> TaskPlan:
    """Return the plan. Invalid for missing params, wrong types and missing workspaces."""
    who = f"TaskRun {request.name}"
    spec = {key: value for key, value in request.spec.items() if key != "metadata"}
    if step_actions.has_refs(spec):
        spec["steps"] = step_actions.resolved(spec, request.params, request.actions, request.namespace)
    values = params.resolve(spec.get("params") or [], request.params, who)
    _check_indexes(spec, values, who)
    bindings = _bindings(request.workspaces)
    declared = _declared(spec, bindings, who)
    given = params.replacements(values)
    pod = {**request.pod_template, **apply_task.apply({"volumes": request.pod_template.get("volumes") or []}, given)}
    spec["workspaces"] = declared
    if "$(" in str(spec):
        spec = _substituted(spec, given, request, bindings)
    return TaskPlan(
        name=request.name,
        task=request.task,
        spec=spec,
        folder=os.path.join(folder, "tasks", request.name),
        workspaces=request.workspaces,
        timeout=request.timeout,
        namespace=request.namespace,
        service_account=request.service_account,
        pod_template=pod,
        labels=objects.labels(request.who),
        uid=request.who.uid,
        resources={name: request.given[name] for name in RESOURCES if request.given.get(name)},
    )


def _substituted(
    spec: dict[str, Any], given: Replacements, request: Request, bindings: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the spec after the stages, each over what the one before left. Source: taskrun.go, createPod."""
    spec = {**apply_task.apply(spec, given), "workspaces": spec["workspaces"]}
    spec = apply_task.contexts(spec, request.context)
    spec = apply_task.artifact_paths(apply_task.result_paths(spec))
    spec = apply_task.exit_code_paths(spec)
    volumes = {name: str(volume["name"]) for name, volume in workspaces.volumes(bindings).items()}
    spec = apply_task.workspaces(spec, spec["workspaces"], workspaces.claims(bindings), volumes)
    return apply_task.credentials_path(spec, _CREDENTIALS)


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
