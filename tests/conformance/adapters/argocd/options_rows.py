# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of sources: their options, overrides, variables and parameters, and of sync policies and conditions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import conditions, names, tree
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import (
    environment,
    parameters,
    policy,
    source,
)
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row, adapter

TYPES = "pkg/apis/application/v1alpha1/types_test.go"
ZERO = {
    "TestApplicationSource_IsZero": (source.is_zero, "source"),
    "TestApplicationSourceHelm_IsZero": (source.helm_is_zero, "source"),
    "TestApplicationSourceKustomize_IsZero": (source.kustomize_is_zero, "source"),
    "TestApplicationSourceJsonnet_IsZero": (source.jsonnet_is_zero, "source"),
    "TestApplicationSourceDirectory_IsZero": (source.directory_is_zero, "source"),
    "TestApplicationSourcePlugin_IsZero": (source.plugin_is_zero, "source"),
    "TestEnvEntry_IsZero": (environment.entry_is_zero, "env"),
    "TestEnv_IsZero": (environment.is_zero, "e"),
}
OVERRIDES = {
    "TestAppSource_GetKubeVersionOrDefault": ("kubeVersion", "defaultKV"),
    "TestAppSource_GetAPIVersionsOrDefault": ("apiVersions", "defaultAPIVersions"),
    "TestAppSource_GetNamespaceOrDefault": ("namespace", "defaultNS"),
}


@adapter("argocd", TYPES, *ZERO)
def zero(row: Row) -> None:
    check, name = ZERO[row.test]
    assert check(row.fields.get(name)) is row.value("want")


@adapter("argocd", TYPES, *OVERRIDES)
def overrides(row: Row) -> None:
    key, default = OVERRIDES[row.test]
    assert source.override(row.fields.get("source"), key, row.table["context"][default]) == row.value("expect")


@adapter("argocd", TYPES, "TestEnv_Environ")
def environ(row: Row) -> None:
    assert environment.environ(row.fields.get("e")) == row.value("want")


def values_object(text: Any) -> Any:
    """Return the source's Helm values as an Application carries them: JSON, whatever its writing."""
    if text is None:
        return {"helm": {}}
    raw = text.get("$bytes", text.get("$rawjson")) if isinstance(text, Mapping) else text
    try:
        return {"helm": {"valuesObject": json.loads(raw)}}
    except (TypeError, ValueError):
        return {"helm": {"valuesObject": raw}}


@adapter("argocd", TYPES, "TestAppSourceEquality_HelmValuesObject")
def same_values(row: Row) -> None:
    left, right = (values_object(row.fields.get(name)) for name in ("a", "b"))
    assert source.same(left, right) is row.value("expected")


@adapter("argocd", TYPES, "TestOptionalArrayEquality", "TestOptionalMapEquality")
def optional(row: Row) -> None:
    key = "array" if row.test.startswith("TestOptionalArray") else "map"
    # The file writes a nil pointer and one to an empty value the same way; the row's name says which it is.
    words = str(row.fields["name"]).removesuffix(" different").removesuffix(" same").split(" and ")
    sides = [
        None if word == "nil" else row.fields.get(name) or {} for name, word in zip(("a", "b"), words, strict=False)
    ]
    assert environment.optional_equal(sides[0], sides[1], key) is row.value("expected")


@adapter("argocd", TYPES, "TestGetSource", "TestGetSources")
def spec_sources(row: Row) -> None:
    spec = dict(row.fields["appSpec"])
    for key, flag in (("sources", "hasSources"), ("source", "hasSource")):
        if not row.value(flag):
            spec.pop(key, None)
    if row.test == "TestGetSource":
        assert bare(source.first_of(spec)) == bare(row.fields.get("expectedSource") or {})
    else:
        assert bare(source.all_of(spec)) == bare(row.fields.get("expectedSources") or [])


@adapter("argocd", TYPES, "TestApplicationSpec_GetSourcePtrByIndex")
def source_at(row: Row) -> None:
    found = source.at_index(row.fields.get("application") or {}, row.value("sourceIndex"))
    assert bare(found) == bare(row.fields.get("expected"))


@adapter("argocd", TYPES, "TestSourceHydrator_Equals", "TestIgnoreDifferences_Equals")
def equality(row: Row) -> None:
    compare = source.same_hydrator if row.test.startswith("TestSourceHydrator") else source.same_ignored
    assert compare(row.fields.get("a") or {}, row.fields.get("b") or {}) is row.value("expected")


@adapter("argocd", TYPES, "TestGetDrySource_PreservesAllFields")
def dry_source(row: Row) -> None:
    found = source.dry_source(row.fields["hydrator"])
    assert not [name for name in row.value("wantNil") if found.get(name.lower()) is not None]
    assert not [name for name in row.value("wantNotNil") if found.get(name.lower()) is None]


@adapter("argocd", TYPES, "TestSyncStrategy_Force", "TestSyncOperation_IsApplyStrategy")
def strategy(row: Row) -> None:
    if row.test == "TestSyncStrategy_Force":
        given = {key.lower(): value for key, value in (row.fields.get("fields") or {}).items()}
        assert policy.forced(given) is row.value("want")
        return
    given = (row.fields.get("fields") or {}).get("SyncStrategy")
    assert policy.is_apply({"syncStrategy": given}) is row.value("want")


@adapter("argocd", TYPES, "TestResourceResults_Find")
def find_result(row: Row) -> None:
    wanted = dict(row.fields.get("args") or {})
    wanted["syncPhase"] = wanted.pop("phase", wanted.get("syncPhase", ""))
    index, found = policy.find_result(row.fields.get("r"), wanted)
    assert index == row.value("want", 0)
    assert bare(found) == bare(row.fields.get("want1"))


@adapter("argocd", TYPES, "TestResourceResults_PruningRequired")
def pruning_required(row: Row) -> None:
    assert policy.pruning_required(row.fields.get("r")) == row.value("wantNum", 0)


@adapter("argocd", TYPES, "TestSyncPolicyAutomatedSerialisation")
def automated(row: Row) -> None:
    text = yaml.dump({"automated": row.fields.get("automated") or {}})
    found = next(iter(yaml.load_all(text, "policy"))).data["automated"] or {}
    assert {key: key in found for key in row.value("wantPresent")} == row.value("wantPresent")
    assert {key: found[key] for key in row.value("wantValues")} == row.value("wantValues")


@adapter("argocd", TYPES, "TestSetConditions")
def set_conditions(row: Row) -> None:
    evaluated = row.value("evaluatedTypes")
    found = conditions.merged(
        row.fields.get("existing") or [],
        row.fields.get("incoming") or [],
        list(evaluated),
        row.now,
    )
    wanted = row.fields.get("expected") or []
    assert [(one["type"], one.get("message", "")) for one in found] == [
        (one["type"], one.get("message", "")) for one in wanted
    ]


def explicit_type(given: Mapping[str, Any]) -> calls.Results:
    try:
        return calls.Results((source.explicit_type(given) or None, None))
    except Invalid as error:
        return calls.Results((None, error))


def new_parameter(text: str, force: bool) -> Any:
    return parameters.helm_parameter(text, force_string=force), None


def fine(function: Any) -> Any:
    """Answer with a nil error beside the result."""
    return lambda *arguments: (function(*arguments), None)


CALLS = {
    "v1alpha1.ApplicationSource.ExplicitType": explicit_type,
    "v1alpha1.ApplicationSource.Equals": source.same,
    "v1alpha1.ApplicationSource.AllowsConcurrentProcessing": source.allows_concurrent_processing,
    "v1alpha1.ApplicationSourcePlugin.RemoveEnvEntry": lambda *given: environment.without_entry(*given) and None,
    "v1alpha1.ApplicationSourcePluginParameters.Environ": fine(environment.plugin_environ),
    "v1alpha1.NewHelmParameter": new_parameter,
    "v1alpha1.NewKustomizeReplica": fine(parameters.kustomize_replica),
    "v1alpha1.KustomizeReplica.GetIntCount": fine(parameters.replica_count),
    "v1alpha1.KustomizeReplicas.FindByName": parameters.find_replica,
    "v1alpha1.KustomizeImage.Match": parameters.same_image,
    "v1alpha1.NewJsonnetVar": lambda text, code: parameters.jsonnet_variable(text, code=code),
    "v1alpha1.Env.Envsubst": environment.substitute,
    "v1alpha1.SyncPolicy.IsZero": policy.policy_is_zero,
    "v1alpha1.SyncOptions.HasOption": lambda given, text: policy.has_option(given or [], text),
    "v1alpha1.SyncOptions.AddOption": lambda given, text: policy.add_option(given or [], text),
    "v1alpha1.SyncOptions.RemoveOption": lambda given, text: policy.remove_option(given or [], text),
    "v1alpha1.RevisionHistories.Trunc": lambda given, size: policy.truncated(given or [], size),
    "v1alpha1.ApplicationSpec.GetRevisionHistoryLimit": policy.history_limit,
    "v1alpha1.ApplicationSpec.GetHydrateToSource": source.hydrate_to,
    "v1alpha1.SourceHydrator.GetSyncSource": source.sync_source,
    "v1alpha1.SourceHydrator.GetDrySource": source.dry_source,
    "v1alpha1.ApplicationStatus.GetConditions": lambda status, types: conditions.of_types(
        status.get("conditions") or [], [key for key, wanted in types.items() if wanted]
    ),
    "v1alpha1.ApplicationTree.GetSummary": tree.summary,
    "v1alpha1.ApplicationTree.GetShards": tree.shards,
    "v1alpha1.Application.RBACName": lambda app, default: names.rbac(
        default,
        (app.get("spec") or {}).get("project") or "default",
        app["metadata"].get("namespace", ""),
        app["metadata"]["name"],
    ),
}
METHODS = {"AddOption": policy.add_option, "RemoveOption": policy.remove_option}


@adapter(
    "argocd",
    TYPES,
    "TestExplicitType",
    "TestExplicitTypeWithDirectory",
    "TestAppSourceEquality",
    "TestNewHelmParameter",
    "TestNewKustomizeReplica",
    "TestKustomizeReplica_GetIntCount",
    "TestApplicationSourceKustomize_FindByName",
    "TestEnv_Envsubst",
    "TestEnv_Envsubst_Overlap",
    "TestEnvsubst",
    "TestKustomizeImage_Match",
    "TestApplicationStatus_GetConditions",
    "TestNewJsonnetVar",
    "TestSyncPolicy_IsZero",
    "TestSyncOptions_HasOption",
    "TestSyncOptions_AddOption",
    "TestSyncOptions_RemoveOption",
    "TestRevisionHistories_Trunc",
    "TestApplicationSpec_GetRevisionHistoryLimit",
    "TestSourceAllowsConcurrentProcessing_KustomizeParams",
    "TestRemoveEnvEntry",
    "Test_RBACName",
    "TestGetSummary",
    "TestGetAppOfAppSummary",
    "TestApplicationSourcePluginParameters_Environ_string",
    "TestApplicationSourcePluginParameters_Environ_array",
    "TestApplicationSourcePluginParameters_Environ_map",
    "TestApplicationSourcePluginParameters_Environ_all",
    "TestApplicationTree_GetShards",
    "TestSourceHydrator_GetSyncSource",
    "TestSourceHydrator_GetSyncSource_DefaultRepoURL",
    "TestApplicationSpec_GetHydrateToSource_UsesSyncSourceRepo",
)
def source_calls(row: Row) -> None:
    calls.run(row, CALLS, METHODS)
