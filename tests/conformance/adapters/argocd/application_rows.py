# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of upstream's helpers around Applications: selection, names, validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import conditions, names
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import select, source, validate
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model.settings import comma_list
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row, Skip, adapter

ARGO = "util/argo/argo_test.go"


@adapter("argocd", ARGO, "TestIncludeResource")
def included(row: Row) -> None:
    kind = row.fields.get("gvk") or {}
    filters = row.fields.get("syncOperationResource") or []
    found = select.included(
        filters, kind.get("Group", ""), kind.get("Kind", ""), row.value("namespace"), row.value("name")
    )
    assert found is row.value("expectedResult")


@adapter("argocd", ARGO, "TestContainsSyncResource")
def selected(row: Row) -> None:
    obj = row.fields.get("u") or {}
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    meta = obj.get("metadata") or {}
    found = select.is_selected(
        row.fields.get("rr") or [], group, obj.get("kind", ""), meta.get("namespace", ""), meta.get("name", "")
    )
    assert found is row.value("expected")


@adapter("argocd", ARGO, "TestFilterByCluster")
def by_cluster(row: Row) -> None:
    assert len(select.by_cluster(row.table["context"]["apps"], row.value("cluster"))) == row.value("expected")


@adapter("argocd", ARGO, "Test_ParseAppQualifiedName", "Test_ParseAppInstanceName")
def parsed(row: Row) -> None:
    parse = names.from_qualified if row.test == "Test_ParseAppQualifiedName" else names.from_instance
    found = parse(row.value("input"), row.value("implicitNs"))
    assert (found.name, found.namespace) == (row.value("appName"), row.value("appNs"))


@adapter("argocd", ARGO, "Test_AppInstanceName")
def instance(row: Row) -> None:
    found = names.instance(row.value("appName"), row.value("appNamespace"), row.value("defaultNs"))
    assert found == row.value("result")


@adapter("argocd", ARGO, "Test_AppInstanceNameFromQualified")
def instance_of_qualified(row: Row) -> None:
    assert names.instance_of_qualified(row.value("appName"), row.value("defaultNs")) == row.value("result")


@adapter("argocd", ARGO, "TestGetAppEventLabels")
def event_labels(row: Row) -> None:
    include, exclude = (comma_list(row.value(name)) for name in ("cmInEventLabelKeys", "cmExEventLabelKeys"))
    found = select.event_labels(row.fields.get("appLabels"), row.fields.get("projLabels"), include, exclude)
    assert found == (row.fields.get("expectedEventLabels") or {})


@adapter("argocd", ARGO, "TestValidateManagedByURL")
def managed_by(row: Row) -> None:
    found = validate.managed_by_url(row.fields.get("app") or {})
    assert bool(found) is row.value("wantErr")
    if found and row.value("wantErrMsg"):
        assert row.value("wantErrMsg") in found[0]["message"], found


@adapter("argocd", ARGO, "Test_GetSyncedRefSources")
def synced_refs(row: Row) -> None:
    found = select.synced_refs(
        row.fields.get("refSources") or {}, row.fields.get("sources") or [], row.fields.get("syncedRevisions") or []
    )
    assert bare(found) == bare(row.fields.get("result") or {})


def permissions(spec: Mapping[str, Any], project: Mapping[str, Any], _database: Any) -> Any:
    """Answer for a database that knows the cluster of every address and of no name.

    What upstream's fake database answers is not in the row, so rows in which only that decides are not run.
    """
    target = spec.get("destination") or {}
    known = [{"server": target["server"]}] if target.get("server") else []
    found = validate.permissions(spec, project, known)
    if not found:
        raise Skip("the answer of upstream's fake database is not in the row")
    return found, None


def destination(target: Mapping[str, Any], clusters: Any) -> Any:
    if target.get("server") and not target.get("name"):
        raise Skip("the answer of upstream's fake database is not in the row")
    return validate.destination_cluster(target, clusters or []), None


def by_name(apps: Sequence[Any], name: str) -> calls.Results:
    try:
        return calls.Results((select.by_name(apps, name), None))
    except Invalid as error:
        return calls.Results(([], error))


def by_name_or_none(apps: Sequence[Any], name: str) -> Sequence[Any]:
    return by_name(apps, name)[0]


CALLS = {
    "argo.NormalizeApplicationSpec": validate.normalized,
    "argo.APIResourcesToStrings": lambda given, kinds: select.api_versions(given, kinds=kinds),
    "argo.FormatAppConditions": conditions.formatted,
    "argo.FilterByProjects": select.by_projects,
    "argo.FilterByProjectsP": select.by_projects,
    "argo.FilterAppSetsByProjects": select.sets_by_projects,
    "argo.FilterByRepo": select.by_repo,
    "argo.FilterByRepoP": select.by_repo,
    "argo.FilterByPath": select.by_path,
    "argo.FilterByName": by_name,
    "argo.FilterByNameP": by_name_or_none,
    "argo.ValidatePermissions": permissions,
    "argo.GetDestinationCluster": destination,
    "argo.GetDifferentPathsBetweenStructs": lambda left, right: (select.differing(left, right), None),
    "argo.GenerateSpecIsDifferentErrorMessage": select.differs_message,
}


@adapter(
    "argocd",
    ARGO,
    "TestNilOutZerValueAppSources",
    "TestValidatePermissionsEmptyDestination",
    "TestAPIResourcesToStrings",
    "TestFormatAppConditions",
    "TestFilterByProjects",
    "TestFilterByProjectsP",
    "TestFilterAppSetsByProjects",
    "TestFilterByRepo",
    "TestFilterByRepoP",
    "TestFilterByPath",
    "TestValidatePermissions",
    "TestValidatePermissions_SourceHydratorSyncSourceRepo",
    "TestGetDestinationCluster",
    "TestFilterByName",
    "TestFilterByNameP",
    "Test_GetDifferentPathsBetweenStructs",
    "Test_GenerateSpecIsDifferentErrorMessageWithNoDiff",
    "Test_GenerateSpecIsDifferentErrorMessageWithDiff",
    "TestValidatePermissionsMultipleSources",
)
def application_calls(row: Row) -> None:
    calls.run(row, CALLS, {"GetSource": source.first_of})
