# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSON text and values as Go's encoding/json makes them."""

from __future__ import annotations

import json
import math
from typing import Any

_HTML = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
_LINE_SEPARATORS = {0x2028: "\\u2028", 0x2029: "\\u2029"}


def dumps(value: Any, *, indent: int | None = None, sort: bool = True, escape_html: bool = True) -> str:
    """Return `value` as Go writes it: compact, keys sorted, < > & escaped, floats in Go's form."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(
        normalise(value), indent=indent, sort_keys=sort, separators=separators, ensure_ascii=False, allow_nan=False
    )
    return text.translate({**_LINE_SEPARATORS, **(_HTML if escape_html else {})})


def normalise(value: Any) -> Any:
    """Return `value` after a JSON round trip through Go: 1.0 is 1, keys are text, tuples are lists."""
    if isinstance(value, dict):
        return {str(key): normalise(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [normalise(item) for item in value]
    if isinstance(value, float):
        return _number(value)
    return value


def _number(value: float) -> int | float:
    """Go prints a float64 without exponent below 1e21, so a whole one looks like an integer."""
    if math.isfinite(value) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value
