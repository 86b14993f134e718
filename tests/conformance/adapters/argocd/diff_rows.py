# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about comparing: ignored differences, known types, what is tracked, and the three-way comparison."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import (
    ignore,
    secrets,
    three_way,
    tracking,
    typed,
)
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Case, Row, Skip, adapter, scenario

IGNORE, DIFF_NORMALIZER = "util/argo/diff/ignore_test.go", "util/argo/normalizers/diff_normalizer_test.go"
NO_JQ = "jq expressions need a jq library, and none is required"


def overridden(given: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value.get("IgnoreDifferences") or {} for key, value in (given or {}).items()}


@adapter("argocd", IGNORE, "TestIgnoreDiffConfig_HasIgnoreDifference")
def ignored(row: Row) -> None:
    rules, overrides = row.fields["args"]
    way = str(row.fields.get("result_path", ""))
    match = re.fullmatch(r"\.HasIgnoreDifference\((.*)\)#([01])(?:\.(\w+))?", way)
    if not match:
        assertions.compare(row, object())
        return
    found = ignore.lookup(*json.loads(f"[{match[1]}]"), rules or [], overridden(overrides))
    names = {"JSONPointers": "pointers", "JQPathExpressions": "jq", "ManagedFieldsManagers": "managers"}
    if match[2] == "0":
        assertions.compare(row, found is not None)
    else:
        assertions.compare(row, getattr(found, names[match[3]]) if match[3] else found)


def patches(rules: Sequence[Any] | None, overrides: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return every single removal that the rules ask for: (how, expression)."""
    every = [*(rules or []), *ignore.override_rules(overridden(overrides))]
    found = [("pointer", pointer) for rule in every for pointer in rule.get("jsonPointers") or []]
    return found + [("jq", expression) for rule in every for expression in rule.get("jqPathExpressions") or []]


def normalised(rules: Sequence[Any] | None, overrides: Mapping[str, Any] | None, obj: Any) -> Any:
    if obj is None:
        raise Invalid("", "invalid argument: unstructured is nil")
    every = [*(rules or []), *ignore.override_rules(overridden(overrides))]
    return ignore.without(obj, ignore.of(obj, every))


@adapter(
    "argocd", DIFF_NORMALIZER, "TestNormalizeObjectWithMatchedGroupKind", "TestNormalizeNoMatchedGroupKinds",
    "TestNormalizeMatchedResourceOverrides", "TestNormalizeMissingJsonPointer", "TestNormalizeGlobMatch",
    "TestNormalizeJQPathExpression", "TestNormalizeIllegalJQPathExpression", "TestNormalizeJQPathExpressionWithError",
    "TestJqPathExpressionFailWithTimeout", "TestJQPathExpressionReturnsHelpfulError",
    "TestNormalizeExpectedErrorAreSilenced", "TestNormalizeFailureLogIncludesResourceContext",
)  # fmt: skip
def normalizer(row: Row) -> None:
    if row.fields["call"] != "normalizers.NewIgnoreNormalizer":
        raise Skip("which errors upstream's normaliser writes to its log")
    rules, overrides = row.fields["args"][:2]
    if any(how == "jq" for how, _expression in patches(rules, overrides)):
        raise Skip(NO_JQ)
    way = str(row.fields.get("result_path", ""))
    if way == ".patches":
        assertions.compare(row, patches(rules, overrides))
    elif match := re.fullmatch(r"\.Normalize\((.*)\)", way, re.DOTALL):
        assertions.compare(row, failure(lambda: normalised(rules, overrides, json.loads(match[1]))))
    elif not way:
        assertions.compare(row, None if row.fields.get("result_index") == 1 else object())
    else:
        raise Skip("a single patch of upstream's normaliser")


def failure(call: Any) -> Exception | None:
    try:
        call()
    except (Invalid, Refused) as error:
        return error
    return None


@adapter(
    "argocd", "util/argo/normalizers/knowntypes_normalizer_test.go", "TestNormalize_MapField",
    "TestNormalize_FieldInNestedSlice", "TestNormalize_FieldInDoubleNestedSlice", "TestNormalize_Quantity",
    "TestNormalize_Duration", "TestFieldDoesNotExist", "TestRolloutPreConfigured", "TestOverrideKeyWithoutGroup",
)  # fmt: skip
def known_types(row: Row) -> None:
    overrides = row.fields["args"][0]
    match = re.fullmatch(r"\.Normalize\((.*)\)", str(row.fields.get("result_path", "")), re.DOTALL)
    if match:
        assertions.compare(row, failure(lambda: typed.known(json.loads(match[1]), overrides)))
    elif "result_path" in row.fields:
        raise Skip("the inner table of upstream's normaliser")
    else:
        assertions.compare(row, None if row.fields.get("result_index") == 1 else object())


@adapter(
    "argocd", "util/argo/resource_tracking_test.go", "TestTruncateLabel_Short", "TestTruncateLabel_AtLimit",
    "TestTruncateLabel_LongName", "TestTruncateLabel_TrailingSpecialCharsStripped", "TestTruncateLabel_AllSpecialChars",
    "TestIsOldTrackingMethod",
)  # fmt: skip
def tracked(row: Row) -> None:
    calls = {"argo.TruncateLabel": tracking.truncated, "argo.IsOldTrackingMethod": tracking.is_label_method}
    assertions.run(row, calls)


DIFF = "gitops-engine/pkg/diff/diff_test.go"


@adapter("argocd", DIFF, "TestRemoveNamespaceAnnotation")
def without_namespace(row: Row) -> None:
    meta = three_way.without_namespace(row.fields["args"][0])["metadata"]
    way = str(row.fields.get("result_path", ""))
    names = {".GetNamespace()": meta.get("namespace", ""), ".GetAnnotations()": meta.get("annotations")}
    if way not in names:
        raise Skip(f"the path {way} of a result is not followed")
    assertions.compare(row, names[way])


@adapter("argocd", DIFF, "TestRemarshalResources")
def remarshalled(row: Row) -> None:
    container = {"name": "c", "resources": {"requests": {"cpu": row.value("cpu")}}}
    found = typed.core({"spec": {"containers": [container]}})
    assert found["spec"]["containers"][0]["resources"]["requests"]["cpu"] == row.value("expectedCPU")


@adapter("argocd", DIFF, "TestHideSecretData_HideAnnotations")
def hidden(row: Row) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "annotations": row.value("annots")}}
    target = None if row.value("targetNil") else secret
    names = [name for name, hide in (row.value("hideAnnots") or {}).items() if hide]
    for side, given in zip(secrets.hide(target, secret, names), (target, secret), strict=True):
        if given is not None and side is not None:
            assert side["metadata"].get("annotations") == row.value("expectedAnnots")


@scenario("argocd/diff")
def three_way_pair(case: Case) -> None:
    config, live = (json.loads((case.path / case.meta[side]).read_text()) for side in ("config", "live"))
    for expected in case.meta["expected"]:
        options = expected["options"]
        found = three_way.modified(config, live, ignore_aggregated_roles=bool(options.get("ignoreAggregatedRoles")))
        assert found is expected["modified"], f"{options}: {found}"
