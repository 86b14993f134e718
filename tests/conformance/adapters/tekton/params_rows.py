# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of params: how values are read and written, types inferred, references replaced."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._core import gojson
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import (
    apply_pipeline,
    params,
    references,
    substitution,
)
from tests.conformance.adapters.tekton.values import replacements, same
from tests.conformance.registry import Row, Skip, adapter

FILE = "pkg/apis/pipeline/v1/param_types_test.go"


@adapter("tekton", FILE, "TestParamSpec_SetDefaults")
def defaults(row: Row) -> None:
    before = row.value("before")
    same(params.defaulted(before) if before else None, row.value("defaultsApplied"))


@adapter("tekton", FILE, "TestParamValues_ApplyReplacements")
def replaced(row: Row) -> None:
    args = row.fields["args"]
    given = replacements(args.get("stringReplacements"), args.get("arrayReplacements"), args.get("objectReplacements"))
    same(substitution.whole(params.typed(args.get("input")), given), row.value("expectedOutput"))


@adapter("tekton", FILE, "TestParamValues_UnmarshalJSON")
def read(row: Row) -> None:
    value = row.value("input")["val"]
    same(params.typed(value), row.value("result"))
    same(params.parse(gojson.dumps(value)), row.value("result"))
    same(params.parse(gojson.dumps(value, indent=2)), row.value("result"))


@adapter("tekton", FILE, "TestParamValues_UnmarshalJSON_Directly")
def parsed(row: Row) -> None:
    found, wanted = params.parse(row.value("input")), row.value("expected", "")
    assert found == wanted, f"{found!r} is not {wanted!r}"


@adapter("tekton", FILE, "TestParamValues_UnmarshalJSON_Error")
def unreadable(_row: Row) -> None:
    raise Skip("broken JSON around a param is found by the reader of documents, not by a rule for params")


@adapter("tekton", FILE, "TestParamValues_MarshalJSON")
def written(row: Row) -> None:
    assert gojson.dumps({"val": params.typed(row.value("input"))}) == row.value("result")


@adapter("tekton", FILE, "TestArrayReference")
def array_reference(row: Row) -> None:
    same(references.array_param(row.value("p")), row.value("expectedResult"))


@adapter("tekton", FILE, "TestExtractNames")
def names(row: Row) -> None:
    assert sorted(set(params.names(row.value("params")))) == sorted(row.value("want") or [])


@adapter("tekton", FILE, "TestGetNames")
def declared_names(row: Row) -> None:
    same(params.names(row.value("params") or []), row.value("want"))


@adapter("tekton", FILE, "TestParams_ReplaceVariables")
def list_replaced(row: Row) -> None:
    given = replacements(
        row.value("stringReplacements"), row.value("arrayReplacements"), row.value("objectReplacements")
    )
    same(apply_pipeline.params(row.value("ps") or [], given), row.value("want"))


@adapter("tekton", FILE, "TestExtractParamArrayLengths")
def lengths(row: Row) -> None:
    assert params.array_lengths(row.value("params") or []) == (row.value("want") or {})


@adapter("tekton", FILE, "TestExtractDefaultParamArrayLengths")
def default_lengths(row: Row) -> None:
    assert params.array_lengths(row.value("params") or [], "default") == (row.value("want") or {})


@adapter("tekton", FILE, "TestParseTaskandResultName")
def matrix_context(row: Row) -> None:
    found = references.matrix_context((row.value("param") or {}).get("value"))
    assert found == (row.value("pipelineTaskName"), row.value("resultName"))


@adapter("tekton", FILE, "TestSortByType")
def by_type(row: Row) -> None:
    same(params.by_type(row.value("params") or []), row.value("want"))


@adapter("tekton", FILE, "TestValidateNoDuplicateNames")
def duplicates(row: Row) -> None:
    found = params.duplicates(row.value("params") or [])
    wanted = row.value("expectedError")
    problem = {"Message": "parameter appears more than once", "Paths": [f"params[{name}]" for name in found]}
    assert (problem if found else None) == wanted
