# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of what is checked before a run starts: params, results of other tasks, workspaces, overrides."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import (
    check_dependencies,
    check_params,
    matrix,
    merge,
    params,
    results,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.check_dependencies import Resolved
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.check_params import Problem
from tests.conformance.adapters.tekton.values import error_text, judged
from tests.conformance.registry import Row, adapter

PARAMS = "pkg/reconciler/pipelinerun/resources/validate_params_test.go"
DEPENDENCIES = "pkg/reconciler/pipelinerun/resources/validate_dependencies_test.go"
TASK_RUN = "pkg/reconciler/taskrun/validate_taskrun_test.go"


def _text(problem: Problem | None) -> str:
    return problem.message if problem else ""


def _declared(entries: Any) -> list[dict[str, Any]]:
    return [params.defaulted(entry) for entry in entries or []]


@adapter("tekton", PARAMS, "TestValidateParamTypesMatching_Valid", "TestValidateParamTypesMatching_Invalid")
def types(row: Row) -> None:
    judged(row, _text(check_params.types_match(_declared(row.value("pp")), row.value("prp") or [])))


@adapter(
    "tekton", PARAMS, "TestValidateRequiredParametersProvided_Valid", "TestValidateRequiredParametersProvided_Invalid"
)
def required(row: Row) -> None:
    judged(row, _text(check_params.required(_declared(row.value("pp")), row.value("prp") or [])))


@adapter("tekton", PARAMS, "TestValidateObjectParamRequiredKeys_Invalid", "TestValidateObjectParamRequiredKeys_Valid")
def object_keys(row: Row) -> None:
    judged(row, _text(check_params.object_keys(_declared(row.value("pp")), row.value("prp") or [])))


@adapter("tekton", PARAMS, "TestValidatePipelineParameterTypes")
def matrix_types(row: Row) -> None:
    found = [_text(check_params.matrix_types(one["PipelineTask"])) for one in row.value("state") or []]
    assert next(filter(None, found), "") == row.value("wantErrs")


def _indexes(row: Row) -> str:
    spec = row.value("original") or {}
    used = check_params.texts_of_pipeline(spec)
    return _text(check_params.array_indexes(_declared(spec.get("params")), row.value("params") or [], used))


@adapter("tekton", PARAMS, "TestValidateParamArrayIndex_valid")
def indexes(row: Row) -> None:
    judged(row, _indexes(row))


@adapter("tekton", PARAMS, "TestValidateParamArrayIndex_invalid")
def bad_indexes(row: Row) -> None:
    assert _indexes(row) == error_text(row.value("expected"))


def _state(row: Row) -> list[Resolved]:
    return [
        Resolved(one["PipelineTask"], (one.get("ResolvedTask") or {}).get("TaskSpec"), bool(one.get("CustomTask")))
        for one in row.value("state") or []
    ]


@adapter(
    "tekton", DEPENDENCIES, "TestValidatePipelineTaskResults_ValidStates",
    "TestValidatePipelineTaskResults_IncorrectTaskName", "TestValidatePipelineTaskResults_IncorrectResultName",
)  # fmt: skip
def task_results(row: Row) -> None:
    judged(row, check_dependencies.task_results(_state(row)))


@adapter("tekton", DEPENDENCIES, "TestValidatePipelineResults_ValidStates")
def pipeline_results(row: Row) -> None:
    judged(row, check_dependencies.pipeline_results(row.value("spec").get("results") or [], _state(row)))


@adapter("tekton", DEPENDENCIES, "TestValidateOptionalWorkspaces_ValidStates")
def optional_workspaces(row: Row) -> None:
    judged(row, check_dependencies.optional_workspaces(row.value("workspaces") or [], _state(row)))


def _task_params(row: Row) -> str:
    declared = _declared(row.value("task")["spec"].get("params"))
    problem = check_params.of_task(declared, row.value("params") or [], matrix.all_params(row.value("matrix")))
    return f"invalid input params for task : {problem.message}" if problem else ""


@adapter("tekton", TASK_RUN, "TestValidateResolvedTask_ExtraValidParams")
def good_params(row: Row) -> None:
    judged(row, _task_params(row))


@adapter("tekton", TASK_RUN, "TestValidateResolvedTask_InvalidParams")
def bad_params(row: Row) -> None:
    assert _task_params(row) == row.value("wantErr")


@adapter("tekton", TASK_RUN, "TestValidateOverrides")
def overrides(row: Row) -> None:
    found = merge.unknown_specs(row.value("ts") or {}, row.value("trs") or {})
    assert bool(found) is row.value("wantErr"), found


@adapter("tekton", TASK_RUN, "TestValidateResult")
def emitted(row: Row) -> None:
    run = row.value("tr")
    inline = ((run.get("spec") or {}).get("taskSpec") or {}).get("results") or []
    declared = [*inline, *((row.value("rtr") or {}).get("results") or [])]
    found = results.mismatch(declared, (run.get("status") or {}).get("results") or [])
    assert bool(found) is row.value("wantErr"), found


@adapter("tekton", TASK_RUN, "TestEnumValidation_Success")
def enums(row: Row) -> None:
    judged(row, _text(check_params.enums(row.value("paramSpecs") or [], row.value("params") or [])))


@adapter("tekton", TASK_RUN, "TestEnumValidation_Failure")
def bad_enums(row: Row) -> None:
    found = _text(check_params.enums(row.value("paramSpecs") or [], row.value("params") or []))
    assert found == error_text(row.value("expectedErr"))
