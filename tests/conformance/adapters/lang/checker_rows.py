# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of expr-lang's checker: what is wrong in an expression is said before it runs, with its place.

The environment is upstream's mock.Env: a test bed, written down here as types.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr import types
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.checker import check
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.parser import parse
from ansible_collections.slipway.gitops.plugins.module_utils._lang.expr.types import (
    ANY,
    BOOL,
    DURATION,
    FLOAT,
    INT,
    STRING,
    TIME,
    Type,
)
from tests.conformance.registry import Row, adapter

FILE = "checker/checker_test.go"
BAR = Type("struct", "mock.Bar", fields={"Baz": STRING})
FOO = Type(
    "struct",
    "mock.Foo",
    fields={"Value": STRING, "Bar": BAR},
    methods={
        "Method": types.function((), BAR),
        "MethodWithArgs": types.function((STRING,), STRING),
        "String": types.function((), STRING),
    },
)
FOO_POINTER = Type("struct", "mock.Foo", fields=FOO.fields, methods=FOO.methods, pointer=True)
ABSTRACT = Type("struct", "mock.Abstract", methods={"Method": types.function((INT,), INT)})


def sized(name: str) -> Type:
    return Type("float" if name.startswith("float") else "int", name)


SIZES = ("int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64")
ENV = Type(
    "struct",
    "mock.Env",
    fields={
        "Any": ANY, "Bool": BOOL, "Float": FLOAT, "Float32": sized("float32"), "Float64": FLOAT,
        "Int": INT, "One": INT, "Two": INT, "Int64": sized("int64"), "Int32": sized("int32"),
        "Uint32": sized("uint32"), "Uint64": sized("uint64"), "String": STRING,
        "BoolPtr": BOOL, "FloatPtr": FLOAT, "IntPtr": INT, "IntPtrPtr": INT, "StringPtr": STRING,
        "Foo": FOO, "Abstract": ABSTRACT, "ArrayOfAny": types.array(ANY), "ArrayOfInt": types.array(INT),
        "ArrayOfString": types.array(STRING), "ArrayOfFoo": types.array(FOO_POINTER),
        "MapOfFoo": types.mapping(FOO), "MapOfAny": types.mapping(), "MapIntAny": types.mapping(STRING, INT),
        "FuncParam": types.function((BOOL, INT, STRING), BOOL), "FuncParamAny": types.function((ANY,), BOOL),
        "FuncTooManyReturns": Type("func", "func() (int, int, error)", results=3),
        "FuncNamed": types.function((STRING,), INT), "NilAny": ANY, "NilInt": INT, "NilFn": types.function((), None),
        "NilStruct": FOO_POINTER, "NilSlice": types.array(ANY),
        "Variadic": types.function((INT, INT), BOOL, variadic=True),
        "Fast": types.function((ANY,), ANY, variadic=True),
        "Time": TIME, "TimePlusDay": TIME, "Duration": DURATION, "EmbedString": STRING, "EmbedEmbedString": STRING,
        "EmbedPointerEmbedInt": INT, "EmbedMethod": types.function((INT,), STRING),
        "EmbedPointerEmbedMethod": types.function((INT,), STRING),
        "EmbedPointerEmbedPointerReceiverMethod": types.function((INT,), STRING),
        "FuncFoo": types.function((FOO,), INT), "Func": types.function((), INT),
        "FuncTyped": types.function((STRING,), INT), "FuncInt": types.function((INT,), INT),
        "TimeEqualString": types.function((TIME, STRING), BOOL), "GetInt": types.function((), INT),
        "Add": types.function((INT, INT), INT),
        **{f"Func{size.capitalize()}": types.function((sized(size),), INT) for size in SIZES},
    },
)  # fmt: skip
RECORD = types.record(
    {
        "foo": types.record({"bar": types.record({"baz": STRING}, extra=STRING)}),
        "arr": types.array(types.record({"value": STRING})),
    },
    extra=ANY,
)
KINDS = {"bool": 1, "int": 2, "float": 14, "any": 20, "map": 21, "array": 23, "string": 24, "struct": 25}


def mistake(text: str, env: Type) -> str:
    try:
        found = check(parse(text), env, text)
    except Invalid as error:
        return error.message
    raise AssertionError(f"{text} is a {found} and should be refused")


@adapter("lang", FILE, "TestCheck_error")
@adapter("lang", FILE, "TestCheck_builtin_without_call")
def refused_with_place(row: Row) -> None:
    text = str(row.fields.get("code", row.fields.get("input")))
    wanted = row.value("err").strip().split("\n")[0]
    found = mistake(text, ENV)
    assert found.startswith(wanted), f"{text}: {found!r} is not {wanted!r}"


@adapter("lang", FILE, "TestCheck_types")
def refused_by_its_record(row: Row) -> None:
    found = mistake(row.value("code"), RECORD)
    assert row.value("err") in found, found


@adapter("lang", FILE, "TestCheck_dont_panic_on_nil_arguments_for_builtins")
def refused(row: Row) -> None:
    mistake(row.value("value"), types.record({}))


@adapter("lang", FILE, "TestCheck_env_keyword")
@adapter("lang", "builtin/builtin_test.go", "TestBuiltin_types")
def has_its_kind(row: Row) -> None:
    values: dict[str, Any] = (row.table.get("context") or {}).get("env") or {}
    env = types.record({name: known(value) for name, value in values.items()})
    text = row.value("input")
    assert KINDS[check(parse(text), env, text).kind] == row.value("want"), check(parse(text), env, text)


def known(value: Any) -> Type:
    """The tests' lists are typed: []int, []string."""
    if isinstance(value, list) and value:
        return types.array(types.of(value[0]))
    return types.of(value)
