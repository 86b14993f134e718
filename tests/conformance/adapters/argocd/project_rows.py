# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of AppProjects: what they permit, how they are checked, their roles and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import projects
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import project
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row, adapter

TYPES = "pkg/apis/application/v1alpha1/types_test.go"


def rejected(check: Any, *arguments: Any) -> SlipwayError | None:
    """Return the error of a check, None when it accepts."""
    try:
        check(*arguments)
    except Invalid as error:
        return error
    return None


@adapter("argocd", TYPES, "TestAppProject_IsSourcePermitted", "TestAppProject_IsNegatedSourcePermitted")
def sources(row: Row) -> None:
    spec = {"sourceRepos": row.value("projSources")}
    assert projects.source_permitted(spec, row.value("appSource")) is row.value("isPermitted")


@adapter(
    "argocd",
    TYPES,
    "TestAppProject_IsDestinationPermitted",
    "TestAppProject_IsNegatedDestinationPermitted",
    "TestAppProject_IsDestinationPermitted_PermitOnlyProjectScopedClusters",
)
def destinations(row: Row) -> None:
    scoped = row.test.endswith("PermitOnlyProjectScopedClusters")
    spec = {"destinations": row.value("projDest"), "permitOnlyProjectScopedClusters": scoped}
    wanted = row.fields["appDest"]
    where = (str(wanted.get(key) or "") for key in ("server", "name", "namespace"))
    permitted = projects.destination_permitted(spec, *where, row.fields.get("clusters") or [])
    assert permitted is row.value("isPermitted")


@adapter("argocd", TYPES, "TestGlobMatch")
def glob_match(row: Row) -> None:
    found = projects.glob_match(row.value("pattern"), row.value("val"), negation=row.value("allowNegation"))
    assert found is row.value("expected")


def with_role(**role: Any) -> dict[str, Any]:
    """Return upstream's test project with its one role changed."""
    changed = {"name": "my-role", **role}
    return {"metadata": {"name": "my-proj"}, "spec": {"destinations": [{}], "roles": [changed]}}


@adapter("argocd", TYPES, "TestAppProject_ValidateRoleName", "TestAppProject_ValidateGroupName")
@adapter("argocd", TYPES, "TestAppProject_ValidPolicyRules", "TestAppProject_InvalidPolicyRules")
def project_texts(row: Row) -> None:
    if row.kind == "assertions":
        project_calls(row)
        return
    if row.test.endswith("InvalidPolicyRules"):
        error = rejected(project.validate, with_role(policies=[row.value("policy")]))
        assert error is not None
        assert row.value("errmsg") in str(error), str(error)
        return
    text = row.value("value")
    given = {"RoleName": {"name": text}, "GroupName": {"groups": [text]}, "PolicyRules": {"policies": [text]}}
    change = next(change for key, change in given.items() if row.test.endswith(key))
    error = rejected(project.validate, with_role(**change))
    assert (error is None) is ("accepts" in row.table["how"]), str(error)


@adapter("argocd", TYPES, "TestAppProject_ValidateDestinationServiceAccount")
def service_accounts(row: Row) -> None:
    account = {key: row.value(key) for key in ("server", "namespace", "defaultServiceAccount")}
    subject = with_role()
    subject["spec"]["destinationServiceAccounts"] = [account]
    error = rejected(project.validate, subject)
    wanted = row.value("expectedErrMsg")
    assert (str(error) if error else "") == wanted


@adapter("argocd", TYPES, "TestRoleGroupExists")
def group_exists(row: Row) -> None:
    assert project.group_exists(row.fields.get("role") or {}) is row.value("expected")


@adapter("argocd", TYPES, "TestAppProjectSpec_DestinationClusters")
def clusters(row: Row) -> None:
    assert projects.destination_clusters({"destinations": row.fields.get("destinations")}) == row.value("want")


@adapter("argocd", TYPES, "TestAppProject_EffectiveSourceIntegrity")
def source_integrity(row: Row) -> None:
    assert bare(projects.source_integrity(row.fields.get("spec") or {})) == bare(row.fields.get("expected"))


@adapter("argocd", TYPES, "Test_isValidPolicyObject")
def policy_object(row: Row) -> None:
    assert project.is_valid_object("some-project", row.value("policy")) is row.value("isValid")


@adapter("argocd", TYPES, "TestIsValidAction")
def policy_action(row: Row) -> None:
    assert project.is_valid_action(row.value("action")) is row.value("want")


@adapter("argocd", TYPES, "Test_validateGroupName")
def group_name(row: Row) -> None:
    error = rejected(project.validate_group_name, row.value("groupname"))
    assert (error is None) is row.value("isvalid"), str(error)


def spec_of(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    return obj.get("spec") or {}


def kind_permitted(obj: Mapping[str, Any], kind: Mapping[str, str], name: str, namespaced: bool) -> bool:
    return projects.kind_permitted(
        spec_of(obj), kind.get("Group", ""), kind.get("Kind", ""), name, namespaced=namespaced
    )


def app_namespace(obj: Mapping[str, Any], app: Mapping[str, Any], control: str) -> bool:
    return projects.app_namespace_permitted(spec_of(obj), app["metadata"].get("namespace", ""), control)


def role_by_name(obj: Any, name: str) -> calls.Results:
    try:
        return calls.Results((*project.role_by_name(obj, name), None))
    except SlipwayError as error:
        return calls.Results((None, -1, error))


def changed_by(change: Any) -> Any:
    """Answer (changed, error) from a function that returns (object, changed)."""

    def answer(obj: Any, role: str, group: str) -> calls.Results:
        try:
            return calls.Results((change(obj, role, group)[1], None))
        except SlipwayError as error:
            return calls.Results((False, error))

    return answer


CALLS = {
    "v1alpha1.AppProject.IsGroupKindNamePermitted": kind_permitted,
    "v1alpha1.AppProject.IsAppNamespacePermitted": app_namespace,
    "v1alpha1.AppProject.ValidateProject": project.validate,
    "v1alpha1.AppProject.GetRoleByName": role_by_name,
    "v1alpha1.AppProject.AddGroupToRole": changed_by(project.add_group),
    "v1alpha1.AppProject.RemoveGroupFromRole": changed_by(project.remove_group),
    "v1alpha1.AppProject.NormalizeJWTTokens": lambda obj: project.normalize_tokens(obj)[1],
    "v1alpha1.validatePolicy": project.validate_policy,
    "v1alpha1.OrphanedResourcesMonitorSettings.IsWarn": projects.warns_of_orphans,
}


@adapter(
    "argocd",
    TYPES,
    "TestAppProject_IsGroupKindPermitted",
    "TestAppProject_GetRoleByName",
    "TestAppProject_AddGroupToRole",
    "TestAppProject_RemoveGroupFromRole",
    "TestAppProject_ValidateSources",
    "TestAppProject_ValidateDestinations",
    "TestAppProject_ValidateSyncWindowList",
    "TestAppProjectIsSourceNamespacePermitted",
    "TestProjectNormalize",
    "Test_validatePolicy_projIsNotRegex",
    "Test_validatePolicy_ValidResource",
    "TestOrphanedResourcesMonitorSettings_IsWarn",
)
def project_calls(row: Row) -> None:
    calls.run(row, CALLS)
