# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of substitution in Pipelines: params, context, results, status, propagation, pipeline results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import (
    apply_pipeline,
    apply_task,
    params,
    results,
    runs,
    workspaces,
)
from tests.conformance.adapters.tekton.values import by_name, error_text, message_of, same
from tests.conformance.registry import Row, adapter

FILE = "pkg/reconciler/pipelinerun/resources/apply_test.go"


def _applied(row: Row) -> dict[str, Any]:
    spec = row.value("original") or {}
    values = params.pipeline_values(spec.get("params") or [], by_name(row.value("params")))
    return apply_pipeline.apply(spec, params.replacements(values))


@adapter("tekton", FILE, "TestApplyParameters", "TestApplyParameters_ArrayIndexing", "TestApplyReplacementsMatrix")
def parameters(row: Row) -> None:
    same(_applied(row), row.value("expected"))


@adapter("tekton", FILE, "TestApplyParameters_Errors")
def bad_parameters(row: Row) -> None:
    message = message_of(lambda: _applied(row))
    assert message, "was accepted"
    assert error_text(row.value("expectedError")) in message, message


def _values(of_tasks: Any) -> dict[str, dict[str, Any]]:
    return {task: by_name(entries) for task, entries in (of_tasks or {}).items()}


@adapter("tekton", FILE, "TestApplyTaskResults_MinimalExpression", "TestApplyTaskResults_EmbeddedExpression")
def task_results(row: Row) -> None:
    known: dict[str, dict[str, Any]] = {}
    for ref in row.value("resolvedResultRefs") or []:
        name = ref["ResultReference"]
        known.setdefault(name["pipelineTask"], {})[name["result"]] = params.typed(ref.get("Value"))
    given = results.known(known)
    found = [
        {**one, "PipelineTask": apply_pipeline.results(one["PipelineTask"], given)} if one.get("PipelineTask") else one
        for one in row.value("targets") or []
    ]
    same(found, row.value("want") or [])


@adapter("tekton", FILE, "TestContext")
def context(row: Row) -> None:
    """One task with the param in three places and a displayName; the pipeline's name is test-pipeline."""
    original = row.value("original") or {}
    task = {"displayName": row.value("displayName"), "params": [original], "matrix": {"params": [original]}}
    spec = {"tasks": [task], "finally": [{"displayName": row.value("displayName"), "params": [original]}]}
    found = apply_pipeline.contexts(spec, apply_pipeline.context_values("test-pipeline", row.value("pr") or {}))
    wanted = row.value("expected") or {}
    for entries in (found["tasks"][0]["params"], found["tasks"][0]["matrix"]["params"], found["finally"][0]["params"]):
        same(entries, [wanted])
    for group in ("tasks", "finally"):
        same(found[group][0]["displayName"], row.value("expectedDisplayName"))


@adapter("tekton", FILE, "TestApplyPipelineTaskContexts")
def task_context(row: Row) -> None:
    tasks = ((row.value("prstatus") or {}).get("pipelineSpec") or {}).get("tasks") or []
    lists = {
        one["PipelineTask"]["name"]: _collected(one.get("TaskRuns") or [])
        for one in (row.value("facts") or {}).get("State") or []
    }
    same(apply_pipeline.task_contexts(row.value("pt"), tasks, lists), row.value("want"))


def _collected(task_runs: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for run in sorted(task_runs, key=lambda one: (one.get("metadata") or {}).get("name") or ""):
        for entry in (run.get("status") or {}).get("results") or []:
            out.setdefault(entry["name"], []).append(entry.get("value"))
    return out


@adapter("tekton", FILE, "TestApplyWorkspaces")
def bound(row: Row) -> None:
    given = apply_pipeline.bound_workspaces(row.value("declarations") or [], row.value("bindings") or [])
    spec = {"tasks": [{"params": [{"name": "p", "value": row.value("variableUsage")}]}]}
    found = apply_pipeline.contexts(spec, given)
    same(found["tasks"][0]["params"][0]["value"], row.value("expectedReplacement"))


@adapter("tekton", FILE, "TestApplyFinallyResultsToPipelineResults")
@adapter("tekton", FILE, "TestApplyTaskResultsToPipelineResults_Success", "TestApplyTaskResultsToPipelineResults_Error")
def pipeline_results(row: Row) -> None:
    custom = {task: by_name(entries) for task, entries in (row.value("runResults") or {}).items()}
    found = results.of_pipeline(
        row.value("results") or [], _values(row.value("taskResults")), custom, row.value("taskstatus") or {}
    )
    wanted = row.value("expected") if "expected" in row.fields else row.value("expectedResults")
    same(params.as_list(found.values), wanted or [])
    assert found.problem == error_text(row.value("expectedError"))


def _succeeded(states: Any) -> dict[str, Mapping[str, Any]]:
    """The first TaskRun of each task whose TaskRuns all succeeded."""
    return {
        one["PipelineTask"]["name"]: one["TaskRuns"][0]
        for one in states or []
        if one.get("TaskRuns") and all(map(runs.succeeded, one["TaskRuns"]))
    }


def _propagated(row: Row, given: Any) -> None:
    resolved = row.value("resolvedTask") or {}
    task = resolved.get("ResolvedTask")
    if task and task.get("TaskSpec"):
        task = {**task, "TaskSpec": apply_task.apply(task["TaskSpec"], given)}
    same({**resolved, "ResolvedTask": task}, row.value("expectedResolvedTask"))


@adapter("tekton", FILE, "TestPropagateResults")
def propagated_results(row: Row) -> None:
    done = _succeeded(row.value("runStates"))
    given = results.known({name: by_name(run["status"].get("results")) for name, run in done.items()})
    _propagated(row, given)


@adapter("tekton", FILE, "TestPropagateArtifacts")
def propagated_artifacts(row: Row) -> None:
    done = _succeeded(row.value("runStates"))
    _propagated(row, results.artifacts({name: run["status"].get("artifacts") for name, run in done.items()}))


@adapter("tekton", FILE, "TestApplyParametersToWorkspaceBindings")
def params_in_bindings(row: Row) -> None:
    run = row.value("pr")
    strings = params.replacements(by_name(run["spec"].get("params"))).strings
    _bindings(run, strings, row)


@adapter("tekton", FILE, "TestApplyResultsToWorkspaceBindings")
def results_in_bindings(row: Row) -> None:
    _bindings(row.value("pr"), results.known(_values(row.value("trResults"))).strings, row)


def _bindings(run: Mapping[str, Any], strings: Mapping[str, str], row: Row) -> None:
    found = workspaces.replaced(run["spec"].get("workspaces") or [], strings)
    same({**run, "spec": {**run["spec"], "workspaces": found}}, row.value("expectedPr"))
