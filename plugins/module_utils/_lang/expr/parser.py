# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From tokens to a tree: a Pratt parser. Source: expr-lang/expr parser/parser.go, parser/operator (v1.17.8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from .lexer import Token, mistake, tokens, unquote, unquote_bytes

BINARY = {
    "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15, "==": 20, "!=": 20, "<": 20, ">": 20, ">=": 20, "<=": 20,
    "in": 20, "matches": 20, "contains": 20, "startsWith": 20, "endsWith": 20, "..": 25, "+": 30, "-": 30,
    "*": 60, "/": 60, "%": 60, "**": 100, "^": 100, "??": 500,
}  # fmt: skip
_RIGHT = ("**", "^")
_CHAINED = ("<", ">", "<=", ">=")
_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_NEGATABLE = ("in", "matches", "contains", "startsWith", "endsWith")
WITH_CLOSURE = frozenset(
    [
        "all",
        "none",
        "any",
        "one",
        "filter",
        "map",
        "count",
        "find",
        "findIndex",
        "findLast",
        "findLastIndex",
        "groupBy",
        "sortBy",
        "reduce",
        "sum",
    ]
)


@dataclass(slots=True)
class Node:
    """One node: `kind` says which, `value` and `children` hold the rest, `at` is where its text begins."""

    kind: str
    value: Any = None
    children: list[Node] = field(default_factory=list)
    at: int = 0


def parse(text: str) -> Node:
    """Return the tree of an expression; Invalid with the place for a syntax error."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._index, self._depth = text, tokens(text), 0, 0

    def whole(self) -> Node:
        node = self._sequence("end")
        if self._now.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _now(self) -> Token:
        return self._tokens[self._index]

    def _next(self) -> Token:
        token = self._now
        self._index += 1
        return token

    def _is(self, *texts: str) -> bool:
        return self._now.kind == "op" and self._now.text in texts

    def _take(self, text: str) -> None:
        if not self._is(text):
            raise self._unexpected()
        self._index += 1

    def _error(self, message: str) -> Invalid:
        return mistake(self._text, self._now.at, message)

    def _unexpected(self) -> Invalid:
        return self._error(f"unexpected token {self._now}")

    def _sequence(self, _end: str) -> Node:
        nodes = [self._expression(0)]
        while self._is(";"):
            self._next()
            if self._now.kind == "end" or self._is("}", ")"):
                break
            nodes.append(self._expression(0))
        return nodes[0] if len(nodes) == 1 else Node("sequence", None, nodes)

    def _expression(self, least: int) -> Node:
        if least == 0 and self._is("let"):
            return self._let()
        if least == 0 and self._is("if"):
            return self._if()
        left = self._unary()
        left = self._binary(left, least)
        return self._ternary(left) if least == 0 else left

    def _binary(self, left: Node, least: int) -> Node:
        last = ""
        while self._now.kind == "op":
            negate = self._is("not") and self._tokens[self._index + 1].text in _NEGATABLE
            operator = self._tokens[self._index + (1 if negate else 0)].text
            if operator not in BINARY or BINARY[operator] < least:
                break
            if last == "??" and operator not in ("??", "|"):
                raise self._error(
                    f"Operator ({operator}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses."
                )
            at = self._now.at
            self._index += 2 if negate else 1
            if operator == "|":
                left = self._pipe(left)
                continue
            right = self._expression_at(BINARY[operator] + (0 if operator in _RIGHT else 1))
            left = _compared(left, operator, right, at)
            left = Node("unary", "not", [left], at) if negate else left
            last = operator if operator == "??" else ""
        return left

    def _expression_at(self, least: int) -> Node:
        return self._binary(self._unary(), least)

    def _pipe(self, left: Node) -> Node:
        name = self._next()
        if name.kind != "name":
            raise self._error("expected a function after |")
        return self._postfix(self._call(name, [left]))

    def _ternary(self, left: Node) -> Node:
        while self._is("?"):
            self._next()
            if self._is(":"):
                self._next()
                left = Node("conditional", None, [left, left, self._expression(0)])
                continue
            yes = self._expression(0)
            self._take(":")
            left = Node("conditional", None, [left, yes, self._expression(0)])
        return left

    def _let(self) -> Node:
        self._take("let")
        name = self._next()
        if name.kind != "name":
            raise self._error("expected a name after let")
        self._take("=")
        value = self._expression(0)
        self._take(";")
        return Node("let", name.text, [value, self._sequence("end")], name.at)

    def _if(self) -> Node:
        self._take("if")
        condition = self._expression(0)
        yes = self._block()
        self._take("else")
        no = self._if() if self._is("if") else self._block()
        return Node("conditional", None, [condition, yes, no])

    def _block(self) -> Node:
        self._take("{")
        node = self._sequence("}")
        self._take("}")
        return node

    def _unary(self) -> Node:
        if self._now.kind == "op" and self._now.text in _UNARY:
            token = self._next()
            operator, operand = token.text, self._expression_at(_UNARY[token.text])
            node = Node("unary", operator, [operand], token.at)
            return self._postfix(node) if operator in ("not", "!") else node
        return self._primary()

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return self._postfix(Node("value", self._number(token.text), at=token.at))
        if token.kind == "string":
            return self._postfix(Node("value", unquote(token.text), at=token.at))
        if token.kind == "bytes":
            return self._postfix(Node("value", unquote_bytes(token.text), at=token.at))
        if token.kind == "pointer":
            return self._postfix(Node("pointer", token.text[1:], at=token.at))
        if token.kind == "name":
            return self._postfix(self._name(token))
        if token.text == "(":
            node = self._sequence(")")
            self._take(")")
            return self._postfix(node)
        if token.text == "[":
            return self._postfix(Node("array", None, self._list("]"), token.at))
        if token.text == "{":
            return self._postfix(self._map())
        if token.text == "." and self._depth:
            return self._postfix(Node("member", self._now.text, [Node("pointer", "", at=token.at)], self._next().at))
        if token.text == "::":
            return self._postfix(self._name(self._next()))
        self._index -= 1
        raise self._unexpected()

    def _number(self, text: str) -> int | float:
        try:
            return _number(text)
        except ValueError:
            kind = "float" if set(text.lower()) & set(".e") and not text.lower().startswith("0x") else "integer"
            call = "ParseFloat" if kind == "float" else "ParseInt"
            message = f"invalid {kind} literal: strconv.{call}: parsing {gojson.dumps(text)}: invalid syntax"
            raise self._error(message) from None

    def _name(self, token: Token) -> Node:
        name = token.text
        if name in ("true", "false"):
            return Node("value", name == "true", at=token.at)
        if name == "nil":
            return Node("value", None, at=token.at)
        if self._is("("):
            return self._call(token, [])
        return Node("name", name, at=token.at)

    def _call(self, token: Token, first: list[Node]) -> Node:
        if not self._is("("):
            raise self._unexpected()
        self._next()
        if token.text in WITH_CLOSURE:
            return Node("call", token.text, [*first, *self._closure_arguments(bool(first))], token.at)
        return Node("call", token.text, [*first, *self._list(")")], token.at)

    def _closure_arguments(self, piped: bool) -> list[Node]:
        out: list[Node] = [] if piped else [self._expression(0)]
        closed = False
        while not self._is(")"):
            if self._is(";"):
                raise self._error("wrap predicate with brackets { and }")
            if out or not piped:
                self._take(",")
            if closed:
                out.append(self._expression(0))
                continue
            out.append(self._closure())
            closed = True
            piped = False
        self._next()
        return out

    def _closure(self) -> Node:
        self._depth += 1
        at = self._now.at
        if self._is("{"):
            body = self._block()
        else:
            body = self._expression(0)
        self._depth -= 1
        return Node("closure", None, [body], at)

    def _list(self, end: str) -> list[Node]:
        out: list[Node] = []
        while not self._is(end):
            if out:
                self._take(",")
                if self._is(end):
                    break
            out.append(self._expression(0))
        self._next()
        return out

    def _map(self) -> Node:
        pairs: list[Node] = []
        while not self._is("}"):
            if pairs:
                self._take(",")
                if self._is("}"):
                    break
                if self._is(","):
                    raise self._unexpected()
            pairs += [self._key(), self._value()]
        self._next()
        return Node("map", None, pairs)

    def _key(self) -> Node:
        token = self._next()
        if token.kind == "string":
            return Node("value", unquote(token.text))
        if token.kind in ("name", "number") or token.text.isalpha():
            return Node("value", token.text)
        if token.text == "(":
            node = self._expression(0)
            self._take(")")
            return node
        self._index -= 1
        raise self._error(
            "a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses"
            f" (unexpected token {self._now})"
        )

    def _value(self) -> Node:
        self._take(":")
        return self._expression(0)

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._is(".", "?."):
                optional = self._next().text == "?."
                if optional and self._is("["):
                    continue
                name = self._next()
                if name.kind not in ("name", "op") or not (name.text[:1].isalpha() or name.text[:1] in "_$"):
                    self._index -= 1
                    raise self._unexpected() if name.kind != "end" else self._error("unexpected end of expression")
                if self._is("("):
                    self._next()
                    node = Node("method", (name.text, optional), [node, *self._list(")")], name.at)
                else:
                    node = Node("optional" if optional else "member", name.text, [node], name.at)
            elif self._is("["):
                node = self._bracket(node)
            else:
                return node

    def _bracket(self, node: Node) -> Node:
        optional = self._tokens[self._index - 1].text == "?."
        at = self._now.at
        self._take("[")
        start = None if self._is(":") else self._expression(0)
        if self._is(":"):
            self._next()
            end = None if self._is("]") else self._expression(0)
            self._take("]")
            nil = Node("value", None)
            return Node("slice", None, [node, start or nil, end or nil], at)
        self._take("]")
        if start is None:
            raise AssertionError
        return Node("index", optional, [node, start], at)


def _compared(left: Node, operator: str, right: Node, at: int) -> Node:
    """Return the node of an operator; a < b < c means that both hold."""
    last = left.children[1] if left.kind == "binary" and left.value == "chain" else left
    if operator in _CHAINED and last.kind == "binary" and last.value in _CHAINED:
        return Node("binary", "chain", [left, Node("binary", operator, [last.children[1], right], at)], at)
    return Node("binary", operator, [left, right], at)


def _number(text: str) -> int | float:
    plain = text.replace("_", "").lower()
    if not plain.startswith("0x") and any(char in plain for char in ".e"):
        return float(plain)
    for prefix, base in (("0x", 16), ("0b", 2), ("0o", 8)):
        if plain.startswith(prefix):
            return int(plain[2:], base)
    return int(plain)
