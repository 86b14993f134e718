# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of client-go's JSONPath tests: a template over an input gives a text, or an error."""

from __future__ import annotations

import json

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang import jsonpath
from tests.conformance.registry import Row, adapter

FILE = "util/jsonpath/jsonpath_test.go"


@adapter(
    "lang",
    FILE,
    "TestTypesInput/testJSONPath",
    "TestStructInput/testJSONPath",
    "TestStructInput/testFailJSONPath",
    "TestJSONInput/testJSONPath",
    "TestKubernetes/testJSONPath",
    "TestNestedRanges/testJSONPath",
    "TestFilterPartialMatchesSometimesMissingAnnotations/testJSONPath",
    "TestNegativeIndex/testJSONPath",
    "TestEmptyRange/testJSONPath",
    "TestRunningPodsJSONPathOutput/testJSONPath",
    "TestStep/testJSONPath",
)
def rendered(row: Row) -> None:
    try:
        lenient = bool((row.table.get("context") or {}).get("allowMissingKeys"))
        text = jsonpath.render(row.value("template"), row.fields.get("input"), allow_missing=lenient)
    except Invalid as error:
        assert row.value("expectError") or row.test.endswith("testFailJSONPath"), f"{row.value('template')}: {error}"
        return
    assert not row.value("expectError"), f"{row.value('template')} gave {text!r} and should fail"
    assert unordered(text) == unordered(row.value("expect")), (
        f"{row.value('template')}: {text!r} != {row.value('expect')!r}"
    )


def unordered(text: str) -> str:
    """Return the text with the keys of its objects sorted: Go prints a struct in the order of its declaration."""
    out, index, decoder = "", 0, json.JSONDecoder()
    while index < len(text):
        if text[index] in "{[":
            try:
                value, index = decoder.raw_decode(text, index)
                out += json.dumps(value, sort_keys=True)
                continue
            except ValueError:
                pass
        out += text[index]
        index += 1
    return out


@adapter("lang", FILE, "TestKubernetes/testJSONPathSortOutput")
def rendered_in_any_order(row: Row) -> None:
    text = jsonpath.render(row.value("template"), row.fields.get("input"))
    assert sorted(text.split()) == sorted(row.value("expect").split())


@adapter("lang", "util/jsonpath/parser_test.go", "TestFailParser")
def refused(row: Row) -> None:
    try:
        jsonpath.parse(row.value("text"))
    except Invalid as error:
        assert row.value("err").split()[0] in error.message, error.message
        return
    raise AssertionError(f"{row.value('text')} was parsed")
