# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs rows of the kind `assertions`: a call of upstream's is answered by a function of ours, then compared.

A function gets the row and returns the list of results as the upstream call has them; a raised SlipwayError
stands for the error result. It never sees what is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from tests.conformance.registry import Row, Skip

Call = Callable[..., Any]
ERROR = "an error"


def run(row: Row, calls: Mapping[str, Call], *, error_at: int = 1) -> None:
    """Answer the row's call with `calls[name](recv, *args)` (recv only when the row has one) and compare.

    The answer is the first result; an error of ours is result number `error_at`.
    """
    name = str(row.fields["call"])
    if name not in calls:
        raise Skip(f"no rule of ours for {name}")
    given = [row.fields["recv"]] if "recv" in row.fields else []
    result, error = _answer(calls[name], [*given, *row.fields.get("args", [])])
    compare(row, _pick(row, result, error, error_at))


def _answer(call: Call, arguments: Sequence[Any]) -> tuple[Any, SlipwayError | None]:
    try:
        return call(*arguments), None
    except SlipwayError as error:
        return None, error


def _pick(row: Row, result: Any, error: SlipwayError | None, error_at: int) -> Any:
    index, op = row.fields.get("result_index"), str(row.fields["op"])
    about_error = op in ("error", "no_error", "error_contains", "error_equal") or index == error_at
    if about_error:
        return error
    if isinstance(result, tuple) and index is not None:
        result = result[index]
    return _follow(result, str(row.fields.get("result_path", "")))


def _follow(value: Any, path: str) -> Any:
    for part in path.strip(".").split(".") if path else []:
        if part == "len()":
            value = len(value or [])
        elif part.startswith("[") and part.endswith("]"):
            value = value[int(part[1:-1])]
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            raise Skip(f"the path {path} of a result is not followed")
    return value


def compare(row: Row, value: Any) -> None:
    """Raise AssertionError unless `value` is what the row says."""
    op, wanted = str(row.fields["op"]), row.fields.get("expected")
    if isinstance(wanted, dict) and "$result_of" in wanted:
        raise Skip("compares two calls")
    assert _holds(op, value, wanted), f"{row.fields['call']}: {value!r} is not {op} {wanted!r}"


def _holds(op: str, value: Any, wanted: Any) -> bool:
    match op:
        case "equal" | "json_equal":
            return bare(value) == bare(wanted)
        case "not_equal":
            return bare(value) != bare(wanted)
        case "same_elements":
            return sorted(map(repr, value)) == sorted(map(repr, wanted))
        case "no_error" | "is_null":
            return value is None or (op == "is_null" and value in ("", [], {}))
        case "error" | "not_null":
            return value is not None
        case "error_contains":
            return value is not None and str(wanted) in str(value)
        case "error_equal":
            return value is not None and str(wanted) == str(value)
        case "empty":
            return not value
        case "not_empty":
            return bool(value)
        case "length":
            return len(value or []) == wanted
        case "contains":
            return wanted in str(value) if isinstance(wanted, str) and not isinstance(value, list) else wanted in value
        case "not_contains":
            return wanted not in value
        case "near":
            return abs(float(value) - float(wanted)) < 1e-6
    raise Skip(f"comparison {op} is not known")


def bare(value: Any) -> Any:
    """Return plain data without its empty fields: upstream and we differ in which of them are written."""
    if isinstance(value, Mapping):
        cleaned = {key: bare(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item not in (None, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [bare(item) for item in value]
    return value
