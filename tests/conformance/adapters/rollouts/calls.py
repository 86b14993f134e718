# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs `assertions` rows of Argo Rollouts: answers the call, follows the path into the result, compares.

As adapters/argocd/assertions.py, and beside it: several results, calls as arguments and as expectations ($result_of),
paths with keys in quotes and accessor methods, errors compared by their text. A call gets (recv, *args) and returns its
result, or `Many` results; a raised SlipwayError is the error result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass, replace
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.traffic import ingress
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Row, Skip

Calls = Mapping[str, Callable[..., Any]]
# What a call that fails returns before its error: nothing, and for these two also that nothing changed.
_MODIFIED = ("ingress.BuildIngressPatch", "istio.Reconciler.reconcileVirtualService")
_PART = re.compile(
    r"\.(?P<method>\w+)\(\)(?:#\d+)?|\[\"(?P<key>[^\"]*)\"\]|\[(?P<index>\d+)\]|\.(?P<name>[\w-]+)|(?P<other>.)"
)


class Many(tuple[Any, ...]):
    """The results of a call that has several."""


def run(row: Row, calls: Calls) -> None:
    """Answer the row's call and compare."""
    found = _follow(_answer(row.fields, calls), str(row.fields.get("result_path") or ""))
    wanted = resolve(row.fields.get("expected"), calls)
    op = str(row.fields["op"])
    if op in ("contains", "not_contains") and isinstance(found, list) and isinstance(wanted, dict):
        among = assertions.bare(wanted) in [assertions.bare(item) for item in found]
        assert among is (op == "contains"), f"{found!r} {op} {wanted!r} does not hold"
        return
    assertions.compare(replace(row, fields={**row.fields, "expected": wanted}), found)


def _answer(fields: Mapping[str, Any], calls: Calls) -> Any:
    name, index = str(fields["call"]), fields.get("result_index")
    if name not in calls:
        raise Skip(f"no rule of ours for {name}")
    given = [fields["recv"]] if "recv" in fields else []
    try:
        result = calls[name](*[resolve(one, calls) for one in (*given, *fields.get("args", []))])
    except SlipwayError as error:
        zero = (None, False) if name in _MODIFIED else (None,)
        return zero[index] if index is not None and index < len(zero) else error.message
    if isinstance(result, Many):
        return result[index or 0] if (index or 0) < len(result) else None
    return None if index else result


def resolve(value: Any, calls: Calls) -> Any:
    """Return a value as plain data, its calls answered. References to the test bed are nothing."""
    if isinstance(value, list):
        return [resolve(item, calls) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "$result_of" in value:
        inner = value["$result_of"]
        return _follow(_answer(inner, calls), str(inner.get("result_path") or ""))
    if "$ref" in value:
        return None
    for mark in ("$error", "$bytes", "$rawjson"):
        if mark in value:
            return value[mark]
    if "$float" in value:
        return float(str(value["$float"]).replace("Inf", "inf"))
    return {key: resolve(item, calls) for key, item in value.items()}


def _follow(value: Any, path: str) -> Any:
    for part in _PART.finditer(path):
        if part["other"]:
            raise Skip(f"the path {path} of a result is not followed")
        if part["method"]:
            value = _called(value, part["method"])
        elif part["index"] is not None:
            value = value[int(part["index"])]
        else:
            value = _field(value, part["name"] if part["key"] is None else part["key"])
    return value


def _called(value: Any, method: str) -> Any:
    if method == "len":
        return len(value or [])
    if method == "GetAnnotations":
        return (value.get("metadata") or {}).get("annotations") or {}
    if method == "Mode":
        return int(ingress.mode_of(value))
    if method == "ToArray":
        return value.as_list()
    if method == "String" and type(value) is dict:
        one_each = all(isinstance(item, str) for item in value.values())
        return ingress.managed_actions_text(value) if one_each else ingress.managed_annotations_text(value)
    if method in ("String", "Error"):
        return None if value is None else str(value)
    return value  # wrapped objects are themselves


def _field(value: Any, name: str) -> Any:
    if is_dataclass(value):
        return getattr(value, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
    return value.get(name) if isinstance(value, Mapping) else None
