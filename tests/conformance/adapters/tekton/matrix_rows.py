# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of matrices and when expressions."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import matrix, params, when
from tests.conformance.adapters.tekton.values import replacements, same
from tests.conformance.registry import Row, adapter

MATRIX = "pkg/apis/pipeline/v1/matrix_types_test.go"
WHEN = "pkg/apis/pipeline/v1/when_types_test.go"


@adapter("tekton", MATRIX, "TestMatrix_FanOut")
def fan_out(row: Row) -> None:
    same([params.as_list(one) for one in matrix.fan_out(row.value("matrix"))], row.value("want"))


@adapter("tekton", MATRIX, "TestMatrix_HasParams")
def has_params(row: Row) -> None:
    assert matrix.has_params(row.value("matrix")) is row.value("want")


@adapter("tekton", MATRIX, "TestMatrix_HasInclude")
def has_include(row: Row) -> None:
    assert matrix.has_include(row.value("matrix")) is row.value("want")


@adapter("tekton", MATRIX, "TestMatrix_GetAllParams")
def all_params(row: Row) -> None:
    same(matrix.all_params(row.value("matrix")), row.value("want") or [])


@adapter("tekton", MATRIX, "TestPipelineTask_CountCombinations")
def count(row: Row) -> None:
    assert matrix.count(row.value("matrix")) == row.value("want")


@adapter("tekton", WHEN, "TestAllowsExecution")
def allows(row: Row) -> None:
    assert when.allows(row.value("whenExpressions") or [], row.value("evaluatedCEL")) is row.value("expected")


@adapter("tekton", WHEN, "TestReplaceWhenExpressionsVariables")
def replaced(row: Row) -> None:
    found = when.replaced(row.value("whenExpressions") or [], replacements(row.value("replacements")))
    same(found, row.value("expected") or [])


@adapter("tekton", WHEN, "TestApplyReplacements")
def one_replaced(row: Row) -> None:
    given = replacements(row.value("replacements"), row.value("arrayReplacements"))
    same(when.replaced([row.value("original")], given)[0], row.value("expected"))
