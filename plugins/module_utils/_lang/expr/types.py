# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The types that expressions are checked with, under the names Go gives them.

Source: expr-lang/expr checker/nature/nature.go (v1.17.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `kind` is any, nil, bool, int, float, string, array, map, struct, func, time or duration.

    `fields` are those of a struct or of a map that is known in full (`strict`); `extra` is what its other keys have.
    `params`, `result` and the number of `results` belong to a func; the last param of a `variadic` one may come any number of times.
    """

    kind: str
    name: str
    elem: Type | None = None
    key: Type | None = None
    fields: Mapping[str, Type] = field(default_factory=dict)
    methods: Mapping[str, Type] = field(default_factory=dict)
    extra: Type | None = None
    strict: bool = False
    params: tuple[Type, ...] = ()
    variadic: bool = False
    result: Type | None = None
    results: int = 1
    pointer: bool = False

    def __str__(self) -> str:
        return f"*{self.name}" if self.pointer else self.name

    @property
    def is_any(self) -> bool:
        return self.kind == "any"

    @property
    def is_number(self) -> bool:
        return self.kind in ("int", "float")


ANY = Type("any", "interface {}")
NIL = Type("nil", "nil")
BOOL = Type("bool", "bool")
INT = Type("int", "int")
FLOAT = Type("float", "float64")
STRING = Type("string", "string")
TIME = Type("time", "time.Time")
DURATION = Type("duration", "time.Duration")


def array(elem: Type) -> Type:
    """Return the type of a list of `elem`."""
    return Type("array", f"[]{elem}", elem=elem)


def mapping(elem: Type = ANY, key: Type = STRING) -> Type:
    """Return the type of a map."""
    return Type("map", f"map[{key}]{elem}", elem=elem, key=key)


def record(fields: Mapping[str, Type], extra: Type | None = None) -> Type:
    """Return the type of a map whose keys are known; other keys have the type `extra`, or are mistakes."""
    return Type("map", "map[string]interface {}", ANY, STRING, fields, extra=extra, strict=extra is None)


def function(params: tuple[Type, ...], result: Type | None, *, variadic: bool = False) -> Type:
    """Return the type of a function."""
    names = [str(param) for param in params]
    if variadic:
        names[-1] = f"...{names[-1]}"
    text = f"func({', '.join(names)})"
    name = f"{text} {result}" if result else text
    return Type("func", name, params=params, result=result, variadic=variadic)


def of(value: Any) -> Type:
    """Return the type of a value; what data cannot be (functions, times, objects) may be anything."""
    simple = {bool: BOOL, int: INT, float: FLOAT, str: STRING}
    if type(value) in simple:
        return simple[type(value)]
    if isinstance(value, list):
        return array(ANY)
    if isinstance(value, dict):
        return mapping()
    return _returning(value) if callable(value) else ANY


_RETURNED = {"bool": BOOL, "int": Type("int", "int64"), "float": FLOAT, "str": STRING, "datetime": TIME}


def _returning(value: Any) -> Type:
    """A function of the environment says by its annotation what it returns; any arguments will do."""
    result = _RETURNED.get(str(getattr(value, "__annotations__", {}).get("return")))
    return ANY if result is None else function((ANY,), result, variadic=True)
