# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Tekton's validation of single tasks of a pipeline, and of what follows from them."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.matrix import fans_out
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import (
    graph,
    matrix,
    pipeline,
    pipeline_task,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.problem import Problems
from tests.conformance.adapters.tekton import validation
from tests.conformance.registry import Row, Skip, adapter

TYPES = f"{validation.FOLDER}pipeline_types_test.go"


def _message(row: Row, problems: Problems) -> None:
    """The message stands in the row, the rest of the error in the fixtures of the test."""
    wanted = (row.table.get("context") or {}).get("expectedError") or {}
    paths, details = tuple(wanted.get("Paths") or ()), str(wanted.get("Details") or "")
    found = [(one.message, one.paths, one.details) for one in problems]
    assert found == [(row.value("message"), paths, details)]


@adapter("tekton", TYPES, "TestPipelineTask_ValidateName")
def name(row: Row) -> None:
    _message(row, pipeline_task.name(row.value("task")))


@adapter("tekton", TYPES, "TestPipelineTask_OnError", "TestPipelineTask_Validate_Failure")
def whole_task(row: Row) -> None:
    validation.expect(row, pipeline_task.one(validation.of_row(row), row.value("p"), pipeline.pipeline_spec))


@adapter("tekton", TYPES, "TestPipelineTask_ValidateRefOrSpec")
def ref_or_spec(row: Row) -> None:
    validation.expect(row, pipeline_task.ref_or_spec(validation.of_row(row), row.value("p")))


@adapter("tekton", TYPES, "TestPipelineTask_ValidateRefOrSpec_APIVersionsCompatibility")
def ref_or_spec_by_version(row: Row) -> None:
    validation.expect(row, pipeline_task.ref_or_spec(validation.of_row(row), row.value("pt")))


@adapter("tekton", TYPES, "TestPipelineTask_ValidateCustomTask", "TestPipelineTask_ValidateCustomTask_ValidAPIVersion")
def custom_task(row: Row) -> None:
    validation.expect(row, pipeline_task.custom_task(row.value("task")))


@adapter("tekton", TYPES, "TestPipelineTask_ValidateRegularTask_Success")
def regular_task(row: Row) -> None:
    found = pipeline_task.regular_task(validation.of_row(row), row.value("tasks"), pipeline.pipeline_spec)
    validation.verdict(row, found)


@adapter("tekton", TYPES, "TestPipelineTask_ValidateRegularTask_Failure")
def refused_task(row: Row) -> None:
    found = pipeline_task.regular_task(validation.of_row(row), row.value("task"), pipeline.pipeline_spec)
    validation.expect(row, found)


@adapter("tekton", TYPES, "TestPipelineTaskList_Deps")
def deps(row: Row) -> None:
    assert graph.deps(validation.items(row, "tasks")) == {
        task: sorted(names) for task, names in row.value("expectedDeps").items()
    }


@adapter("tekton", TYPES, "TestPipelineTask_ValidateMatrix")
def of_matrix(row: Row) -> None:
    validation.expect(row, matrix.of_task(validation.of_row(row, max_matrix_combinations=4), row.value("pt")))


@adapter("tekton", TYPES, "TestPipelineTask_ValidateEmbeddedOrType")
def embedded(row: Row) -> None:
    validation.expect(row, pipeline_task.embedded(row.value("pt")))


@adapter("tekton", TYPES, "TestPipelineTask_IsMatrixed")
def is_matrixed(row: Row) -> None:
    assert fans_out({"matrix": row.value("arg")}) is row.value("expected")


@adapter("tekton", TYPES, "TestEmbeddedTask_IsCustomTask")
def is_custom(row: Row) -> None:
    assert pipeline_task.is_custom_spec(row.value("et")) is row.value("want")


@adapter("tekton", TYPES, "TestPipelineChecksum")
def checksum(row: Row) -> None:
    raise Skip("the checksum serves the signatures of trusted resources, which are not verified here")
