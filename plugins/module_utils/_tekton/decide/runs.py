# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Questions to a PipelineRun or TaskRun object: has it started, succeeded, timed out; what a task gets from the run.

Pure; times are seconds since the epoch and come in. Source: tektoncd/pipeline
pkg/apis/pipeline/v1/pipelinerun_types.go, taskrun_types.go, pkg/apis/pipeline/pod/template.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..._core import duration
from . import timeouts

Run = Mapping[str, Any]
SUCCEEDED = "Succeeded"
TIMED_OUT = "PipelineRunTimeout"
USER_ERROR = "[User error] "
_MERGED_BY_NAME = ("env", "volumes", "imagePullSecrets")


def condition(run: Run | None) -> Mapping[str, Any]:
    """Return the run's condition Succeeded; empty when there is none."""
    entries = ((run or {}).get("status") or {}).get("conditions") or []
    found: Mapping[str, Any] = next((entry for entry in entries if entry.get("type") == SUCCEEDED), {})
    return found


def succeeded(run: Run | None) -> bool:
    return condition(run).get("status") == "True"


def failed(run: Run | None) -> bool:
    return condition(run).get("status") == "False"


def started(run: Run) -> bool:
    return bool((run.get("status") or {}).get("startTime"))


def timeout_is_set(run: Run) -> bool:
    """True when the run's condition says that it timed out."""
    return failed(run) and condition(run).get("reason") == TIMED_OUT


def timeout_condition(run: Run, default: float = timeouts.DEFAULT) -> dict[str, str]:
    """Return the condition of a PipelineRun that took too long."""
    name = (run.get("metadata") or {}).get("name") or ""
    limit = duration.format_go(timeouts.pipeline(run, default))
    return _failed(TIMED_OUT, f'PipelineRun "{name}" failed to finish within "{limit}"')


def failure_condition(reason: str, message: str, *, by_user: bool = False) -> dict[str, str]:
    """Return the condition of a failed run; what the user has to mend is labelled. Source: MarkFailed."""
    return _failed(reason, f"{USER_ERROR if by_user else ''}{message}")


def _failed(reason: str, message: str) -> dict[str, str]:
    return {"type": SUCCEEDED, "status": "False", "reason": reason, "message": message}


def elapsed(run: Run, now: float) -> float | None:
    """Return the seconds since the run started; None before that."""
    start = (run.get("status") or {}).get("startTime")
    return now - datetime.fromisoformat(str(start)).timestamp() if start else None


def _exceeds(seconds: float | None, limit: float | None) -> bool:
    return seconds is not None and bool(limit) and seconds > (limit or 0.0)


def timed_out(run: Run, now: float) -> bool:
    """True when a PipelineRun runs longer than its timeout; 0 is none."""
    return _exceeds(elapsed(run, now), timeouts.pipeline(run))


def timed_out_long_ago(run: Run, now: float) -> bool:
    """True after twice the timeout: the run is then ended without further ado."""
    return timed_out(run, now) and (elapsed(run, now) or 0.0) >= 2 * timeouts.pipeline(run)


def tasks_timed_out(run: Run, now: float) -> bool:
    return _exceeds(elapsed(run, now), timeouts.derived(run)[0])


def finally_timed_out(run: Run, now: float) -> bool:
    """The finally tasks have a clock of their own: status.finallyStartTime."""
    start = (run.get("status") or {}).get("finallyStartTime")
    seconds = now - datetime.fromisoformat(str(start)).timestamp() if start else None
    return _exceeds(seconds, timeouts.derived(run)[1])


def task_timed_out(run: Run, now: float) -> bool:
    """True when a TaskRun runs longer than its timeout."""
    given = (run.get("spec") or {}).get("timeout")
    return _exceeds(elapsed(run, now), timeouts.task_timeout(None, given))


def retriable(run: Run) -> bool:
    """True while a TaskRun has attempts left."""
    done = (run.get("status") or {}).get("retriesStatus") or []
    return len(done) < int((run.get("spec") or {}).get("retries") or 0)


def owned_by_pipeline_run(run: Run | None) -> str:
    """Return the name of the PipelineRun that owns a TaskRun, or nothing."""
    owners = ((run or {}).get("metadata") or {}).get("ownerReferences") or []
    return next((str(owner["name"]) for owner in owners if owner.get("kind") == "PipelineRun"), "")


def claim_of_pipeline_run(run: Run | None) -> str:
    """Return the name of the claim that the owning PipelineRun shares, or nothing."""
    owner = owned_by_pipeline_run(run)
    return f"{owner}-pvc" if owner else ""


def stops_before(debug: Mapping[str, Any], step: str) -> bool:
    """True when `spec.debug` has a breakpoint before this step."""
    return step in ((debug.get("breakpoints") or {}).get("beforeSteps") or [])


def debugs_step(debug: Mapping[str, Any], step: str) -> bool:
    """True when this step is watched: a breakpoint before it, or on failure."""
    return stops_on_failure(debug) or stops_before(debug, step)


def stops_on_failure(debug: Mapping[str, Any]) -> bool:
    return (debug.get("breakpoints") or {}).get("onFailure") == "enabled"


def debugs(debug: Mapping[str, Any]) -> bool:
    """True when `spec.debug` asks for any breakpoint."""
    return stops_on_failure(debug) or bool((debug.get("breakpoints") or {}).get("beforeSteps"))


def task_run_spec(run: Run, task: str) -> dict[str, Any]:
    """Return what one pipeline task gets from the run: its entry of taskRunSpecs over taskRunTemplate.

    Source: GetTaskRunSpec.
    """
    spec = run.get("spec") or {}
    template = spec.get("taskRunTemplate") or {}
    out = {"pipelineTaskName": task, **{k: template[k] for k in ("serviceAccountName", "podTemplate") if k in template}}
    for entry in spec.get("taskRunSpecs") or []:
        if entry.get("pipelineTaskName") == task:
            pod = pod_template(entry.get("podTemplate"), out.get("podTemplate"))
            out.update({key: value for key, value in entry.items() if value not in (None, "")})
            out["podTemplate"] = pod
    return {key: value for key, value in out.items() if value is not None}


def pod_template(own: Mapping[str, Any] | None, default: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a pod template over the default one; env, volumes and pull secrets are merged by name.

    Source: MergePodTemplateWithDefault.
    """
    if own is None or default is None:
        return default if own is None else own
    out = {**default, **{key: value for key, value in own.items() if value is not None}}
    for name in _MERGED_BY_NAME:
        if own.get(name) and default.get(name):
            out[name] = _by_name(default[name], own[name])
    return out


def _by_name(default: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    merged = {entry.get("name"): entry for entry in default}
    merged.update({entry.get("name"): entry for entry in own})
    return list(merged.values())
