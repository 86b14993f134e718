# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of pkg/template: expressions in bindings, replacement in templates, references of triggers."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import gojson_scan
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import bindings, resolve, templates
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.event import Event, canonical_headers
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.triggers import values
from tests.conformance.registry import Row, adapter

EVENT = "pkg/template/event_test.go"
JSONPATH = "pkg/template/jsonpath_test.go"
RESOURCE = "pkg/template/resource_test.go"


def by_name(params: Any) -> dict[str, str]:
    return {param["name"]: param["value"] for param in params or []}


def applied(row: Row, given: Any, specs: Any, declared: Any = ()) -> dict[str, str]:
    """Return the params that `specs` give for the event of a row (or of its args)."""
    shared = row.table.get("context") or {}
    event_id = shared.get("eventID") or (shared.get("context") or {}).get("eventID") or ""
    event = Event(values.raw(given.get("body")), canonical_headers(given.get("header") or {}))
    context = bindings.Context(event, given.get("extensions") or {}, event_id)
    return bindings.params(specs or [], context, declared or [])


def rejected(function: Any, *arguments: Any) -> None:
    try:
        found = function(*arguments)
    except Invalid:
        return
    raise AssertionError(f"gave {found!r} and should fail")


@adapter("tekton", EVENT, "TestApplyEventValuesToParams")
def event_values(row: Row) -> None:
    assert applied(row, row.fields, row.value("params")) == by_name(row.value("want"))


@adapter("tekton", EVENT, "TestApplyEventValuesToParams_Error")
def wrong_event_values(row: Row) -> None:
    rejected(applied, row, row.fields, row.value("params"))


@adapter("tekton", EVENT, "TestApplyEventValuesMergeInDefaultParams")
def with_defaults(row: Row) -> None:
    given = row.fields["args"]
    declared = given.get("paramSpecs") or given.get("defaults")
    assert applied(row, given, given.get("params"), declared) == by_name(row.value("want"))


@adapter("tekton", EVENT, "TestResolveParams")
def resolved_params(row: Row) -> None:
    declared = ((row.fields.get("template") or {}).get("spec") or {}).get("params")
    assert applied(row, row.fields, row.value("bindingParams"), declared) == by_name(row.value("want"))


@adapter("tekton", EVENT, "TestResolveParams_Error")
def unresolved_params(row: Row) -> None:
    rejected(applied, row, row.fields, row.value("bindingParams"))


@adapter("tekton", EVENT, "TestResolveResources")
def resources(row: Row) -> None:
    template = values.resource(row.fields["template"])
    template["metadata"]["annotations"] = {templates.OLD_ESCAPE: "yes"}  # the test sets it on every template
    made = templates.resolve(template, by_name(row.value("params")), "31313131-3131-4131-b131-313131313131")
    assert [json.loads(text) for text in made] == row.value("want")


@adapter("tekton", JSONPATH, "TestParseJSONPath")
def json_path(row: Row) -> None:
    found = bindings.value(gojson_scan.decode(row.value("in"), floats=True), row.value("expr"))
    assert loose(found) == loose(row.value("want")), found


def loose(text: str) -> Any:
    """Return the JSON of a text, so that white space does not count, or the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


@adapter("tekton", JSONPATH, "TestParseJSONPath_Error")
def wrong_json_path(row: Row) -> None:
    rejected(bindings.value, row.table["context"]["data"], row.value("value"))


@adapter("tekton", JSONPATH, "TestTektonJSONPathExpression")
def inner_path(row: Row) -> None:
    assert bindings.path(row.value("expr")) == row.value("want")


@adapter("tekton", JSONPATH, "TestTektonJSONPathExpression_Error")
def wrong_inner_path(row: Row) -> None:
    rejected(bindings.path, row.value("value"))


@adapter("tekton", JSONPATH, "TestRelaxedJSONPathExpression")
def relaxed_path(row: Row) -> None:
    assert bindings.relaxed(row.value("expr")) == row.value("want")


@adapter("tekton", JSONPATH, "TestRelaxedJSONPathExpression_Error")
def wrong_relaxed_path(row: Row) -> None:
    rejected(bindings.relaxed, row.value("value"))


@adapter("tekton", JSONPATH, "TestFindTektonExpressions")
def expressions(row: Row) -> None:
    found = bindings.expressions(row.value("in"))
    assert [one.text for one in found] == row.value("want")
    if "original" in row.fields:
        assert [one.original for one in found] == row.value("original")


@adapter("tekton", RESOURCE, "Test_escapeTektonVariables")
def escaped(row: Row) -> None:
    assert templates.escape(row.value("input")) == row.value("want")


@adapter("tekton", RESOURCE, "Test_applyParamToResourceTemplate", "Test_ApplyParamsToResourceTemplate")
def replaced(row: Row) -> None:
    given = row.fields["args"]
    params = by_name([given["param"]] if "param" in given else given.get("params"))
    text = templates.apply(values.raw(given["rt"]).decode(), params, old_escape=row.value("oldEscape"))
    assert loose(text) == loose(values.raw(row.value("want")).decode()), text


@adapter("tekton", RESOURCE, "Test_ApplyUIDToResourceTemplate")
def uid(row: Row) -> None:
    text = templates.apply_uid(values.raw(row.value("rt")).decode(), "abcde")  # the uid that the test passes
    assert json.loads(text) == row.value("expectedRt")


TEST_BED = {  # the objects that the test's getters find
    ("TriggerBinding", "my-triggerbinding"): {},
    ("TriggerBinding", "tb-params"): {"params": [{"name": "foo", "value": "bar"}]},
    ("ClusterTriggerBinding", "my-clustertriggerbinding"): {},
    ("ClusterTriggerBinding", "ctb-params"): {"params": [{"name": "foo-ctb", "value": "bar-ctb"}]},
    ("TriggerTemplate", "my-triggertemplate"): {},
}


def need(kind: str, name: str) -> dict[str, Any]:
    if (kind, name) not in TEST_BED:
        raise Invalid("", f"error invalid name: {name}")
    return {"metadata": {"name": name}, "spec": TEST_BED[(kind, name)]}


@adapter("tekton", RESOURCE, "Test_ResolveTrigger")
def trigger(row: Row) -> None:
    found = resolve.trigger(values.resource(row.fields["trigger"])["spec"], need)
    wanted = values.resource(row.value("want"))
    assert list(found.params) == (wanted.get("BindingParams") or [])
    assert bare(found.template) == bare(wanted["TriggerTemplate"])


@adapter("tekton", RESOURCE, "TestMergeBindingParams")
def merged(row: Row) -> None:
    given = (row.value("bindings") or [], row.value("clusterBindings") or [])
    if row.value("wantErr"):
        rejected(resolve.merge, *given)
        return
    assert resolve.merge(*given) == (row.value("want") or [])
