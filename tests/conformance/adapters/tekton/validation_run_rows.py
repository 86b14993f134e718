# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Tekton's validation of TaskRuns and PipelineRuns."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import runs, update
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.problem import text
from tests.conformance.adapters.tekton import validation
from tests.conformance.registry import Row, adapter

TASK_RUN = f"{validation.FOLDER}taskrun_validation_test.go"
PIPELINE_RUN = f"{validation.FOLDER}pipelinerun_validation_test.go"


@adapter("tekton", TASK_RUN, "TestTaskRun_Invalidate", "TestTaskRun_Validate")
def task_run(row: Row) -> None:
    validation.expect(row, runs.task_run(validation.of_row(row), row.value("taskRun")))


@adapter("tekton", TASK_RUN, "TestTaskRun_Workspaces_Invalid")
def task_run_workspaces(row: Row) -> None:
    validation.expect(row, runs.task_run(validation.of_row(row), row.value("tr")))


@adapter("tekton", TASK_RUN, "TestTaskRunSpec_Invalidate", "TestTaskRunSpec_Validate")
def task_run_spec(row: Row) -> None:
    validation.expect(row, runs.task_run_spec(validation.of_row(row), row.value("spec")))


@adapter("tekton", TASK_RUN, "TestTaskRunSpec_ValidateUpdate")
def task_run_update(row: Row) -> None:
    before = row.fields.get("baselineTaskRun") if row.value("isUpdate") else None
    validation.expect(row, update.task_run(validation.of_row(row), before, row.value("taskRun")))


@adapter("tekton", TASK_RUN, "TestTaskRunSpec_ValidateUpdate_FinalizerChanges")
def task_run_finalizers(row: Row) -> None:
    found = update.task_run(validation.of_row(row), row.value("baselineTaskRun"), row.value("taskRun"))
    _contains(row.value("expectedError"), text(found))


@adapter("tekton", PIPELINE_RUN, "TestPipelineRun_Invalid", "TestPipelineRun_Validate")
@adapter("tekton", PIPELINE_RUN, "TestPipelineRun_InvalidTimeouts", "TestPipelineRunWithTimeout_Validate")
def pipeline_run(row: Row) -> None:
    validation.expect(row, runs.pipeline_run(validation.of_row(row), row.value("pr")))


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunSpec_Invalidate", "TestPipelineRunSpec_Validate")
def pipeline_run_spec(row: Row) -> None:
    validation.expect(row, runs.pipeline_run_spec(validation.of_row(row), row.value("spec")))


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunSpec_ValidateUpdate")
def pipeline_run_update(row: Row) -> None:
    before = row.fields.get("baselinePipelineRun") if row.value("isUpdate") else None
    validation.expect(row, update.pipeline_run(validation.of_row(row), before, row.value("pipelineRun")))


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunSpec_ValidateUpdate_FinalizerChanges")
def pipeline_run_finalizers(row: Row) -> None:
    found = update.pipeline_run(validation.of_row(row), row.value("baselinePipelineRun"), row.value("pipelineRun"))
    _contains(row.value("expectedError"), text(found))


@adapter("tekton", PIPELINE_RUN, "TestPipelineRunTaskRunSpecTimeout_Validate")
def task_timeout(row: Row) -> None:
    found = runs.pipeline_run_spec(validation.of_row(row), row.value("spec"))
    assert bool(found) is row.value("wantErr"), text(found)
    _contains(row.value("expectedErr"), text(found))


def _contains(wanted: str, found: str) -> None:
    assert wanted in found if wanted else not found, f"{found!r} does not say {wanted!r}"
