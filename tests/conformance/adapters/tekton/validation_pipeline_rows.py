# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Tekton's validation of Pipelines."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import (
    final,
    matrix,
    pipeline,
    workspaces,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.problem import text, via
from tests.conformance.adapters.tekton import validation
from tests.conformance.registry import Row, adapter

PIPELINE = f"{validation.FOLDER}pipeline_validation_test.go"


@adapter(
    "tekton",
    PIPELINE,
    "TestPipeline_Validate_Success",
    "TestPipeline_Validate_Failure",
    "TestFinallyTaskResultsToPipelineResults_Success",
    "TestFinallyTaskResultsToPipelineResults_Failure",
    "TestValidatePipelineWithFinalTasks_Success",
    "TestValidatePipelineWithFinalTasks_Failure",
)
def whole_pipeline(row: Row) -> None:
    validation.expect(row, pipeline.pipeline(validation.of_row(row), row.value("p")))


@adapter("tekton", PIPELINE, "TestPipelineSpec_Validate_Failure")
def spec(row: Row) -> None:
    validation.expect(row, pipeline.pipeline_spec(validation.of_row(row), row.value("ps")))


@adapter("tekton", PIPELINE, "TestValidatePipelineTasks_Failure")
def tasks(row: Row) -> None:
    flags = validation.of_row(row)
    validation.expect(
        row, pipeline.all_tasks(flags, validation.items(row, "tasks"), validation.items(row, "finalTasks"))
    )


@adapter("tekton", PIPELINE, "TestValidatePipelineResults_Failure")
def results(row: Row) -> None:
    validation.expect(row, final.results(validation.items(row, "results"), [{"name": "a-task"}], []))


@adapter(
    "tekton",
    PIPELINE,
    "TestValidatePipelineParameterVariables_Success",
    "TestValidatePipelineParameterVariables_Failure",
)
def parameter_variables(row: Row) -> None:
    flags = validation.of_row(row)
    validation.expect(
        row, pipeline.parameter_variables(flags, validation.items(row, "tasks"), validation.items(row, "params"))
    )


@adapter("tekton", PIPELINE, "TestValidatePipelineDeclaredParameterUsage_Failure")
def parameter_usage(row: Row) -> None:
    validation.expect(row, pipeline.parameter_usage(validation.items(row, "tasks"), validation.items(row, "params")))


@adapter(
    "tekton", PIPELINE, "TestValidatePipelineWorkspacesUsage_Success", "TestValidatePipelineWorkspacesUsage_Failure"
)
def workspaces_used(row: Row) -> None:
    found = workspaces.used_by_tasks(validation.items(row, "workspaces"), validation.items(row, "tasks"))
    validation.expect(row, via(found, "tasks"))


@adapter("tekton", PIPELINE, "TestValidatePipelineWorkspacesDeclarations_Failure")
def workspaces_declared(row: Row) -> None:
    validation.expect(row, workspaces.of_pipeline(validation.items(row, "workspaces")))


@adapter("tekton", PIPELINE, "TestValidateTasksAndFinallySection_Success")
def section(row: Row) -> None:
    ps = row.value("ps")
    validation.verdict(row, final.section(ps.get("tasks") or [], ps.get("finally") or []))


@adapter("tekton", PIPELINE, "TestValidateFinalTasks_Failure")
def final_tasks(row: Row) -> None:
    validation.expect(row, final.tasks(validation.items(row, "tasks"), validation.items(row, "finalTasks")))


@adapter("tekton", PIPELINE, "TestContextValid", "TestContextInvalid")
def context(row: Row) -> None:
    validation.expect(row, pipeline.context_variables(validation.items(row, "tasks")))


@adapter("tekton", PIPELINE, "TestPipelineTasksExecutionStatus")
def status(row: Row) -> None:
    validation.expect(
        row, pipeline.status_variables(validation.items(row, "tasks"), validation.items(row, "finalTasks"))
    )


@adapter("tekton", PIPELINE, "TestMatrixIncompatibleAPIVersions")
def matrix_by_version(row: Row) -> None:
    flags = validation.of_row(row, api_fields=row.value("version"), max_matrix_combinations=4)
    validation.expect(row, matrix.of_task(flags, row.value("pt")))


@adapter("tekton", PIPELINE, "Test_validateMatrix")
def matrices(row: Row) -> None:
    flags = validation.of_row(row, max_matrix_combinations=4)
    found = matrix.of_tasks(flags, validation.items(row, "tasks")) + matrix.of_tasks(
        flags, validation.items(row, "finally")
    )
    validation.expect(row, found)


@adapter("tekton", PIPELINE, "TestGetIndexingReferencesToArrayParams")
def array_elements(row: Row) -> None:
    assert pipeline.array_elements(row.value("spec")) == sorted(row.value("want"))


@adapter("tekton", PIPELINE, "TestValidatePipelineRefResultReferencesDisallowed")
def child_results(row: Row) -> None:
    found = final.child_results(validation.items(row, "tasks"), validation.items(row, "finally"))
    assert text(found) == row.value("wantMsg")
