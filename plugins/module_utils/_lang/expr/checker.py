# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Says before an expression runs what cannot work in it: unknown names, operands that do not fit, wrong arguments.

Source: expr-lang/expr checker/checker.go (v1.17.8). Knows types only, no values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from ..._core.errors import Invalid
from . import types
from .builtins import BUILTIN
from .lexer import mistake
from .operands import RULES, assignable, comparable, regexp_mistake
from .parser import WITH_CLOSURE, Node
from .types import ANY, BOOL, DURATION, FLOAT, INT, NIL, STRING, TIME, Type

_PREDICATES = ("all", "none", "any", "one", "filter", "count", "find", "findIndex", "findLast", "findLastIndex")
_RESULTS: Mapping[str, Type] = {
    **dict.fromkeys(("all", "none", "any", "one", "hasPrefix", "hasSuffix"), BOOL),
    **dict.fromkeys(("count", "findIndex", "findLastIndex", "len", "int", "indexOf", "lastIndexOf"), INT),
    **dict.fromkeys(("float", "ceil", "floor", "round", "mean", "median"), FLOAT),
    **dict.fromkeys(("string", "type", "trim", "upper", "lower", "replace", "repeat", "join", "toJSON"), STRING),
    "date": TIME,
    "duration": DURATION,
    "split": types.array(STRING),
}
_LISTS = ("first", "last", "flatten", "reverse", "uniq", "sort", "take")
_TAKES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("abs", "ceil", "floor", "round"), ("int", "float")),
    **dict.fromkeys(("int", "float"), ("int", "float", "string")),
    **dict.fromkeys(_LISTS, ("array", "string", "bytes")),
    **dict.fromkeys(("keys", "values"), ("map",)),
    "len": ("array", "map", "string", "bytes"),
}
_SIGNATURES = {
    "string": types.function((ANY,), STRING),
    "len": Type("func", "func(...interface {}) (interface {}, error)", params=(ANY,), variadic=True, result=INT),
}


def check(tree: Node, env: Type, text: str) -> Type:
    """Return the type of an expression over an environment. Invalid with upstream's message and place.

    Names of an environment that is not `strict` may be unknown when `extra` says what they are.
    """
    return _Checker(env, text).visit(tree)


class _Checker:
    def __init__(self, env: Type, text: str) -> None:
        self._env, self._text = env, text
        self._variables: dict[str, Type] = {}
        self._items: list[Mapping[str, Type]] = []

    def visit(self, node: Node) -> Type:
        handler: Callable[[Node], Type] = getattr(self, f"_{node.kind}")
        return handler(node)

    def _fail(self, node: Node, message: str) -> NoReturn:
        raise self._mistake(node, message)

    def _mistake(self, node: Node, message: str) -> Invalid:
        return mistake(self._text, node.at, message)

    def _value(self, node: Node) -> Type:
        return NIL if node.value is None else types.of(node.value)

    def _sequence(self, node: Node) -> Type:
        return [self.visit(child) for child in node.children][-1]

    def _name(self, node: Node) -> Type:
        name = str(node.value)
        if name in self._variables:
            return self._variables[name]
        if name == "$env":
            return self._env
        if name in self._env.fields:
            return self._env.fields[name]
        if name in BUILTIN or name in WITH_CLOSURE:
            return _SIGNATURES.get(name, _SIGNATURES["len"])
        if self._env.extra is None:
            error = self._mistake(node, f"unknown name {name}")
            error.hint = f"{error.hint}; known: {', '.join(sorted(self._env.fields)) or 'none'}"
            raise error
        return self._env.extra

    def _pointer(self, node: Node) -> Type:
        if not self._items:
            self._fail(node, "cannot use pointer accessor outside predicate")
        name = str(node.value or "item")
        if name not in self._items[-1]:
            self._fail(node, f"unknown pointer #{name}")
        return self._items[-1][name]

    def _let(self, node: Node) -> Type:
        name = str(node.value)
        for what, names in (("builtin", (*BUILTIN, *WITH_CLOSURE)), ("variable", self._variables)):
            if name in names:
                self._fail(node, f"cannot redeclare {what} {name}")
        if name in self._env.fields:
            self._fail(node, f"cannot redeclare {name}")
        before, value = dict(self._variables), self.visit(node.children[0])
        self._variables[name] = value
        result = self.visit(node.children[1])
        self._variables = before
        return result

    def _conditional(self, node: Node) -> Type:
        condition, yes, no = map(self.visit, node.children)
        if condition.kind not in ("bool", "any"):
            self._fail(node.children[0], f"non-bool expression (type {condition}) used as condition")
        if NIL in (yes, no):
            return no if yes == NIL else yes
        return yes if yes == no else ANY

    def _array(self, node: Node) -> Type:
        found = [self.visit(child) for child in node.children]
        same = bool(found) and all(one == found[0] for one in found)
        return types.array(found[0] if same else ANY)

    def _map(self, node: Node) -> Type:
        for child in node.children:
            self.visit(child)
        return types.mapping()

    def _unary(self, node: Node) -> Type:
        found = self.visit(node.children[0])
        if node.value in ("not", "!"):
            if found.kind in ("bool", "any"):
                return BOOL
        elif found.is_number or found.is_any:
            return found
        raise self._mistake(node, f"invalid operation: {node.value} (mismatched type {found})")

    def _binary(self, node: Node) -> Type:
        left, right = map(self.visit, node.children)
        if node.value == "chain":
            return BOOL
        if node.value == "matches" and node.children[1].kind == "value":
            self._regular(node, node.children[1].value)
        if node.value == "in":
            return self._in(node, left, right)
        found = RULES[node.value](left, right)
        if found is None:
            self._fail(node, f"invalid operation: {node.value} (mismatched types {left} and {right})")
        return found

    def _regular(self, node: Node, pattern: object) -> None:
        try:
            re.compile(pattern if isinstance(pattern, str) else "")
        except re.error as error:
            self._fail(node, f"error parsing regexp: {regexp_mistake(str(pattern), error)}")

    def _in(self, node: Node, left: Type, right: Type) -> Type:
        if left == NIL or left.is_any or right.is_any or right.elem is None:
            fits = right.kind in ("array", "map", "any")
            fits = fits or (right.kind == "string" and left.is_any)
            fits = fits or (right.kind == "struct" and left.kind in ("string", "any"))
        else:
            fits = True
            if right.kind == "map" and right.key and not (right.key.is_any or assignable(left, right.key)):
                self._fail(node, f"cannot use {left} as type {right.key} in map key")
            if right.kind == "array" and not comparable(left, right.elem):
                self._fail(node, f"cannot use {left} as type {right.elem} in array")
        if not fits:
            self._fail(node, f"invalid operation: in (mismatched types {left} and {right})")
        return BOOL

    def _member(self, node: Node) -> Type:
        return self._field(node, self.visit(node.children[0]), str(node.value), called=False)

    _optional = _member

    def _field(self, node: Node, base: Type, name: str, *, called: bool) -> Type:
        if name in base.methods:
            return base.methods[name]
        if name in base.fields:
            return base.fields[name]
        if base.kind in ("any", "time", "duration") or (base is self._env and base.kind == "map"):
            return ANY
        if base.kind == "array" and not called:
            self._fail(node, "array elements can only be selected using an integer (got string)")
        if base.kind == "map" and base.key and not (base.key.is_any or base.key == STRING):
            self._fail(node, f"cannot use string to get an element from {base.name}")
        if base.kind == "map" and not base.strict:
            return base.extra or base.elem or ANY
        if base.kind == "map":
            self._fail(node, f"unknown field {name}")
        what = "method" if called else "field"
        raise self._mistake(node, f"type {base.name} has no {what} {name}")

    def _index(self, node: Node) -> Type:
        base, key = map(self.visit, node.children)
        name = node.children[1]
        if base.kind == "map" and base.key and not (key.is_any or base.key.is_any or assignable(key, base.key)):
            self._fail(name, f"cannot use {key} to get an element from {base.name}")
        if name.kind == "value" and isinstance(name.value, str) and base.kind != "array":
            return self._field(node, base, name.value, called=False)
        if base.kind == "array":
            if key.kind not in ("int", "any"):
                self._fail(name, f"array elements can only be selected using an integer (got {key})")
            return base.elem or ANY
        if base.kind == "map":
            return ANY if base.fields else base.elem or ANY
        if base.kind in ("any", "string") or base is self._env:
            return ANY
        raise self._mistake(node, f"type {base.name}[{key}] is undefined")

    def _slice(self, node: Node) -> Type:
        base, *bounds = map(self.visit, node.children)
        if base.kind not in ("any", "string", "array"):
            self._fail(node, f"cannot slice {base}")
        for child, bound in zip(node.children[1:], bounds, strict=True):
            if bound.kind not in ("int", "any", "nil"):
                self._fail(child, f"non-integer slice index {bound}")
        return base

    def _method(self, node: Node) -> Type:
        name, _optional = node.value
        found = self._field(node, self.visit(node.children[0]), name, called=True)
        return self._called(node, name, found, node.children[1:])

    def _call(self, node: Node) -> Type:
        name = str(node.value)
        known = name in self._env.fields or name in self._variables or name == "$env"
        if not known and name in WITH_CLOSURE:
            return self._with_closure(node, name)
        if not known and name in BUILTIN:
            return self._builtin(node, name)
        return self._called(node, name, self._name(node), node.children)

    def _called(self, node: Node, name: str, function: Type, arguments: Sequence[Node]) -> Type:
        if function.is_any:
            for argument in arguments:
                self.visit(argument)
            return ANY
        if function.kind != "func":
            self._fail(node, f"{function} is not callable")
        if function.results > 2:
            self._fail(node, f"func {name} returns more then two values")
        if function.result is None:
            self._fail(node, f"func {name} doesn't return value")
        least = len(function.params) - (1 if function.variadic else 0)
        if len(arguments) > len(function.params) and not function.variadic:
            self._fail(node, f"too many arguments to call {name}")
        if len(arguments) < least:
            self._fail(node, f"not enough arguments to call {name}")
        for index, argument in enumerate(arguments):
            self._argument(argument, function.params[min(index, len(function.params) - 1)], name)
        return function.result

    def _argument(self, node: Node, wanted: Type, name: str) -> None:
        found = self.visit(node)
        if found == NIL and (wanted.pointer or wanted.kind in ("any", "array", "map", "func")):
            return
        if found.is_any or wanted.is_any or assignable(found, wanted):
            return
        if found == INT and wanted.is_number and node.kind in ("value", "unary", "binary"):
            return  # whole numbers take the type that is wanted
        gap = "" if found == NIL else " "  # upstream's text has the space
        self._fail(node, f"cannot use {found} as argument (type {wanted}) to call {name}{gap}")

    def _builtin(self, node: Node, name: str) -> Type:
        found = [self.visit(child) for child in node.children]
        if found and not (found[0].is_any or found[0].kind in _TAKES.get(name, (found[0].kind,))):
            self._fail(node, f"invalid argument for {name} (type {found[0]})")
        if name in ("first", "last", "get") and found and found[0].kind == "array":
            return found[0].elem or ANY
        if name == "get" and found and found[0].kind == "map" and not found[0].fields:
            return found[0].elem or ANY
        if name in ("take", "reverse", "sort", "uniq") and found and found[0].kind == "array":
            return found[0]
        if name == "abs" and found:
            return found[0]
        return _RESULTS.get(name, ANY)

    def _with_closure(self, node: Node, name: str) -> Type:
        items = self.visit(node.children[0])
        if items.kind not in ("array", "any") and not (items.kind == "map" and name != "map"):
            self._fail(node.children[0], f"builtin {name} takes only array (got {items})")
        elem = items.elem if items.kind == "array" and items.elem else ANY
        result = elem
        if len(node.children) > 1:
            result = self._predicate(node.children[1], name, elem)
        for child in node.children[2:]:
            self.visit(child)
        if name == "map":
            return types.array(result)
        if name in ("filter", "sortBy"):
            return types.array(elem)
        return elem if name in ("find", "findLast") else _RESULTS.get(name, ANY)

    def _predicate(self, node: Node, name: str, elem: Type) -> Type:
        outer = dict(self._variables)
        self._items.append({"item": elem, "index": INT, "acc": ANY})
        result = self.visit(node.children[0]) if node.kind == "closure" else self.visit(node)
        self._items.pop()
        self._variables = outer
        if name in _PREDICATES and result.kind not in ("bool", "any"):
            self._fail(node, f"predicate should return boolean (got {result})")
        return result
