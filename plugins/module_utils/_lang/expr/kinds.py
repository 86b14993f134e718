# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Finds comparisons that can never hold because the kinds of both sides are known before anything runs.

Plain data has no static types: only literals, and functions that say what they return, are known here.
Source: expr-lang/expr checker (v1.17.8), the comparison of mismatched types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid
from .parser import Node

_NAMES = {bool: "bool", int: "int", float: "float64", str: "string"}
_RETURNS = {"bool": "bool", "int": "int64", "float": "float64", "str": "string"}
_COMPARED = ("==", "!=", "<", "<=", ">", ">=")
_NUMBERS = ("int", "int64", "float64")


def check_comparison(node: Node, env: Mapping[str, Any]) -> None:
    """Raise Invalid when a comparison puts together, say, a number and a text."""
    if node.kind != "binary" or node.value not in _COMPARED:
        return
    left, right = (_kind(child, env) for child in node.children)
    if left and right and left != right and not (left in _NUMBERS and right in _NUMBERS):
        raise Invalid("expression", f"invalid operation: {node.value} (mismatched types {left} and {right})")


def _kind(node: Node, env: Mapping[str, Any]) -> str:
    if node.kind == "value":
        return _NAMES.get(type(node.value), "")
    if node.kind == "call" and node.value in env:
        returned = getattr(env[node.value], "__annotations__", {}).get("return")
        return _RETURNS.get(str(returned), "")
    return ""
