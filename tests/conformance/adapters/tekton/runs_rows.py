# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of questions to PipelineRun and TaskRun objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import duration
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import runs, timeouts
from tests.conformance.adapters.tekton.values import same
from tests.conformance.registry import Row, adapter

PIPELINE_RUN = "pkg/apis/pipeline/v1/pipelinerun_types_test.go"
TASK_RUN = "pkg/apis/pipeline/v1/taskrun_types_test.go"
# The test bed of TestPipelineRunSetTimeoutCondition sets default-timeout-minutes to this.
DEFAULT_TIMEOUT = 120 * 60.0


# The test beds have a clock of their own, which stands still here.
NOW = datetime(2022, 1, 1, tzinfo=UTC).timestamp()


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunHasStarted")
def started(row: Row) -> None:
    assert runs.started({"status": row.value("prStatus")}) is row.value("expectedValue")


@adapter("tekton", TASK_RUN, "TestTaskRunHasStarted")
def task_started(row: Row) -> None:
    assert runs.started({"status": row.value("trStatus")}) is row.value("expectedValue")


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunIsTimeoutConditionSet")
def timeout_is_set(row: Row) -> None:
    assert runs.timeout_is_set({"status": {"conditions": [row.value("condition")]}}) is row.value("want")


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunSetTimeoutCondition")
def timeout_condition(row: Row) -> None:
    same(runs.timeout_condition(row.value("pipelineRun"), DEFAULT_TIMEOUT), row.value("want"))


def _run(row: Row, part: str) -> dict[str, Any]:
    status = {"startTime": row.value("starttime"), "finallyStartTime": row.value("starttime")}
    return {"spec": {"timeouts": {part: row.value("timeout") or "0s"}}, "status": status}


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunHasTimedOutForALongTime")
def timed_out_long_ago(row: Row) -> None:
    assert runs.timed_out_long_ago(_run(row, "pipeline"), NOW) is row.value("expected")


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunHasTimedOut")
def timed_out(row: Row) -> None:
    """The same timeout for the whole run, its tasks and its finally tasks."""
    assert runs.timed_out(_run(row, "pipeline"), NOW) is row.value("expected")
    assert runs.tasks_timed_out(_run(row, "tasks"), NOW) is row.value("expected")
    assert runs.finally_timed_out(_run(row, "finally"), NOW) is row.value("expected")


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunTimeouts")
def derived(row: Row) -> None:
    found = timeouts.derived({"spec": {"timeouts": row.value("timeouts")}})
    wanted = (row.value("expectedTasksTimeout"), row.value("expectedFinallyTimeout"))
    assert found == tuple(None if text is None else duration.parse_go(text) for text in wanted)


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunGetPodSpecSABackcompatibility")
def service_accounts(row: Row) -> None:
    for task, wanted in row.value("expectedSAs").items():
        assert runs.task_run_spec(row.value("pr"), task).get("serviceAccountName") == wanted


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunGetPodSpec")
def schedulers(row: Row) -> None:
    for task, wanted in row.value("expectedPodTemplates").items():
        found = runs.task_run_spec(row.value("pr"), task)
        assert [(found.get("podTemplate") or {}).get("schedulerName"), found.get("serviceAccountName")] == wanted


@adapter("tekton", PIPELINE_RUN, "TestPipelineRun_GetTaskRunSpec")
def pod_templates(row: Row) -> None:
    for task, wanted in row.value("expectedPodTemplates").items():
        same(runs.task_run_spec(row.value("pr"), task).get("podTemplate"), wanted)


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunMarkFailedCondition")
def failure(row: Row) -> None:
    """The message of the test bed is "error bar occurred %s"; the user's error is "orignal error"."""
    by_user, context = bool(row.value("hasUserError")), row.table["context"]
    inner = "orignal error" if by_user else "baz error message"
    message = str(context["messageFormat"]) % inner
    found = runs.failure_condition(str(context["failedRunReason"]), message, by_user=by_user)
    same([found], row.value("expectedConditions"))


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunIsSuccessful")
def succeeded(row: Row) -> None:
    assert runs.succeeded(row.value("pipelineRun")) is row.value("want")


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunIsFailure")
def failed(row: Row) -> None:
    assert runs.failed(row.value("pipelineRun")) is row.value("want")


@adapter("tekton", TASK_RUN, "TestIsSuccessful")
def task_succeeded(row: Row) -> None:
    assert runs.succeeded(row.value("taskRun")) is row.value("want")


@adapter("tekton", TASK_RUN, "TestIsFailure")
def task_failed(row: Row) -> None:
    assert runs.failed(row.value("taskRun")) is row.value("want")


@adapter("tekton", TASK_RUN, "TestTaskRun_GetPipelineRunPVCName")
def claim(row: Row) -> None:
    assert runs.claim_of_pipeline_run(row.value("tr")) == row.value("expectedPVCName")


@adapter("tekton", TASK_RUN, "TestTaskRun_HasPipelineRun")
def owned(row: Row) -> None:
    assert bool(runs.owned_by_pipeline_run(row.value("tr"))) is row.value("want")


@adapter("tekton", TASK_RUN, "TestHasTimedOut")
def task_timed_out(row: Row) -> None:
    assert runs.task_timed_out(row.value("taskRun"), NOW) is row.value("expectedStatus")


def _debug(row: Row) -> tuple[dict[str, Any], str]:
    args = row.fields["args"]
    return args.get("trd") or {}, args.get("stepName", "")


@adapter("tekton", TASK_RUN, "TestIsDebugBeforeStep")
def stops_before(row: Row) -> None:
    assert runs.stops_before(*_debug(row)) is row.value("want")


@adapter("tekton", TASK_RUN, "TestIsStepNeedDebug")
def debugs_step(row: Row) -> None:
    assert runs.debugs_step(*_debug(row)) is row.value("want")


@adapter("tekton", TASK_RUN, "TestIsNeedDebug")
def debugs(row: Row) -> None:
    assert runs.debugs(_debug(row)[0]) is row.value("want")


@adapter("tekton", TASK_RUN, "TestTaskRunIsRetriable")
def retriable(row: Row) -> None:
    status = {"retriesStatus": [{}] * row.value("numRetriesStatus")}
    assert runs.retriable({"spec": {"retries": row.value("retries")}, "status": status}) is row.value("wantIsRetriable")
