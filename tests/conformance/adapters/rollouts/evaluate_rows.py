# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of argo-rollouts utils/evaluate/evaluate_test.go: conditions over a result, and upstream's functions in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis import evaluate
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, adapter

FILE = "utils/evaluate/evaluate_test.go"
PLACE = re.compile(r" \(\d+:\d+\)$")


@adapter("rollouts", FILE, "TestEvaluateAsInt", "TestEvaluateAsFloat")
def holds(row: Row) -> None:
    assert evaluate.condition(row.value("expression"), row.fields.get("input")) is row.value("expectation")


@adapter("rollouts", FILE, "TestEvaluateAsFloatError")
def fails(row: Row) -> None:
    try:
        found = evaluate.condition(row.value("expression"), row.fields.get("input"))
    except Invalid as error:
        assert re.search(row.value("errRegexp"), error.message), error.message
        return
    raise AssertionError(f"gave {found}")


@adapter("rollouts", FILE, "TestAsInt", "TestAsFloat")
def converted(row: Row) -> None:
    convert = evaluate.as_int if row.test == "TestAsInt" else evaluate.as_float
    try:
        found = convert(row.value("input"))
    except Invalid as error:
        assert row.value("shouldPanic"), error.message
        return
    assert not row.value("shouldPanic")
    assert found == row.value("output")


@adapter(
    "rollouts", FILE,
    "TestEvaluateResultWithSuccess", "TestEvaluateResultWithFailure", "TestEvaluateResultInconclusive",
    "TestEvaluateResultNoSuccessConditionAndNotFailing", "TestEvaluateResultNoFailureConditionAndNotSuccessful",
    "TestEvaluateResultNoFailureConditionAndNoSuccessCondition", "TestEvaluateResultWithErrorOnSuccessCondition",
    "TestEvaluateResultWithErrorOnFailureCondition", "TestEvaluateConditionWithSuccess",
    "TestEvaluateConditionWithFailure", "TestErrorWithNonBoolReturn", "TestErrorWithInvalidReference",
    "TestEvaluateArray", "TestEvaluateInOperator", "TestEvaluateFloat64", "TestEvaluateInvalidStruct",
    "TestEvaluateAsIntPanic", "TestIsInf", "TestEqual", "TestIsNil", "TestEvalTimeWithSuccessExpr",
    "TestEvalTimeWithNotTimeResult", "TestEvalTimeWithInvalidExpression", "TestEvaluateResultErrorMessageWithNilResult",
    "TestEvaluateResultErrorMessageWithEmptySlice", "TestEvaluateResultErrorMessageWithInvalidExpression",
    "TestEvaluateResultErrorMessageOnFailureCondition", "TestIsNilOrEmpty",
)  # fmt: skip
def answered(row: Row) -> None:
    now = datetime.fromtimestamp(parse_rfc3339(row.now), UTC)

    def phase(result: Any, metric: Any, _logger: Any) -> calls.Many:
        try:
            return calls.Many((evaluate.value_phase(metric, result), None))
        except Invalid as error:
            return calls.Many(("Error", error.message))

    def condition(result: Any, text: str) -> calls.Many:
        try:
            return calls.Many((evaluate.condition(text, result), None))
        except Invalid as error:
            # upstream compares file.Error.Message, which is without the place
            return calls.Many((False, PLACE.sub("", error.message)))

    def moment(text: str) -> str:
        return rfc3339(evaluate.eval_time(text, now).timestamp())

    known = {
        "evaluate.EvaluateResult": phase,
        "evaluate.EvalCondition": condition,
        "evaluate.EvalTime": moment,
        "evaluate.isInf": evaluate.is_inf,
        "evaluate.isNil": evaluate.is_nil,
        "evaluate.isNilOrEmpty": evaluate.is_nil_or_empty,
        "evaluate.Equal": evaluate.same_members,
    }
    calls.run(row, known)
