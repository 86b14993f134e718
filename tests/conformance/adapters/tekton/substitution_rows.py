# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of pkg/substitution: replacing references, finding them, and saying what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import references, substitution
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate import variables as checks
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.problem import Problems
from tests.conformance.adapters.tekton.values import replacements, same
from tests.conformance.registry import Row, adapter

FILE = "pkg/substitution/substitution_test.go"


def _compare(problems: Problems, wanted: Any) -> None:
    found = {"Message": problems[0].message, "Paths": list(problems[0].paths)} if problems else None
    assert found == wanted, f"{found!r} is not {wanted!r}"


def _given(row: Row) -> tuple[str, str, list[str]]:
    args = row.fields["args"]
    return args.get("input", ""), re.escape(args.get("prefix", "")), args.get("vars") or []


@adapter("tekton", FILE, "TestValidateNoReferencesToUnknownVariables")
def unknown(row: Row) -> None:
    _compare(checks.unknown(*_given(row)), row.value("expectedError"))


@adapter("tekton", FILE, "TestValidateNoReferencesToUnknownVariablesWithDetail")
def unknown_with_detail(row: Row) -> None:
    _compare(checks.unknown(*_given(row), detail=True), row.value("expectedError"))


@adapter("tekton", FILE, "TestValidateNoReferencesToProhibitedVariables")
def prohibited(row: Row) -> None:
    assert bool(checks.prohibited(*_given(row))) is row.value("wantErr")


@adapter("tekton", FILE, "TestValidateValidateNoReferencesToEntireProhibitedVariables")
def prohibited_whole(row: Row) -> None:
    _compare(checks.prohibited_whole(*_given(row)), row.value("expectedError"))


@adapter("tekton", FILE, "TestValidateVariableReferenceIsIsolated")
def isolated(row: Row) -> None:
    assert bool(checks.isolated(*_given(row))) is row.value("wantErr")


@adapter("tekton", FILE, "TestApplyReplacements")
def text(row: Row) -> None:
    args = row.fields["args"]
    same(substitution.text(args.get("input", ""), args.get("replacements") or {}), row.value("expectedOutput"))


@adapter("tekton", FILE, "TestApplyArrayReplacements")
def element(row: Row) -> None:
    args = row.fields["args"]
    given = replacements(args.get("stringReplacements"), args.get("arrayReplacements"))
    same(substitution.expand(args.get("input", ""), given), row.value("expectedOutput"))


@adapter("tekton", FILE, "TestNestedReplacements")
def nested(row: Row) -> None:
    text(row)


@adapter("tekton", FILE, "TestExtractArrayParamsExpressionsExpressions")
def indexed(row: Row) -> None:
    same(references.indexed_params(row.value("input")), row.value("want") or [])


@adapter("tekton", FILE, "TestExtractVariableExpressions")
def expressions(row: Row) -> None:
    same(references.references(row.value("input"), row.value("prefix")), row.value("want") or [])


@adapter("tekton", FILE, "TestExtractIntIndex")
def index_text(row: Row) -> None:
    same(references.index_text(row.value("input")), row.value("want"))


@adapter("tekton", FILE, "TestTrimSquareBrackets")
def index(row: Row) -> None:
    same(references.index(row.value("input")), row.value("want"))


@adapter("tekton", FILE, "TestStripStarVarSubExpression")
def strip_star(row: Row) -> None:
    same(references.strip_star(row.value("input")), row.value("want"))


@adapter("tekton", FILE, "TestExtractVariablesFromString")
def variables(row: Row) -> None:
    found, problem = references.variables(row.value("s"), row.value("prefix"))
    assert (found, bool(found), problem) == (row.value("want") or [], row.value("extracted"), row.value("err"))
