# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Functions of the language without closures. Source: expr-lang/expr builtin (v1.17.8)."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import times


def _len(value: Any) -> int:
    if not isinstance(value, (str, list, dict)):
        raise Invalid("expression", f"invalid argument for len (type {type_of(value)})")
    return len(value)


def _int(value: Any) -> int:
    try:
        return int(value, 10) if isinstance(value, str) else int(value)
    except (TypeError, ValueError) as error:
        raise Invalid("expression", f"invalid operation: int({value!r})") from error


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise Invalid("expression", f"invalid operation: float({value!r})") from error


def text(value: Any) -> str:
    """Return the text of a value, as string() gives it."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return gojson.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def type_of(value: Any) -> str:
    """Return the name of a value's type."""
    if value is None:
        return "nil"
    names = {bool: "bool", int: "int", float: "float", str: "string", list: "array", dict: "map"}
    return names.get(type(value), type(value).__name__)


def _round(value: float) -> float:
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)


def _flat(values: tuple[Any, ...]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        out += _flat(tuple(value)) if isinstance(value, list) else [value]
    return out


def _median(*values: Any) -> float:
    numbers = sorted(_flat(values))
    if not numbers:
        return 0.0
    middle = len(numbers) // 2
    return float(numbers[middle]) if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


def _mean(*values: Any) -> float:
    numbers = _flat(values)
    return sum(numbers) / len(numbers) if numbers else 0.0


def _flatten(value: list[Any]) -> list[Any]:
    return _flat(tuple(value))


def _from_json(value: str) -> Any:
    def number(found: str) -> float:
        if math.isinf(float(found)):
            raise Invalid("expression", f"json: cannot unmarshal number {found} into Go value of type float64")
        return float(found)

    try:
        return json.loads(value, parse_float=number)
    except ValueError as error:
        raise Invalid("expression", f"fromJSON: {error}") from error


def _get(value: Any, key: Any) -> Any:
    if value is not None and not isinstance(value, (Mapping, list)):
        raise Invalid("expression", f"type {type_of(value)} does not support indexing")
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return None


def _uniq(value: list[Any]) -> list[Any]:
    out: list[Any] = []
    for item in value:
        if item not in out:
            out.append(item)
    return out


def _sort(value: list[Any], order: str = "asc") -> list[Any]:
    return sorted(value, reverse=order == "desc")


def _repeat(value: str, times: int) -> str:
    if len(value) * times > 1_000_000:
        raise Invalid("expression", "memory budget exceeded")
    return value * times


def _split(value: str, separator: str, limit: int = -1) -> list[str]:
    if separator == "":
        return list(value)
    return value.split(separator, limit - 1 if limit > 0 else -1)


def _trim(value: str, chars: str | None = None) -> str:
    return value.strip(chars)


def _index_of(value: str, part: str) -> int:
    return value.find(part)


_WORD = 1 << 64  # integers of the language have 64 bits


def _shift(count: int) -> int:
    if count < 0:
        raise Invalid("expression", f"invalid operation: negative shift count {count} (type int)")
    return min(count, 64)


def _wrapped(value: int) -> int:
    return (value + _WORD // 2) % _WORD - _WORD // 2


BUILTIN: dict[str, Callable[..., Any]] = {
    "len": _len, "int": _int, "float": _float, "string": text, "type": type_of, "abs": abs,
    "ceil": lambda v: float(math.ceil(v)), "floor": lambda v: float(math.floor(v)), "round": _round,
    "trim": _trim, "trimPrefix": lambda v, p=" ": v.removeprefix(p), "trimSuffix": lambda v, p=" ": v.removesuffix(p),
    "upper": lambda v: v.upper(), "lower": lambda v: v.lower(), "split": _split,
    "splitAfter": lambda v, s: [part + s for part in v.split(s)[:-1]] + [v.split(s)[-1]],
    "replace": lambda v, old, new, n=-1: v.replace(old, new, n), "repeat": _repeat,
    "join": lambda v, s="": s.join(v), "indexOf": _index_of, "lastIndexOf": lambda v, p: v.rfind(p),
    "hasPrefix": lambda v, p: v.startswith(p), "hasSuffix": lambda v, p: v.endswith(p),
    "max": lambda *v: max(_flat(v)), "min": lambda *v: min(_flat(v)), "mean": _mean, "median": _median,
    "toJSON": lambda v: json.dumps(v, indent=2, sort_keys=True), "fromJSON": _from_json,
    "toBase64": lambda v: base64.b64encode(v.encode()).decode(), "fromBase64": lambda v: base64.b64decode(v).decode(),
    "first": lambda v: v[0] if v else None, "last": lambda v: v[-1] if v else None, "get": _get,
    "take": lambda v, n: v[:n], "keys": lambda v: list(v), "values": lambda v: list(v.values()),
    "toPairs": lambda v: [[key, value] for key, value in v.items()],
    "fromPairs": lambda v: {pair[0]: pair[1] for pair in v}, "reverse": lambda v: list(reversed(v)),
    "uniq": _uniq, "concat": lambda *v: [item for part in v for item in part], "flatten": _flatten, "sort": _sort,
    "bitand": lambda a, b: a & b, "bitor": lambda a, b: a | b, "bitxor": lambda a, b: a ^ b, "bitnot": lambda a: ~a,
    "bitnand": lambda a, b: a & ~b, "bitshl": lambda a, b: _wrapped(a << _shift(b)),
    "bitshr": lambda a, b: a >> _shift(b), "bitushr": lambda a, b: _wrapped((a % _WORD) >> _shift(b)),
    **times.FUNCTIONS,
}  # fmt: skip
