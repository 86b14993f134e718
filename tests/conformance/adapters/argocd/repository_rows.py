# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of repositories, clusters and ApplicationSets as upstream's API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import appsets, conditions, names
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import repository
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.argocd.project_rows import rejected
from tests.conformance.registry import Row, adapter

TYPES = "pkg/apis/application/v1alpha1/types_test.go"
REPOSITORY = "pkg/apis/application/v1alpha1/repository_types_test.go"
SETS = "pkg/apis/application/v1alpha1/applicationset_types_test.go"
LOGIN_NAMES = {
    "appID": "githubAppID",
    "appInstallId": "githubAppInstallationID",
    "privateKey": "githubAppPrivateKey",
    "tenantID": "azureServicePrincipalTenantId",
    "clientID": "azureServicePrincipalClientId",
    "clientSecret": "azureServicePrincipalClientSecret",
}
CHECKS = {
    "TestRepository_HasCredentials": repository.has_credentials,
    "TestRepository_IsInsecure": repository.is_insecure,
    "TestRepository_IsLFSEnabled": repository.uses_lfs,
}
COPIES = {
    "TestRepository_CopyCredentialsFromRepo": repository.with_credentials_of,
    "TestRepository_CopyCredentialsFrom": repository.with_template,
    "TestRepository_CopySettingsFrom": repository.with_settings_of,
}


def given(value: Any) -> Any:
    """Return plain data without the fields that are zero: a switch that is off is the same as none."""
    if isinstance(value, Mapping):
        return {key: item for key, item in ((k, given(v)) for k, v in value.items()) if item not in (False, None, 0)}
    return bare(value)


@adapter("argocd", TYPES, *CHECKS)
def checks(row: Row) -> None:
    assert CHECKS[row.test](row.fields.get("repo") or {}) is row.value("want")


@adapter("argocd", TYPES, *COPIES)
def copies(row: Row) -> None:
    found = COPIES[row.test](row.fields.get("repo") or {}, row.fields.get("source"))
    assert bare(given(found)) == bare(given(row.fields.get("want") or {}))


@adapter("argocd", TYPES, "TestCluster_ParseProxyUrl")
def proxy_url(row: Row) -> None:
    error = rejected(repository.proxy_url, row.value("url"))
    wanted = row.value("expectedErrMsg")
    assert wanted.lower() in str(error).lower() if wanted else error is None, str(error)


@adapter("argocd", REPOSITORY, "TestGetGitCreds")
def login(row: Row) -> None:
    _, found = repository.login(row.fields.get("repo"))
    expected = {LOGIN_NAMES.get(key, key): value for key, value in (row.fields.get("expected") or {}).items()}
    wanted = {key: value for key, value in expected.items() if key in found or value}
    assert bare(given({key: found.get(key) for key in wanted})) == bare(given(wanted))


@adapter("argocd", REPOSITORY, "TestRepository_Normalize")
def normalize(row: Row) -> None:
    assert repository.normalized(row.fields.get("repo") or {})["type"] == row.value("wantType")


@adapter("argocd", REPOSITORY, "TestSanitizedRepository", "TestSanitizedRepositoryPreservesDepthZero")
@adapter("argocd", TYPES, "TestSanitized")
def sanitized(row: Row) -> None:
    functions = {
        "v1alpha1.Repository.Sanitized": repository.sanitized,
        "v1alpha1.Cluster.Sanitized": repository.sanitized_cluster,
    }
    calls.run(row, functions)


@adapter("argocd", SETS, "TestApplicationSetCalculateHealth")
def set_health(row: Row) -> None:
    found = conditions.set_health(row.fields.get("conditions") or [])
    assert (found.status, found.message) == (row.value("expectedHealth"), row.value("expectedMsg"))


def set_name(obj: Mapping[str, Any], default: str) -> str:
    project = (((obj.get("spec") or {}).get("template") or {}).get("spec") or {}).get("project") or "default"
    return names.rbac(default, project, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


@adapter(
    "argocd",
    SETS,
    "TestApplicationsSyncPolicy",
    "TestApplicationSetRBACName",
    "TestSCMProviderGeneratorGitlab_WillIncludeSharedProjects",
)
def set_calls(row: Row) -> None:
    functions = {
        "v1alpha1.ApplicationsSyncPolicy.AllowDelete": appsets.may_delete,
        "v1alpha1.ApplicationsSyncPolicy.AllowUpdate": appsets.may_update,
        "v1alpha1.ApplicationSet.RBACName": set_name,
        "v1alpha1.SCMProviderGeneratorGitlab.WillIncludeSharedProjects": appsets.gitlab_shared_projects,
    }
    calls.run(row, functions)
