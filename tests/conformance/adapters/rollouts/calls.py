# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs `assertions` rows of Argo Rollouts: answers the call, follows the path into the result, compares.

As adapters/argocd/assertions.py, and beside it: calls as arguments and as expectations ($result_of), paths with
keys in quotes and accessor methods, and errors that are compared by their text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Row, Skip

Call = Callable[..., Any]
_PART = re.compile(r"\.(?P<method>\w+)\(\)|\[\"(?P<key>[^\"]*)\"\]|\[(?P<index>\d+)\]|\.(?P<name>[\w-]+)|(?P<other>.)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The results of a call: what it returned, or the error that stands in result `error_at`."""

    value: Any = None
    error: str | None = None


def run(row: Row, calls: Mapping[str, Call], *, error_at: int = 1) -> None:
    """Answer the row's call with calls[name](*args) and compare; an error of ours is result number `error_at`."""
    found = _result(dict(row.fields), calls, error_at)
    wanted = _value(row.fields.get("expected"), calls)
    if isinstance(wanted, dict) and "$error" in wanted:
        wanted = wanted["$error"]
    if str(row.fields["op"]) == "contains" and isinstance(found, list) and isinstance(wanted, dict):
        assert any(assertions.bare(item) == assertions.bare(wanted) for item in found), f"{wanted!r} not in {found!r}"
        return
    if str(row.fields["op"]) == "not_contains" and isinstance(found, list):
        assert all(assertions.bare(item) != assertions.bare(wanted) for item in found), f"{wanted!r} in {found!r}"
        return
    shown = Row(**{**_fields(row), "fields": {**row.fields, "expected": wanted}})
    assertions.compare(shown, found)


def _fields(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__}


def _result(fields: Mapping[str, Any], calls: Mapping[str, Call], error_at: int) -> Any:
    name = str(fields["call"])
    if name not in calls:
        raise Skip(f"no rule of ours for {name}")
    given = [fields["recv"]] if "recv" in fields else []
    answer = _answer(calls[name], [_value(item, calls) for item in [*given, *fields.get("args", [])]])
    index, op = fields.get("result_index"), str(fields.get("op", ""))
    by_op = index is None and op in ("error", "no_error", "error_contains", "error_equal")
    if index == error_at or (by_op and not fields.get("result_path")):
        return answer.error
    value = answer.value
    if isinstance(value, tuple) and index is not None:
        value = value[index]
    return _follow(value, str(fields.get("result_path", "")))


def _answer(call: Call, arguments: list[Any]) -> Answer:
    try:
        return Answer(call(*arguments))
    except SlipwayError as error:
        return Answer(error=error.message)


def _value(value: Any, calls: Mapping[str, Call]) -> Any:
    """Return a row's value as plain data, calls answered. References to the test bed are nothing."""
    if isinstance(value, list):
        return [_value(item, calls) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "$result_of" in value:
        return _result(value["$result_of"], calls, 1)
    if "$ref" in value:
        return None
    for mark in ("$bytes", "$rawjson"):
        if mark in value:
            return value[mark]
    if "$float" in value:
        return float(str(value["$float"]).replace("Inf", "inf"))
    return {key: _value(item, calls) for key, item in value.items()}


def _follow(value: Any, path: str) -> Any:
    for part in _PART.finditer(path):
        if part["other"]:
            raise Skip(f"the path {path} of a result is not followed")
        value = _one(value, part)
    return value


def _one(value: Any, part: re.Match[str]) -> Any:
    if part["method"] == "len":
        return len(value or [])
    if part["method"] in ("String", "Error"):
        return None if value is None else str(value)
    if part["method"] == "ToArray":
        return value.as_list()
    if part["index"] is not None:
        return value[int(part["index"])]
    name = part["key"] if part["key"] is not None else part["name"]
    if is_dataclass(value):
        return getattr(value, _snake(name))
    return value.get(name) if isinstance(value, Mapping) else None


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
