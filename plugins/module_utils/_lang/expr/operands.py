# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which types the operators of the language take, and what they make of them.

Source: expr-lang/expr checker/checker.go, BinaryNode, and checker/nature (v1.17.8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from . import types
from .types import ANY, BOOL, DURATION, FLOAT, INT, NIL, STRING, TIME, Type

_REGEXP = (
    ("unterminated character set", "missing closing ]", False),
    ("unbalanced parenthesis", "unexpected )", True),
    ("unterminated subpattern", "missing closing )", True),
    ("nothing to repeat", "missing argument to repetition operator", False),
    ("multiple repeat", "invalid nested repetition operator", False),
    ("bad escape", "invalid escape sequence", False),
)


def regexp_mistake(pattern: str, error: re.error) -> str:
    """Return Go's words for a wrong regular expression: what is wrong, and the part or the whole of it."""
    part = pattern[error.pos or 0 :]
    for words, upstream, whole in _REGEXP:
        if words in error.msg:
            return f"{upstream}: `{pattern if whole else part}`"
    return f"{error.msg}: `{part}`"


def assignable(given: Type, wanted: Type) -> bool:
    """Return whether a value of the type may stand where the other is wanted."""
    return given.kind == wanted.kind and given.name == wanted.name


def comparable(left: Type, right: Type) -> bool:
    """Return whether == makes sense between two types."""
    if left.kind in ("any", "nil") or right.kind in ("any", "nil"):
        return True
    return left.kind == right.kind or (left.is_number and right.is_number)


def _both(left: Type, right: Type, *kinds: str) -> bool:
    """Return whether both operands are of the kinds; one of unknown type may be."""
    return all(one.is_any or one.kind in kinds for one in (left, right))


def _sum(left: Type, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        return FLOAT if FLOAT in (left, right) else INT
    if left == right == STRING:
        return STRING
    if _both(left, right, "time", "duration") and left != TIME:
        return TIME if right == TIME else ANY if left.is_any or right.is_any else DURATION
    if left == TIME and right.kind in ("duration", "any"):
        return TIME
    known = {left.kind, right.kind} - {"any"}
    return ANY if _one_any(left, right) and known <= {"int", "float", "string", "time", "duration"} else None


def _one_any(left: Type, right: Type) -> bool:
    return left.is_any or right.is_any


def _difference(left: Type, right: Type) -> Type | None:
    if left == right == TIME:
        return DURATION
    if left == TIME and right == DURATION:
        return TIME
    if left == right == DURATION:
        return DURATION
    return _product(left, right) or (ANY if _one_any(left, right) and _both(left, right, "time", "duration") else None)


def _product(left: Type, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        return FLOAT if FLOAT in (left, right) else INT
    if DURATION in (left, right) and _both(left, right, "duration", "int", "float"):
        return DURATION
    return ANY if _both(left, right, "int", "float") else None


def _when(result: Type, *kinds: str) -> Callable[[Type, Type], Type | None]:
    return lambda left, right: result if _both(left, right, *kinds) else None


def _order(left: Type, right: Type) -> Type | None:
    kinds = (("int", "float"), ("string",), ("time",), ("duration",))
    return BOOL if any(_both(left, right, *group) for group in kinds) else None


def _texts(left: Type, right: Type) -> Type | None:
    return BOOL if all(one.kind in ("string", "any", "nil") for one in (left, right)) else None


def _coalesced(left: Type, right: Type) -> Type:
    if NIL in (left, right):
        return right if left == NIL else left
    return left if left == right else ANY


# What an operator makes of two types; None when they do not fit. `in` has messages of its own: see checker.py.
RULES: Mapping[str, Callable[[Type, Type], Type | None]] = {
    **dict.fromkeys(("==", "!="), lambda a, b: BOOL if comparable(a, b) else None),
    **dict.fromkeys(("or", "||", "and", "&&"), _when(BOOL, "bool")),
    **dict.fromkeys(("<", ">", "<=", ">="), _order),
    **dict.fromkeys(("matches", "contains", "startsWith", "endsWith"), _texts),
    **dict.fromkeys(("/", "**", "^"), _when(FLOAT, "int", "float")),
    "+": _sum,
    "-": _difference,
    "*": _product,
    "%": _when(INT, "int"),
    "..": _when(types.array(INT), "int"),
    "??": _coalesced,
}
