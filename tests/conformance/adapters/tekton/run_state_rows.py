# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about the state of a whole PipelineRun: what runs next, how it ends, what its status says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import clock
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import (
    child_status,
    ending,
    result_refs,
    skipping,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import state as decide
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.facts import Timing
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.tekton import state
from tests.conformance.registry import Row, adapter

PATH = "pkg/reconciler/pipelinerun/resources/pipelinerunstate_test.go"
RUN = "some-run"


@adapter("tekton", PATH, "TestPipelineRunFacts_CheckDAGTasksDoneDone")
def dag_done(row: Row) -> None:
    found = state.build(row, row.fields["state"])
    assert skipping.dag_done(found) is row.value("expected")
    assert [skipping.is_done(found, task) for task in found.state] == row.value("ptExpected")


@adapter("tekton", PATH, "TestGetNextTasks", "TestGetNextTaskWithRetries")
def next_tasks(row: Row) -> None:
    found = decide.next_tasks(state.tasks(row.fields["state"]), row.value("candidates"))
    assert list(found) == list(state.tasks(row.fields["expectedNext"]))


@adapter("tekton", PATH, "TestDAGExecutionQueue")
def dag_queue(row: Row) -> None:
    found = decide.dag_queue(state.build(row, row.fields["state"]))
    assert found == list(state.tasks(row.fields.get("want"))), [task.name for task in found]


_SEQUENTIAL = {
    "TestDAGExecutionQueueSequentialTasks": ("TaskRun", "TaskRuns", {"taskRef": {"name": "task"}}),
    "TestDAGExecutionQueueSequentialRuns": ("Run", "CustomRuns", {"taskRef": {"name": "task"}}),
    "TestDAGExecutionQueueSequentialChildPipelines": ("ChildPipelineRun", "ChildPipelineRuns", {"pipelineSpec": {"tasks": []}}),
}  # fmt: skip


@adapter("tekton", PATH, *_SEQUENTIAL)
def sequential_queue(row: Row) -> None:
    name, runs, spec = _SEQUENTIAL[row.test]
    spec = {**spec, "pipelineSpec": {"tasks": [{"name": "one"}]}} if runs == "ChildPipelineRuns" else spec
    entries = []
    for position, after in (("first", []), ("second", ["first"])):
        given = row.fields.get(f"{position}{name}")
        task = {"name": position, "runAfter": after, **spec}
        entries.append({"PipelineTask": task, "CustomTask": runs == "CustomRuns", runs: [given] if given else []})
    found = {task.name for task in decide.dag_queue(state.build(row, entries))}
    wanted = {one for one, name in (("first", "wantFirst"), ("second", "wantSecond")) if row.value(name)}
    assert found == wanted, found


@adapter("tekton", PATH, "TestPipelineRunState_CompletedOrSkippedDAGTasks")
def completed(row: Row) -> None:
    found = decide.completed_or_skipped(state.build(row, row.fields["state"]))
    assert found == row.value("expectedNames"), found


@adapter("tekton", PATH, "TestPipelineRunState_GetFinalTasksAndNames")
def final_tasks(row: Row) -> None:
    found = state.build(row, row.fields["state"], tasks=row.value("DAGTasks"), final=row.value("finalTasks"))
    names = sorted(task.name for task in decide.final_queue(found))
    assert names == sorted(task.name for task in state.tasks(row.fields.get("expectedFinalTasks"))), names
    assert decide.final_names(found) == sorted(row.value("expectedFinalNames"))
    assert decide.task_names(found) == sorted(row.value("expectedTaskNames"))


@adapter("tekton", PATH, "TestPipelineRunState_IsFinalTaskStarted")
def final_started(row: Row) -> None:
    found = state.build(row, row.fields["state"], tasks=row.value("DAGTasks"), final=row.value("finalTasks"))
    assert decide.final_started(found) is row.value("expectedFinalTaskStarted")


@adapter("tekton", PATH, "TestGetPipelineConditionStatus")
def condition(row: Row) -> None:
    given = row.fields.get("timeoutsState") or {}
    times = {
        "start": given.get("StartTime"), "finally_start": given.get("FinallyStartTime"),
        "pipeline": given.get("PipelineTimeout"), "tasks": given.get("TasksTimeout"),
        "finally_": given.get("FinallyTimeout"),
    }  # fmt: skip
    last = [entry["PipelineTask"] for entry in row.fields.get("finallyState") or []]
    found = state.build(row, row.fields["state"], final=last, timing=state.timing(row, times))
    _compare(row, ending.condition(found, RUN, Timing()))


@adapter("tekton", PATH, "TestGetPipelineConditionStatus_WithFinalTasks")
def condition_with_final(row: Row) -> None:
    found = state.build(row, row.fields["state"], tasks=row.value("dagTasks"), final=row.value("finalTasks"))
    _compare(row, ending.condition(found, RUN))


def _compare(row: Row, found: ending.Condition) -> None:
    """Upstream's test writes the expected message from numbers, as here."""
    assert (found.status, found.reason) == (row.value("expectedStatus"), row.value("expectedReason")), found
    done, failed, cancelled, skipped, left = (
        int(row.value(f"expected{name}")) for name in ("Succeeded", "Failed", "Cancelled", "Skipped", "Incomplete")
    )
    text = f"Tasks Completed: {done + failed + cancelled} (Failed: {failed}, Cancelled {cancelled}), "
    text += f"Incomplete: {left}, " if found.status == "Unknown" else ""
    text += f"Skipped: {skipped}"
    if found.status == "False" and row.value("specStatus") in ("CancelledRunFinally", "StoppedRunFinally"):
        text = f'PipelineRun "{RUN}" was cancelled'
    assert found.message == text, found.message


@adapter("tekton", PATH, "TestGetPipelineConditionStatus_TasksTimedOutRunningFinally")
def tasks_timed_out(row: Row) -> None:
    now = clock.parse_rfc3339(row.table["context"]["now"])
    timing = Timing(now=now, start=now - 120, pipeline=600, tasks=60)
    tasks, final = row.value("dagTasks"), row.value("finalTasks")
    found = ending.condition(state.build(row, row.fields["state"], tasks=tasks, final=final), RUN, timing)
    assert (found.status, found.reason) == (row.value("expectedStatus"), row.value("expectedReason")), found


@adapter("tekton", PATH, "TestAdjustStartTime")
def start_time(row: Row) -> None:
    found = decide.adjusted_start(state.tasks(row.fields["prs"]), row.table["context"]["baseline"])
    assert found == row.value("want"), found


@adapter("tekton", PATH, "TestPipelineRunFacts_GetPipelineTaskStatus")
def task_status(row: Row) -> None:
    found = decide.status_variables(state.build(row, row.fields["state"], tasks=row.value("dagTasks")))
    assert found == row.value("expectedStatus"), found


@adapter("tekton", PATH, "TestPipelineRunFacts_GetPipelineFinalTaskStatus")
def final_task_status(row: Row) -> None:
    found = decide.final_status(state.build(row, row.fields["state"], tasks=[], final=row.value("finalTasks")))
    assert found == row.value("expectedStatus"), found


@adapter("tekton", PATH, "TestPipelineRunFacts_GetSkippedTasks")
def skipped_tasks(row: Row) -> None:
    tasks, final = row.value("dagTasks"), row.value("finallyTasks")
    found = child_status.skipped_tasks(state.build(row, row.fields["state"], tasks=tasks, final=final))
    assert bare(found) == bare(row.value("expectedSkippedTasks")), found


@adapter("tekton", PATH, "TestPipelineRunFacts_IsRunning")
def running(row: Row) -> None:
    assert decide.is_running(state.build(row, row.fields["state"])) is row.value("expected")


@adapter("tekton", PATH, "TestPipelineRunState_GetTaskRunsArtifacts")
def artifacts(row: Row) -> None:
    found = decide.artifacts(state.tasks(row.fields["state"]))
    assert bare(found) == bare(row.value("expectedArtifacts")), found


@adapter("tekton", PATH, "TestPipelineRunState_GetChildReferences")
def child_references(row: Row) -> None:
    found = child_status.child_references(state.build(row, row.fields["state"]))
    assert bare(found) == bare(row.fields.get("childRefs") or []), found


@adapter("tekton", PATH, "TestConvertResultsMapToTaskRunResults")
def matrix_results(row: Row) -> None:
    found = result_refs.as_results(row.value("resultsMap"))
    assert _sorted(found) == _sorted(row.fields.get("want") or []), found


def _sorted(results: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(results, key=lambda one: str(one["name"]))
