# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of expr-lang's tests: an expression over the test's environment gives a value, or an error.

Rows that need methods of Go structs are skipped: plain data has none of them.
"""

from __future__ import annotations

import math
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr import times
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.builtins import type_of
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.evaluate import evaluate
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.parser import parse
from tests.conformance.adapters.triggers import values
from tests.conformance.registry import Row, Skip, adapter

GO_ONLY = (
    "now(",
    ".Method(",
    "Variadic",
    "FuncParam",
    "Fast(",
    "Add(",
    "GetInt",
    "Foo.",
)


def plain(value: Any) -> Any:
    """Return a row's value as plain data. Skip for what only Go has."""
    if isinstance(value, dict):
        for mark in ("$func", "$bytes", "$base64", "$unresolved", "$ref"):
            if mark in value:
                raise Skip("needs a function or a byte string of the Go test")
        if "$float" in value:
            return float(value["$float"].replace("Inf", "inf"))
        if "$map" in value:
            return {plain(pair["key"]): plain(pair["value"]) for pair in value["$map"]}
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def environment(row: Row) -> dict[str, Any]:
    """Return the environment of the row, else of its table, without its functions."""
    given = row.fields.get("env", (row.table.get("context") or {}).get("env") or {})
    out = {}
    for name, value in (given if isinstance(given, dict) else {"foo": given}).items():
        try:
            out[name] = timed(plain(value)) if name in TIMES else plain(value)
        except Skip:
            continue
    return out


TIMES = ("Time", "TimePlusDay", "Duration")  # the rows write Go's times and durations as text


def timed(value: Any) -> Any:
    """Return the time or duration that a row writes as text; other values as they are."""
    if not isinstance(value, str):
        return value
    for read in (times.date, times.duration):
        try:
            return read(value)
        except Invalid:
            continue
    return value


def same(left: Any, right: Any) -> bool:
    """Numbers are equal by value; NaN is NaN; the rows are JSON, so keys are text."""
    if isinstance(left, dict) and isinstance(right, dict):
        left = {str(key): item for key, item in left.items()}
    if isinstance(left, times.Duration):
        return str(left) == right
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def text_of(row: Row) -> str:
    text = next(str(row.fields[name]) for name in ("code", "input", "expr", "value") if name in row.fields)
    if any(part in text for part in GO_ONLY):
        raise Skip("needs a Go value: a method or a clock")
    return text


def value(row: Row) -> Any:
    text, env = text_of(row), environment(row)
    try:
        return evaluate(text, env)
    except Invalid as error:
        if "unknown name" in str(error):
            raise Skip("needs a name that only the Go test has") from error
        raise AssertionError(str(error)) from error


@adapter(
    "lang", "expr_test.go",
    "TestExpr", "TestEnv_keyword", "TestEval_slices_out_of_bound", "TestIssue_embedded_pointer_struct", "TestIssue785_get_nil",
)  # fmt: skip
@adapter(
    "lang", "builtin/builtin_test.go",
    "TestBuiltin", "TestBuiltin_reverse", "TestBuiltin_sort",
    "TestBuiltin_bitOpsFunc", "TestBuiltin_with_deref", "TestAbs_UnsignedIntegers",
)  # fmt: skip
def has_its_value(row: Row) -> None:
    wanted = plain(row.fields.get("want"))
    found = value(row)
    assert same(found, wanted), f"{text_of(row)}: {found!r} != {wanted!r}"


@adapter("lang", "expr_test.go", "TestExpr_error")
@adapter("lang", "builtin/builtin_test.go", "TestBuiltin_errors")
def fails(row: Row) -> None:
    text = text_of(row)
    try:
        found = evaluate(text, environment(row))
    except Invalid:
        return
    raise AssertionError(f"{text} gave {found!r} and should fail")


@adapter("lang", "parser/parser_test.go", "TestParse_error")
def is_not_parsed(row: Row) -> None:
    try:
        parse(row.value("input"))
    except Invalid as error:
        wanted = row.value("err").split("\n")[0]
        assert error.message.startswith(wanted), f"{error.message!r} is not {wanted!r}"
        return
    raise AssertionError(f"{row.value('input')!r} was parsed")


@adapter("lang", "parser/parser_test.go", "TestParse_optional_chaining")
def is_parsed(row: Row) -> None:
    parse(row.value("input"))


@adapter("lang", "expr_test.go", "TestPredicateCombination")
def both_are_equal(row: Row) -> None:
    assert evaluate(row.value("code1"), {}) == evaluate(row.value("code2"), {})


@adapter("lang", "builtin/builtin_test.go", "TestBuiltin_type")
def has_its_type(row: Row) -> None:
    assert type_of(plain(row.fields.get("obj"))) == row.value("want")


TIME = "test/time/time_test.go"


@adapter("lang", TIME, "TestTime")
def times_compare(row: Row) -> None:
    env = {name: timed(row.fields.get(name)) for name in ("a", "b")}
    try:
        found = evaluate(f"a {row.value('op')} b", env)
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        return
    assert not row.value("wantErr"), f"{env} gave {found!r} and should fail"
    if row.fields.get("want") is not None:
        assert found == timed(row.fields["want"]), found


@adapter("lang", TIME, "TestTime_date")
def is_its_date(row: Row) -> None:
    assert evaluate(row.value("input"), {}) == timed(row.value("want"))


@adapter("lang", "expr_test.go", "TestArrayComparison")
def arrays_compare(row: Row) -> None:
    assert evaluate(row.value("code"), {"foo": plain(row.fields.get("env"))}) is True


@adapter("lang", "expr_test.go", "TestExpr_nil_op_str")
def nil_is_no_text(row: Row) -> None:
    assert evaluate(row.value("code"), {"nilString": None}) is False


@adapter("lang", "expr_test.go", "TestBytesLiteral")
def has_its_bytes(row: Row) -> None:
    assert evaluate(row.value("code"), {}) == values.raw(row.value("want"))


@adapter("lang", "expr_test.go", "TestBytesLiteral_errors")
def has_no_bytes(row: Row) -> None:
    try:
        parse(row.value("value"))
    except Invalid:
        return
    raise AssertionError(f"{row.value('value')!r} was parsed")


@adapter("lang", "expr_test.go", "TestEnv_keyword_with_custom_functions")
def with_go_function(row: Row) -> None:
    raise Skip("needs a Go struct as environment beside a function that is not in it")
