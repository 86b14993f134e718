# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Tekton's validation of Tasks."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import references, task
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.problem import text
from tests.conformance.adapters.tekton import validation
from tests.conformance.registry import Row, adapter

TASK = f"{validation.FOLDER}task_validation_test.go"


@adapter("tekton", TASK, "TestTaskValidate")
def whole_task(row: Row) -> None:
    validation.expect(row, task.task(validation.of_row(row), row.value("t")))


@adapter("tekton", TASK, "TestTaskValidateError")
def refused_task(row: Row) -> None:
    spec = validation.lowered(row.value("fields") or {})
    validation.expect(row, task.task(validation.of_row(row), {"metadata": {"name": "foo"}, "spec": spec}))


@adapter(
    "tekton",
    TASK,
    "TestTaskSpecValidatePropagatedParamsAndWorkspaces",
    "TestTaskSpecValidate",
    "TestTaskSpecValidateError",
    "TestStepAndSidecarWorkspaces",
    "TestStepAndSidecarWorkspacesErrors",
)
def spec_of_task(row: Row) -> None:
    spec = validation.lowered(row.value("fields") or {})
    validation.expect(row, task.task_spec(validation.of_row(row), spec))


@adapter("tekton", TASK, "TestTaskSpecStepActionReferenceValidate")
def step_actions(row: Row) -> None:
    validation.expect(row, task.task_spec(validation.of_row(row), {"steps": validation.items(row, "Steps")}))


@adapter("tekton", TASK, "TestTaskSpecValidate_StepResults", "TestTaskSpecValidate_StepResults_Error")
def step_results(row: Row) -> None:
    step = validation.lowered(row.value("fields") or {})
    validation.expect(row, task.task_spec(validation.of_row(row), {"steps": [step]}))


@adapter("tekton", TASK, "TestTaskSpecValidate_StepWhen_Error")
def step_when(row: Row) -> None:
    enabled = validation.of_row(row, cel_in_when=row.value("EnableCEL"))
    validation.expect(row, task.task_spec(enabled, row.value("ts")))


@adapter("tekton", TASK, "TestIncompatibleAPIVersions")
def by_version(row: Row) -> None:
    found = {
        version: task.task_spec(replace(validation.of_row(row), api_fields=version), row.value("spec"))
        for version in validation.ORDER
    }
    validation.from_version(row.value("requiredVersion"), found)


@adapter("tekton", TASK, "TestTaskSpecValidateUsageOfDeclaredParams")
def declared_params(row: Row) -> None:
    validation.expect(row, references.declared_params(validation.items(row, "Steps"), validation.items(row, "Params")))


@adapter("tekton", TASK, "TestGetArrayIndexParamRefs")
def array_elements(row: Row) -> None:
    assert task.array_elements(row.value("taskspec")) == sorted(row.value("want"))


@adapter("tekton", TASK, "TestParamEnum_Success")
def enum(row: Row) -> None:
    # The rows say nothing of the flag, so the test itself has it on.
    validation.verdict(
        row, references.of_params(validation.of_row(row, param_enum=True), [], validation.items(row, "params"))
    )


@adapter("tekton", TASK, "TestParamEnum_Failure")
def refused_enum(row: Row) -> None:
    problems = references.of_params(validation.of_row(row), [], validation.items(row, "params"))
    assert text(problems) == row.value("expectedErr").get("$error", "")
