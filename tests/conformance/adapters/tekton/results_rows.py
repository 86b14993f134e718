# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of references to results: of tasks, of steps, in params, when expressions and inline specs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import check_dependencies, references, when
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.references import ResultRef
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.tekton.values import error_text, same
from tests.conformance.registry import Row, adapter

FILE = "pkg/apis/pipeline/v1/resultref_test.go"
PARSE = "pkg/internal/resultref/resultref_test.go"


def _as_upstream(ref: ResultRef) -> dict[str, Any]:
    fields = {"pipelineTask": ref.owner, "result": ref.result, "property": ref.key}
    return {**fields, **({"resultsIndex": ref.index} if ref.index is not None else {})}


def _sorted(entries: Sequence[Any] | None) -> list[Any]:
    return sorted((bare(entry) for entry in entries or []), key=repr)


def _of_param(row: Row) -> list[str]:
    return references.expressions(row.value("param").get("value"))


def _of_when(row: Row) -> list[str]:
    return references.expressions(when.texts(row.value("we")))


def _found(expressions: list[str]) -> list[dict[str, Any]]:
    return [_as_upstream(ref) for ref in references.task_results(expressions)]


@adapter("tekton", FILE, "TestNewResultReference", "TestHasResultReference")
def in_param(row: Row) -> None:
    wanted = row.value("want") if "want" in row.fields else row.value("wantRef")
    assert _sorted(_found(_of_param(row))) == _sorted(wanted)


@adapter("tekton", FILE, "TestNewResultReferenceWhenExpressions", "TestHasResultReferenceWhenExpression")
def in_when(row: Row) -> None:
    wanted = row.value("want") if "want" in row.fields else row.value("wantRef")
    assert _sorted(_found(_of_when(row))) == _sorted(wanted)


@adapter("tekton", FILE, "TestNewResultReferenceTaskSpec")
def in_task(row: Row) -> None:
    found = [_as_upstream(ref) for ref in check_dependencies.result_refs(row.value("pt"))]
    assert _sorted(found) == _sorted(row.value("wantRef"))


@adapter("tekton", FILE, "TestLooksLikeResultRef")
def looks_like(row: Row) -> None:
    assert any(map(references.looks_like_task_result, _of_param(row))) is row.value("want")


@adapter("tekton", FILE, "TestLooksLikeResultRefWhenExpressionTrue")
def looks_like_in_when(row: Row) -> None:
    assert any(map(references.looks_like_task_result, _of_when(row)))


@adapter("tekton", FILE, "TestLooksLikeResultRefWhenExpressionFalse")
def looks_unlike_in_when(row: Row) -> None:
    assert not any(map(references.looks_like_task_result, _of_when(row)))


@adapter("tekton", FILE, "TestParseResultName")
@adapter("tekton", PARSE, "TestParseResultName")
def result_name(row: Row) -> None:
    same(list(references.result_name(row.value("input"))), row.value("want"))


@adapter("tekton", FILE, "TestGetVarSubstitutionExpressionsForPipelineResult")
def in_pipeline_result(row: Row) -> None:
    assert sorted(references.expressions(row.value("result").get("value"))) == sorted(row.value("want") or [])


@adapter("tekton", PARSE, "TestParseStepExpression")
def step_expression(row: Row) -> None:
    _parse(row, references.step_result)


@adapter("tekton", PARSE, "TestParseTaskExpression")
def task_expression(row: Row) -> None:
    _parse(row, references.task_result)


def _parse(row: Row, parse: Any) -> None:
    try:
        ref = parse(next(iter(_of_param(row)), ""))
    except references.NoResultReference as error:
        assert str(error) == error_text(row.value("wantError"))
        return
    assert not row.value("wantError")
    found = {"ResourceName": ref.owner, "ResultName": ref.result, "ResultType": ref.kind, "ObjectKey": ref.key}
    same({**found, "ArrayIdx": ref.index}, row.value("wantParsedResult"))
