# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The Common Expression Language by its official C++ runtime, with the words of cel-go for mistakes.

The library (cel-expr-python) is imported at the first use: most runs need no CEL, and it is a native module.
Knows nothing of Tekton: variables and functions come from the caller.
Source of the messages: google/cel-go v0.26 (common/types, checker, parser).
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.errors import Invalid, Permanent

BOOL, STRING, INT, DYN, LIST, MAP = "bool", "string", "int", "dyn", "list(dyn)", "map(string, dyn)"

# The next version brings its own `reverse`, which could then not be declared for lists as well.
_STRINGS = 2
_CODE = re.compile(r"^[A-Z_]+: ")
_TAIL = re.compile(r"\s*\[[A-Z_]+\]$")
_MISSING = re.compile(r'Key not found in map : "?(.*?)"?$')
_OVERLOAD = re.compile(r"No matching overloads found : (?:\((?P<receiver>[^()]*)\)\.)?(?P<name>[^(]+)\((?P<args>.*)\)$")
_INDEX = re.compile(r"Index error: index=(-?\d+) size=\d+")
_UNDECLARED = re.compile(r"undeclared reference to '([^'.]+)(?:\.[^']*)?'")
_TYPES = {"int64": "int", "uint64": "uint"}


@dataclass(frozen=True, slots=True)
class Function:
    """One overload: `parameters` are type signatures, the first is the receiver when `member`.

    `call` gets plain values (bytes, dict, list, str, int, float, bool, None) and raises ValueError for a mistake.
    """

    name: str
    parameters: Sequence[str]
    result: str
    call: Callable[..., Any]
    member: bool = True


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression is: a plain value, and the name of its CEL type (int, double, list, ...)."""

    plain: Any
    type: str


class Environment:
    """Variables and functions that expressions may use, beside CEL's own and its strings, encoders and math.

    Permanent with a hint when the library is not installed.
    """

    def __init__(self, variables: Mapping[str, str], functions: Sequence[Function] = ()) -> None:
        self._cel = _library("cel_expr_python.cel")
        self._env = self._cel.NewEnv(
            variables={name: self._type(kind) for name, kind in variables.items()},
            extensions=[
                _library("cel_expr_python.ext.ext_strings").ExtStrings(version=_STRINGS),
                _library("cel_expr_python.ext.ext_encoders").ExtEncoders(),
                _library("cel_expr_python.ext.ext_math").ExtMath(),
            ],
            functions=self._declared(functions),
        )

    def evaluate(self, expression: str, data: Mapping[str, Any]) -> Value:
        """Return the value of an expression. Invalid with cel-go's message when it is wrong or fails."""
        quoted = json.dumps(expression, ensure_ascii=False)
        program = self.compiled(expression)
        try:
            value = program.eval(data=dict(data))
        except RuntimeError as error:
            raise Invalid("", f"expression {quoted} failed to evaluate: {_worded(str(error))}") from None
        kind = str(value.type().name()).split("<")[0].lower()
        plain = _plain(value.plain_value())
        if kind == "error":
            raise Invalid("", f"expression {quoted} failed to evaluate: {_worded(str(plain))}")
        return Value(plain, kind)

    def compiled(self, expression: str) -> Any:
        """Return the library's program. Invalid with cel-go's message when the expression is wrong."""
        quoted = json.dumps(expression, ensure_ascii=False)
        try:
            return self._env.compile(expression)
        except RuntimeError as error:
            text = _TAIL.sub("", _CODE.sub("", str(error)))
            if "Syntax error" in text:
                raise Invalid("", f"failed to parse expression {quoted}: {text}") from None
            raise Invalid("", f"expression {quoted} check failed: {_undeclared(text)}") from None

    def _declared(self, functions: Sequence[Function]) -> list[Any]:
        overloads: dict[str, list[Any]] = {}
        for function in functions:
            known = overloads.setdefault(function.name, [])
            known.append(
                self._cel.Overload(
                    id=f"{function.name.replace('.', '_')}_slipway_{len(known)}",
                    return_type=self._type(function.result),
                    parameters=[self._type(kind) for kind in function.parameters],
                    is_member=function.member,
                    impl=_called(function.call),
                )
            )
        return [self._cel.FunctionDecl(name, known) for name, known in overloads.items()]

    def _type(self, signature: str) -> Any:
        types = self._cel.Type
        simple = {BOOL: types.BOOL, STRING: types.STRING, INT: types.INT, DYN: types.DYN, LIST: types.LIST}
        return simple[signature] if signature in simple else types.Map(types.STRING, types.DYN)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Permanent(
            "CEL expressions need the Python package cel-expr-python, which is not installed",
            hint="pip install cel-expr-python (beside ansible-core)",
        ) from error


def _called(call: Callable[..., Any]) -> Callable[..., Any]:
    """Give plain values to a function: below the top level the library hands out its own."""
    return lambda *values: call(*map(_plain, values))


def _plain(value: Any) -> Any:
    if hasattr(value, "plain_value"):
        value = value.plain_value()
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return bytes(value) if isinstance(value, bytearray) else value


def _undeclared(text: str) -> str:
    """cel-go names only the first part of a dotted name that it does not know."""
    return _UNDECLARED.sub(r"undeclared reference to '\1'", text)


def _worded(text: str) -> str:
    """Say a run-time mistake of the C++ runtime as cel-go does."""
    text = _CODE.sub("", text)
    if missing := _MISSING.search(text):
        return f"no such key: {missing[1]}"
    if overload := _OVERLOAD.search(text):
        kinds = [kind.strip() for kind in (overload["receiver"], *overload["args"].split(",")) if kind]
        return f"no such overload: {overload['name']}({', '.join(_TYPES.get(kind, kind) for kind in kinds)})"
    if index := _INDEX.search(text):
        return f"index out of bounds: {index[1]}"
    return text.replace("divide by zero", "division by zero")
