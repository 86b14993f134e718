# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers the calls of `assertions` rows: several results, results of calls as arguments, accessors in paths.

A call gets (recv, *args) and returns its result, or `Many` results; a raised SlipwayError is the error result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.traffic import ingress
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Row, Skip

Calls = Mapping[str, Callable[..., Any]]
_PART = re.compile(r'\.(\w+)\(\)(?:#(\d+))?|\["([^"]+)"\]|\[(\d+)\]|\.(\w+)')

MODIFIES = ("ingress.BuildIngressPatch", "istio.Reconciler.reconcileVirtualService")  # object, modified, error


class Many(tuple[Any, ...]):
    """The results of a call that has several."""


def run(row: Row, calls: Calls) -> None:
    """Answer the row's call and compare."""
    found = _follow(_answer(row.fields, calls), str(row.fields.get("result_path") or ""))
    expected = resolve(row.fields.get("expected"), calls)
    assertions.compare(replace(row, fields={**row.fields, "expected": expected}), found)


def _answer(fields: Mapping[str, Any], calls: Calls) -> Any:
    name, index = str(fields["call"]), fields.get("result_index")
    if name not in calls:
        raise Skip(f"no rule of ours for {name}")
    given = [fields["recv"]] if "recv" in fields else []
    try:
        result = calls[name](*[resolve(one, calls) for one in (*given, *fields.get("args", []))])
    except SlipwayError as error:
        zero = (None, False) if name in MODIFIES else (None,)
        return zero[index] if index is not None and index < len(zero) else error.message
    if isinstance(result, Many):
        return result[index or 0] if (index or 0) < len(result) else None
    return None if index else result


def resolve(value: Any, calls: Calls) -> Any:
    """Return a value with the results of its calls in their places."""
    if isinstance(value, dict):
        if "$result_of" in value:
            inner = value["$result_of"]
            return _follow(_answer(inner, calls), str(inner.get("result_path") or ""))
        if "$error" in value:
            return value["$error"]
        return {key: resolve(item, calls) for key, item in value.items()}
    return [resolve(item, calls) for item in value] if isinstance(value, list) else value


def _follow(value: Any, path: str) -> Any:
    end = 0
    for part in _PART.finditer(path):
        if part.start() != end:
            break
        accessor, _which, key, index, name = part.groups()
        value, end = _step(value, accessor, key or name, index), part.end()
    if end != len(path):
        raise Skip(f"the path {path} of a result is not followed")
    return value


def _step(value: Any, accessor: str | None, key: str | None, index: str | None) -> Any:
    if accessor == "len":
        return len(value or [])
    if accessor == "GetAnnotations":
        return (value.get("metadata") or {}).get("annotations") or {}
    if accessor == "Mode":
        return int(ingress.mode_of(value))
    if accessor == "String" and isinstance(value, dict):
        one_each = all(isinstance(item, str) for item in value.values())
        return ingress.managed_actions_text(value) if one_each else ingress.managed_annotations_text(value)
    if accessor is not None:
        return value  # errors are their text, wrapped objects are themselves
    if index is not None:
        return value[int(index)]
    return (value or {}).get(key)
