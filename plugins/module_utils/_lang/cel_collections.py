# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""CEL's list and set functions that the C++ runtime lacks.

Source: google/cel-go v0.26 ext/lists.go and ext/sets.go. `sortBy` is a macro there and is not offered.
"""

from __future__ import annotations

from typing import Any

from .cel import BOOL, INT, LIST, STRING, Function


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal in CEL: numbers by value whatever their kind, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    return bool(left == right)


def _contains(values: list[Any], wanted: list[Any]) -> bool:
    return all(any(same(value, item) for value in values) for item in wanted)


def _intersects(left: list[Any], right: list[Any]) -> bool:
    return any(same(value, item) for value in left for item in right)


def _slice(values: list[Any], start: int, end: int) -> list[Any]:
    if start < 0 or end < 0:
        raise ValueError(f"cannot slice({start}, {end}), negative indexes not supported")
    if start > end:
        raise ValueError(f"cannot slice({start}, {end}), start index must be less than or equal to end index")
    if end > len(values):
        raise ValueError(f"cannot slice({start}, {end}), list is length {len(values)}")
    return values[start:end]


def _flatten(values: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise ValueError("level must be non-negative")
    out: list[Any] = []
    for value in values:
        out += _flatten(value, depth - 1) if isinstance(value, list) and depth else [value]
    return out


def _distinct(values: list[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if not any(same(value, known) for known in out):
            out.append(value)
    return out


def _sort(values: list[Any]) -> list[Any]:
    if values and (isinstance(values[0], (dict, list)) or values[0] is None):
        raise ValueError("list elements must be comparable")
    if len({type(value) for value in values}) > 1:
        raise ValueError("list elements must have the same type")
    return sorted(values)


FUNCTIONS = (
    Function("sets.contains", (LIST, LIST), BOOL, _contains, member=False),
    Function("sets.intersects", (LIST, LIST), BOOL, _intersects, member=False),
    Function("sets.equivalent", (LIST, LIST), BOOL, lambda a, b: _contains(a, b) and _contains(b, a), member=False),
    Function("lists.range", (INT,), LIST, lambda size: list(range(size)), member=False),
    Function("slice", (LIST, INT, INT), LIST, _slice),
    Function("flatten", (LIST,), LIST, _flatten),
    Function("flatten", (LIST, INT), LIST, _flatten),
    Function("distinct", (LIST,), LIST, _distinct),
    Function("sort", (LIST,), LIST, _sort),
    Function("reverse", (LIST,), LIST, lambda values: values[::-1]),
    Function("reverse", (STRING,), STRING, lambda text: text[::-1]),
)
