# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Tekton's validation of steps, sidecars, references and when expressions."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import steps, when
from tests.conformance.adapters.tekton import validation
from tests.conformance.registry import Row, adapter

CONTAINER = f"{validation.FOLDER}container_validation_test.go"
WHEN = f"{validation.FOLDER}when_validation_test.go"


@adapter("tekton", CONTAINER, "TestRef_Valid", "TestRef_Invalid")
def reference(row: Row) -> None:
    validation.expect(row, steps.reference(validation.of_row(row), row.fields.get("ref")))


@adapter(
    "tekton",
    CONTAINER,
    "TestStepValidate",
    "TestStepValidateError",
    "TestStepValidateSuccessWithArtifactsRefFlagNotEnabled",
    "TestStepValidateErrorWithArtifactsRefFlagNotEnabled",
    "TestStepValidateErrorWithStepActionRef",
    "TestStepValidateErrorWithStepResultRef",
    "TestStepWithStepActionReferenceValidate",
)
def step(row: Row) -> None:
    validation.expect(row, steps.step(validation.of_row(row), row.value("Step")))


@adapter(
    "tekton",
    CONTAINER,
    "TestStepValidateSuccessWithArtifactsRefFlagEnabled",
    "TestStepValidateErrorWithArtifactsRef",
)
def step_with_artifacts(row: Row) -> None:
    validation.expect(row, steps.step(validation.of_row(row, artifacts=True), row.value("Step")))


@adapter("tekton", CONTAINER, "TestStepOnError")
def on_error(row: Row) -> None:
    validation.expect(row, steps.step(validation.of_row(row), row.value("step")))


@adapter("tekton", CONTAINER, "TestStepIncompatibleAPIVersions")
def step_by_version(row: Row) -> None:
    found = {
        version: steps.step(replace(validation.of_row(row), api_fields=version), row.value("step"))
        for version in validation.ORDER
    }
    validation.from_version(row.value("requiredVersion"), found)


@adapter("tekton", CONTAINER, "TestSidecarValidate", "TestSidecarValidateError")
def sidecar(row: Row) -> None:
    validation.expect(row, steps.sidecar(row.value("sidecar")))


@adapter("tekton", WHEN, "TestWhenExpressions_Valid", "TestWhenExpressions_Invalid")
def expressions(row: Row) -> None:
    validation.verdict(row, when.expressions(validation.of_row(row), validation.items(row, "wes")))


@adapter("tekton", WHEN, "TestCELinWhenExpressions_Valid")
def cel(row: Row) -> None:
    validation.verdict(row, when.expressions(validation.of_row(row, cel_in_when=True), validation.items(row, "wes")))


@adapter("tekton", WHEN, "TestCELWhenExpressions_Invalid")
def bad_cel(row: Row) -> None:
    enabled = validation.of_row(row, cel_in_when=row.value("enableCELInWhenExpression"))
    assert when.expressions(enabled, validation.items(row, "wes")), "accepted, and should be refused"
