# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about one pipeline task and its runs: what it says, whether it is skipped, how its runs are called."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import (
    bindings,
    child_status,
    children,
    result_refs,
    skipping,
    when,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.children import Kind
from tests.conformance.adapters.tekton import language, state
from tests.conformance.registry import Row, Skip, adapter

PATH = "pkg/reconciler/pipelinerun/resources/pipelinerunresolution_test.go"
ANSWERS = {
    "TestIsFailure": "failed",
    "TestIsCancelled": "cancelled",
    "TestIsCancelledForTimeout": "cancelled_for_timeout",
    "TestHaveAnyCustomRunsFailed": "any_failed",
    "TestHaveAnyTaskRunsFailed": "any_failed",
    "TestIsSuccessful": "successful",
    "TestIsRunning": "running",
    "TestGetReason": "reason",
}


@adapter("tekton", PATH, *ANSWERS)
def of_one_task(row: Row) -> None:
    found = getattr(state.task(row.fields["rpt"]), ANSWERS[row.test])
    assert found == row.value("want"), found


@adapter("tekton", PATH, "TestIsSkipped")
def skipped(row: Row) -> None:
    start = row.fields.get("startTime")
    times = {"start": start, "tasks": row.fields.get("tasksTimeout"), "pipeline": row.fields.get("pipelineTimeout")}
    facts = state.build(row, row.fields["state"], timing=state.timing(row, times))
    found = {name: bool(skipping.skip(facts, facts.by_name[name])) for name in row.fields["expected"]}
    assert found == row.fields["expected"], facts.skips


@adapter("tekton", PATH, "TestSkipBecauseParentTaskWasSkipped")
def parent_skipped(row: Row) -> None:
    facts = state.build(row, row.fields["state"])
    found = {name: skipping.parent_skipped(facts, facts.by_name[name]) for name in row.fields["expected"]}
    assert found == row.fields["expected"], facts.skips


@adapter("tekton", PATH, "TestResolvedPipelineRunTask_IsFinallySkipped")
def finally_skipped(row: Row) -> None:
    entries = row.table["context"]["state"]
    specs = [entry["PipelineTask"] for entry in entries]
    times = {
        "start": row.fields.get("startTime"), "finally_start": row.fields.get("finallyStartTime"),
        "pipeline": row.fields.get("pipelineTimeout"), "finally_": row.fields.get("finallyTimeout"),
    }  # fmt: skip
    facts = state.build(row, entries, tasks=specs[:1], final=specs[1:], timing=state.timing(row, times))
    expected = row.fields["expected"]
    found = {name: bool(skipping.finally_skip(facts, facts.by_name[name])) for name in expected}
    assert found == expected, found


@adapter("tekton", PATH, "TestResolvedPipelineRunTask_IsFinallySkippedByCondition")
def finally_skipped_by_condition(row: Row) -> None:
    specs = [entry["PipelineTask"] for entry in row.fields["state"]]
    facts = state.build(row, row.fields["state"], tasks=specs[:1], final=specs[1:])
    why = skipping.finally_skip(facts, facts.by_name[specs[-1]["name"]])
    found = {"IsSkipped": bool(why), "SkippingReason": why.value if why else "None"}
    assert found == row.fields["want"], found


@adapter("tekton", PATH, "TestIsCustomTask")
def custom(row: Row) -> None:
    assert (children.kind_of(row.fields["pt"]) is Kind.CUSTOM_RUN) is row.value("want")


@adapter("tekton", PATH, "TestIsChildPipeline")
def child_pipeline(row: Row) -> None:
    assert (children.kind_of(row.fields["pt"]) is Kind.PIPELINE_RUN) is row.value("want")


@adapter("tekton", PATH, "TestIsMatrixed")
def matrixed(row: Row) -> None:
    assert state.task({"PipelineTask": row.fields["pt"]}).matrixed is row.value("want")


_NAMES = {
    "TestGetTaskRunName": (Kind.TASK_RUN, "wantTrName", 1),
    "TestGetRunName": (Kind.CUSTOM_RUN, "wantTrName", 1),
    "TestGetNamesOfTaskRuns": (Kind.TASK_RUN, "wantTrNames", 2),
    "TestGetNamesOfRuns": (Kind.CUSTOM_RUN, "wantRunNames", 2),
    "TestGetNamesOfChildPipelineRuns": (Kind.PIPELINE_RUN, "wantCprNames", 1),
}


@adapter("tekton", PATH, *_NAMES)
def names(row: Row) -> None:
    kind, wanted, combinations = _NAMES[row.test]
    context = row.table["context"]
    run = row.value("prName") or context["prName"]
    found: Any = child_status.names(context["childRefs"], kind, row.value("ptName"), run, combinations)
    assert (found if isinstance(row.fields[wanted], list) else found[0]) == row.fields[wanted], found


@adapter("tekton", PATH, "TestResolvePipelineRunTask_WithMatrix", "TestResolvePipelineRunTask_WithMatrixedCustomTask")
def matrix_names(row: Row) -> None:
    spec, wanted = row.fields["pt"], row.fields["want"]
    kind = children.kind_of(spec)
    producers = {task.name: task for task in state.tasks(row.fields.get("pst"))}
    given = result_refs.replacements(result_refs.resolve(producers, [state.task({"PipelineTask": spec})]).refs)
    run = row.table["context"]["pr"]["metadata"]["name"]
    found = child_status.names([], kind, spec["name"], run, child_status.combinations(spec, given))
    assert (kind is Kind.CUSTOM_RUN) is bool(wanted.get("CustomTask"))
    assert found == wanted.get("CustomRunNames" if kind is Kind.CUSTOM_RUN else "TaskRunNames"), found


@adapter("tekton", PATH, "TestCreateResultsCacheMatrixedTaskRuns")
def matrix_results(row: Row) -> None:
    found = result_refs.matrix_results(state.task(row.fields["rpt"]).runs)
    assert found == row.value("want"), found


@adapter("tekton", PATH, "TestEvaluateCEL_valid", "TestEvaluateCEL_invalid")
def cel(row: Row) -> None:
    expressions = row.fields["rpt"]["PipelineTask"].get("when") or []
    if "want" in row.fields:
        assert when.evaluate(expressions, language.cel) == row.fields["want"]
    else:
        _rejects(lambda: when.evaluate(expressions, language.cel))


@adapter("tekton", PATH, "TestValidateWorkspaceBindingsWithValidWorkspaces")
def workspaces(row: Row) -> None:
    bindings.check_workspaces(row.fields["spec"], row.fields["pr"]["spec"])


@adapter("tekton", PATH, "TestValidateWorkspaceBindingsWithInvalidWorkspaces")
def missing_workspaces(row: Row) -> None:
    _rejects(lambda: bindings.check_workspaces(row.fields["spec"], row.fields["pr"]["spec"]), row.value("err"))


@adapter("tekton", PATH, "TestValidateTaskRunSpecs")
def task_run_specs(row: Row) -> None:
    def check() -> None:
        bindings.check_task_run_specs(row.fields["p"]["spec"], row.fields["pr"]["spec"])

    _rejects(check) if row.value("wantErr") else check()


@adapter("tekton", PATH, "TestValidateParamEnumSubset_Valid", "TestValidateParamEnumSubset_Invalid")
def enum_subset(row: Row) -> None:
    def check() -> None:
        task = row.fields.get("rt") or {}
        spec, name = task.get("TaskSpec") or {}, task.get("TaskName", "")
        bindings.check_enums(row.value("params"), row.value("pipelinePs"), spec, name)

    wanted = row.fields.get("wantErr")
    _rejects(check, wanted["$error"]) if wanted else check()


@adapter("tekton", PATH, "TestSetChildPipelineRunsAndResolvedPipeline")
def child_pipeline_runs(row: Row) -> None:
    raise Skip("its rows are functions that fetch objects; the vectors have none of them")


def _rejects(check: Any, message: str = "") -> None:
    try:
        check()
    except Invalid as error:
        assert not message or error.message == message, f"{error.message!r} is not {message!r}"
        return
    raise AssertionError("was accepted")
