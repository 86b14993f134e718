# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""TaskRuns and PipelineRuns: what they run, with which params, workspaces and limits.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/{taskrun,pipelinerun}_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._core import duration
from ...decide import references as refs
from . import inline, names, params, pipeline, steps, task, timeouts, variables, workspaces
from .flags import ALPHA, BETA, Flags, gate
from .problem import Problems, at_index, both, disallowed, generic, invalid, missing, neither, via
from .read import Raw, entries, given, part, seconds, text, texts

PIPELINE_RUN_STATUS = ("Cancelled", "CancelledRunFinally", "StoppedRunFinally", "PipelineRunPending")
TASK_RUN_STATUS = ("TaskRunCancelled", "TaskRunPending")


def task_run(flags: Flags, obj: Raw) -> Problems:
    """Check a TaskRun. Source: TaskRun.Validate."""
    return _run(obj, "TaskRunPending", "TaskRun") + via(task_run_spec(flags, part(obj, "spec") or {}), "spec")


def pipeline_run(flags: Flags, obj: Raw) -> Problems:
    """Check a PipelineRun. Source: PipelineRun.Validate."""
    found = _run(obj, "PipelineRunPending", "PipelineRun")
    return found + via(pipeline_run_spec(flags, part(obj, "spec") or {}), "spec")


def _run(obj: Raw, pending: str, kind: str) -> Problems:
    found = via(names.metadata(part(obj, "metadata") or {}), "metadata")
    if text(part(obj, "spec"), "status") == pending and given(part(obj, "status"), "startTime"):
        found += (invalid(f"{kind} cannot be Pending after it is started", "spec.status"),)
    return found


def task_run_spec(flags: Flags, spec: Raw) -> Problems:
    """Check a TaskRun's spec. Source: TaskRunSpec.Validate."""
    found = _ref_or_spec(spec, "taskRef", "taskSpec")
    found += via(steps.reference(flags, part(spec, "taskRef")), "taskRef")
    own = part(spec, "taskSpec")
    if own is not None:
        found += (disallowed("taskSpec"),) if flags.inline_disabled("taskrun") else ()
        found += via(task.task_spec(flags, own), "taskSpec")
    found += via(params.of_run(entries(spec, "params")), "params") + inline.of_task_run(flags, spec)
    found += via(workspaces.bindings(entries(spec, "workspaces")), "workspaces")
    if given(spec, "debug"):
        found += via(gate(flags, "debug", ALPHA) + _debug(part(spec, "debug")), "debug")
    found += _overrides(flags, spec) + _task_run_status(spec)
    timeout = seconds(spec, "timeout")
    if timeout is not None and timeout < 0:
        found += (invalid(f"{duration.format_go(timeout)} should be >= 0", "timeout"),)
    return found + _pod_template(flags, part(spec, "podTemplate"))


def pipeline_run_spec(flags: Flags, spec: Raw) -> Problems:
    """Check a PipelineRun's spec. Source: PipelineRunSpec.Validate."""
    found = _ref_or_spec(spec, "pipelineRef", "pipelineSpec")
    found += via(steps.reference(flags, part(spec, "pipelineRef")), "pipelineRef")
    own = part(spec, "pipelineSpec")
    if own is not None:
        found += (disallowed("pipelineSpec"),) if flags.inline_disabled("pipelinerun") else ()
        found += via(pipeline.pipeline_spec(flags, own), "pipelineSpec")
    found += _run_params(entries(spec, "params")) + inline.of_pipeline_run(flags, spec)
    found += timeouts.of_run(flags, spec)
    status = text(spec, "status")
    if status and status not in PIPELINE_RUN_STATUS:
        allowed = f"{', '.join(PIPELINE_RUN_STATUS[:-1])} or {PIPELINE_RUN_STATUS[-1]}"
        found += (invalid(f"{status} should be {allowed}", "status"),)
    found += workspaces.of_pipeline_run(entries(spec, "workspaces"))
    for index, entry in enumerate(entries(spec, "taskRunSpecs")):
        problems = _overrides(flags, entry) + _pod_template(flags, part(entry, "podTemplate"))
        found += via(problems + timeouts.of_task(flags, spec, entry), f"taskRunSpecs[{index}]")
    template = part(part(spec, "taskRunTemplate"), "podTemplate")
    return found + via(_pod_template(flags, template), "taskRunTemplate")


def _ref_or_spec(spec: Raw, ref: str, own: str) -> Problems:
    if not given(spec, ref) and not given(spec, own):
        return (neither(ref, own),)
    return (both(ref, own),) if given(spec, ref) and given(spec, own) else ()


def _task_run_status(spec: Raw) -> Problems:
    status, message = text(spec, "status"), text(spec, "statusMessage")
    if status and status not in TASK_RUN_STATUS:
        return (invalid(f"{status} should be {' or '.join(TASK_RUN_STATUS)}", "status"),)
    if message and not status:
        rule = "statusMessage should not be set if status is not set, but it is currently set to"
        return (invalid(f"{rule} {message}", "statusMessage"),)
    return ()


def _run_params(values: Sequence[Raw]) -> Problems:
    """Source: validatePipelineRunParameters: a run begins when nothing has a result yet."""
    found = via(params.of_run(values), "params")
    for param in values:
        used = [one for one in variables.value_expressions(param.get("value")) if refs.looks_like_task_result(one)]
        if refs.task_results(used):
            message = f"cannot use result expressions in {params.listed(used)} as PipelineRun parameter values"
            found += via((invalid(message, "value"),), "params", at_index(text(param, "name")))
    return found


def _overrides(flags: Flags, entry: Raw) -> Problems:
    """Check what a run says of single steps and of resources. Source: validateTaskRunSpec."""
    found: Problems = ()
    for key in ("stepSpecs", "sidecarSpecs"):
        if given(entry, key):
            found += via(gate(flags, key, BETA) + _named(entries(entry, key)), key)
    if given(entry, "computeResources"):
        found += via(gate(flags, "computeResources", BETA), "computeResources")
        if any((part(step, "computeResources") or {}) for step in entries(entry, "stepSpecs")):
            found += (both("stepSpecs.resources", "computeResources"),)
    return found


def _named(specs: Sequence[Raw]) -> Problems:
    found: Problems = ()
    for index, spec in enumerate(specs):
        found += via((missing("name"),), f"[{index}]") if not text(spec, "name") else ()
    return found + params.distinct([text(spec, "name") for spec in specs if text(spec, "name")], by_index=True)


def _debug(debug: Raw | None) -> Problems:
    points = part(debug, "breakpoints")
    if points is None:
        return ()
    failure = text(points, "onFailure")
    found: Problems = ()
    if failure != "enabled":
        what = f"{failure} is not a valid onFailure breakpoint value, onFailure breakpoint" if failure else ""
        message = f"{what or 'onFailure breakpoint is empty, it'} is only allowed to be set as enabled"
        found += (invalid(message, "breakpoints.onFailure"),)
    before = texts(points, "beforeSteps")
    for index, step in enumerate(before):
        if step in before[:index]:
            message = f"before step must be unique, the same step: {step} is defined multiple times at"
            found += (generic(message, f"breakpoints.beforeSteps[{index}]"),)
    return found


def _pod_template(flags: Flags, template: Raw | None) -> Problems:
    """Source: validatePodTemplateEnv."""
    forbidden = [
        text(entry, "name") for entry in entries(template, "env") if text(entry, "name") in flags.forbidden_env
    ]
    message = "PodTemplate cannot update a forbidden env:"
    return tuple(invalid(f"{message} {name}", "PodTemplate.Env") for name in forbidden)
