# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of the kind `assertions` whose calls nest: results of other calls as arguments, methods on results, paths.

A function of ours answers a call of upstream's: it gets the receiver and the arguments and returns the result, a tuple
of results, or `Results` when it wants to say all of them including the error. An error of ours that it raises stands
for the last result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.argocd.assertions import compare as compare_row
from tests.conformance.registry import Row, Skip

Call = Callable[..., Any]
_STEP = re.compile(
    r"\.?(?:(?P<method>\w+)\((?P<args>.*?)\)(?=$|[.#\[])|(?P<field>\w+)|\[(?P<index>\d+)\]|#(?P<pick>\d+))"
)


class Results(tuple[Any, ...]):
    """All results of a call in upstream's order, the error among them."""

    __slots__ = ()


def run(row: Row, calls: Mapping[str, Call], methods: Mapping[str, Call] | None = None) -> None:
    """Answer the row's call and compare. `methods` answer accessors on results by name."""
    value = _value(row.fields, calls, methods or {})
    wanted = row.fields.get("expected")
    op = row.fields["op"]
    if isinstance(wanted, Mapping) and "$result_of" in wanted:
        other = _value(wanted["$result_of"], calls, methods or {})
        assert op in ("equal", "not_equal"), op
        assert (bare(value) == bare(other)) is (op == "equal"), f"{value!r} is not {op} {other!r}"
        return
    if op == "subset":
        assert set(map(repr, wanted)) <= set(map(repr, value)), f"{wanted!r} is not in {value!r}"
        return
    if op in ("error", "no_error") and value is not None and not isinstance(value, SlipwayError):
        value = None
    if op == "equal" and value is None and wanted in ("", 0, [], {}):
        return  # the zero value, which Go returns beside an error and we do not write
    compare_row(row, value)


def _value(fields: Mapping[str, Any], calls: Mapping[str, Call], methods: Mapping[str, Call]) -> Any:
    name = str(fields["call"])
    if name not in calls:
        raise Skip(f"no rule of ours for {name}")
    given = [fields["recv"]] if "recv" in fields else []
    arguments = [_argument(item, calls, methods) for item in [*given, *fields.get("args", [])]]
    picked = _pick(_answer(calls[name], arguments), fields)
    return follow(picked, str(fields.get("result_path", "")), methods)


def _argument(item: Any, calls: Mapping[str, Call], methods: Mapping[str, Call]) -> Any:
    if isinstance(item, Mapping) and "$result_of" in item:
        return _value(item["$result_of"], calls, methods)
    return item


def _answer(call: Call, arguments: list[Any]) -> Any:
    try:
        return call(*arguments)
    except SlipwayError as error:
        return error


def _pick(result: Any, fields: Mapping[str, Any]) -> Any:
    index, op = fields.get("result_index"), str(fields.get("op", ""))
    about_error = op in ("error", "no_error", "error_contains", "error_equal")
    if isinstance(result, Results):
        return result[index or 0]
    if isinstance(result, SlipwayError):
        return result if about_error or index is None or ".Error()" in str(fields.get("result_path", "")) else None
    if isinstance(result, tuple) and index is not None:
        return result[index] if index < len(result) else None
    return None if about_error or index else result


def follow(value: Any, path: str, methods: Mapping[str, Call]) -> Any:
    """Return what a path of fields, positions and accessors leads to."""
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if not step:
            raise Skip(f"the path {path} of a result is not followed")
        at = step.end()
        value = _step(value, step, methods)
    return value


def _step(value: Any, step: re.Match[str], methods: Mapping[str, Call]) -> Any:
    if step["index"] or step["pick"]:
        if isinstance(value, SlipwayError):
            return value
        return value[int(step["index"] or step["pick"])]
    if step["field"]:
        return value.get(step["field"]) if isinstance(value, Mapping) else getattr(value, step["field"], None)
    name = step["method"]
    if name == "Error":
        return str(value)
    if name == "len":
        return len(value or [])
    if name not in methods:
        raise Skip(f"no rule of ours for {name}")
    return _answer(methods[name], [value, *json.loads(f"[{step['args']}]")])
