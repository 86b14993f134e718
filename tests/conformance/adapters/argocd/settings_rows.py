# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of Argo CD's settings, logins, access policies and the bounds of paths and namespaces."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import paths
from ansible_collections.slipway.gitops.plugins.module_utils._core.duration import format_go
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import names
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model import login, rbac, settings, validate
from tests.conformance.adapters.argocd import calls
from tests.conformance.adapters.argocd.project_rows import rejected
from tests.conformance.registry import Row, Skip, adapter

SETTINGS = "util/settings/settings_test.go"
RBAC = "util/rbac/rbac_test.go"


@adapter("argocd", SETTINGS, "TestGetExtensionConfigs")
def extensions(row: Row) -> None:
    found = settings.extension_configs(row.value("input"))
    assert found == row.value("expected")
    assert len(found) == row.value("expectedLen", len(found))


@adapter("argocd", SETTINGS, "TestSettingsManager_GetEventLabelKeys")
def event_labels(row: Row) -> None:
    assert settings.comma_list(row.value("data")) == row.value("expectedKeys")


@adapter("argocd", SETTINGS, "TestRedirectURL")
def redirect(row: Row) -> None:
    url = str(row.fields.get("$key", ""))
    assert [login.callback(url), login.dex_callback(url)] == row.value("value")


@adapter("argocd", SETTINGS, "Test_validateExternalURL")
def external_url(row: Row) -> None:
    error = rejected(validate.external_url, row.value("url"))
    assert (str(error) if error else "") == row.value("errMsg")


@adapter("argocd", SETTINGS, "TestGetEnableManifestGeneration")
def source_types(row: Row) -> None:
    assert settings.enabled_source_types(row.value("data"))[row.value("source")] is row.value("enabled")


@adapter("argocd", SETTINGS, "TestGetHelmSettings")
def helm_schemes(row: Row) -> None:
    assert settings.value_file_schemes(row.value("data")) == (row.fields.get("expected") or [])


@adapter("argocd", SETTINGS, "TestArgoCDSettings_OIDCTLSConfig_OIDCTLSInsecureSkipVerify")
def oidc_tls(row: Row) -> None:
    raise Skip("certificates with which Argo CD's server calls an identity provider")


def urls(row: Row) -> list[str]:
    given = row.fields.get("Settings") or {}
    return [str(given.get("url") or ""), *(given.get("additionalUrls") or [])]


@adapter("argocd", SETTINGS, "TestRedirectURLForRequest")
def redirect_for(row: Row) -> None:
    try:
        found = login.callback_for(urls(row), row.value("RequestURL"))
    except Invalid as error:
        assert row.value("ExpectError"), str(error)
        return
    assert not row.value("ExpectError")
    assert found == row.value("ExpectedURL")


@adapter("argocd", SETTINGS, "TestRedirectAdditionalURLs")
def redirects(row: Row) -> None:
    try:
        found = [login.callback(url) for url in urls(row)[1:]]
    except Invalid as error:
        assert row.value("ExpectedError"), str(error)
        return
    assert not row.value("ExpectedError")
    assert found == row.value("ExpectedResult")


def oidc_text(row: Row) -> str:
    given = row.fields.get("Settings") or row.fields.get("settings") or {}
    return str(given.get("oidcConfig") or "")


@adapter("argocd", SETTINGS, "Test_OAuth2AllowedAudiences")
def audiences(row: Row) -> None:
    dex = str((row.fields.get("settings") or {}).get("dexConfig") or "")
    assert login.audiences(oidc_text(row), dex) == (row.fields.get("expected") or [])


@adapter("argocd", SETTINGS, "TestUseAzureWorkloadIdentity", "TestAzureUserGroupOverageClaimEnabled")
def azure_switches(row: Row) -> None:
    key = "useWorkloadIdentity" if row.test == "TestUseAzureWorkloadIdentity" else "enableUserGroupOverageClaim"
    assert bool(login.azure(oidc_text(row)).get(key)) is row.value("ExpectedResult")


@adapter("argocd", SETTINGS, "TestAzureGraphAPIEndpoint")
def azure_graph(row: Row) -> None:
    assert login.azure_graph(oidc_text(row)) == row.value("ExpectedResult")


@adapter("argocd", SETTINGS, "TestAzureUserGroupOverageClaimCacheExpiration")
def azure_cache(row: Row) -> None:
    assert format_go(login.azure_cache_seconds(oidc_text(row))) == row.fields.get("ExpectedResult", "0s")


@adapter("argocd", SETTINGS, "TestSettingsManager_GetHideSecretAnnotations")
def annotations(row: Row) -> None:
    found = settings.sensitive_annotations({"resource.sensitive.mask.annotations": row.value("input")})
    assert found == set(row.fields.get("output") or {})


@adapter("argocd", SETTINGS, "TestSettingsManager_GetAllowedNodeLabels")
def node_labels(row: Row) -> None:
    found = settings.allowed_node_labels({"application.allowedNodeLabels": row.value("input")})
    assert found == row.value("output")


@adapter("argocd", SETTINGS, "TestIsRepositorySecret", "TestIsSettingsObject", "TestIsArgoCDConfigMap")
def objects(row: Row) -> None:
    checks = {
        "TestIsRepositorySecret": settings.is_repository_secret,
        "TestIsSettingsObject": settings.is_settings_object,
        "TestIsArgoCDConfigMap": settings.is_config_map,
    }
    assert checks[row.test](row.fields.get("obj")) is row.value("expected")


@adapter("argocd", SETTINGS, "TestSettingsManager_GetWebhookRefreshJitter")
def jitter(row: Row) -> None:
    data = {} if row.value("notConfigured") else {"webhook.refresh.jitter": row.value("input")}
    assert format_go(settings.refresh_jitter(data)) == row.fields.get("output", "0s")


@adapter("argocd", SETTINGS, "Test_getDexAuthConnectorID", "Test_updateSettingsFromConfigMap_DexAuthConnectorID")
def connector(row: Row) -> None:
    if row.test == "Test_getDexAuthConnectorID":
        assert login.dex_connector(row.value("cmData")) == row.value("expectedConnector")
    else:
        assert login.forced_connector(row.value("cmData")) == row.value("expectedConnectorID")


@adapter("argocd", SETTINGS, "TestConvertToOverrideKey", "Test_GetKustomizeBinaryPath", "TestReplaceStringSecret")
def settings_calls(row: Row) -> None:
    functions: dict[str, Any] = {
        "settings.convertToOverrideKey": lambda text: (settings.override_key(text), None),
        "settings.GetKustomizeBinaryPath": lambda given, one: (settings.kustomize_binary(given, one), None),
        "settings.ReplaceStringSecret": settings.with_secret,
    }
    calls.run(row, functions)


@adapter("argocd", "util/security/application_namespaces_test.go", "Test_IsNamespaceEnabled")
def namespace_enabled(row: Row) -> None:
    found = names.namespace_enabled(
        row.value("namespace"), row.value("serverNamespace"), row.value("enabledNamespaces")
    )
    assert found is row.value("expectedResult")


@adapter("argocd", "util/security/path_traversal_test.go", "TestEnforceToCurrentRoot")
def within(row: Row) -> None:
    calls.run(row, {"security.EnforceToCurrentRoot": lambda *given: (paths.enforce_within(*given), None)})


@adapter("argocd", "util/security/rbac_test.go", "Test_AppRBACName")
def rbac_name(row: Row) -> None:
    found = names.rbac(row.value("defaultNS"), row.value("project"), row.value("namespace"), row.value("appName"))
    assert found == row.value("expectedResult")


@adapter("argocd", RBAC, "TestBuiltinPolicyEnforcer")
def enforced(row: Row) -> None:
    raise Skip("who may use Argo CD's own API is enforced by Argo CD; here the cluster's RBAC decides")


@adapter("argocd", RBAC, "TestValidatePolicy")
def policy_texts(row: Row) -> None:
    error = rejected(rbac.policies, row.value("value"))
    assert (error is None) is ("accepted" in row.table["how"]), str(error)


def checked(read: Any) -> Any:
    """Answer with nothing but the error of a reader; the model that upstream reads into does not matter."""

    def answer(text: str, *_model: Any) -> None:
        read(text)

    return answer


@adapter(
    "argocd",
    RBAC,
    "TestPolicyCSV",
    "TestValidatePolicyCheckUserDefinedPolicyReferentialIntegrity",
    "TestGlobMatchFunc",
    "TestLoadPolicyLine",
)
def policy_calls(row: Row) -> None:
    functions: dict[str, Any] = {
        "rbac.PolicyCSV": rbac.policy_text,
        "rbac.ValidatePolicy": checked(rbac.policies),
        "rbac.globMatchFunc": lambda *given: (rbac.matches(*given), None),
        "rbac.loadPolicyLine": checked(rbac.policy_line),
        "rbac.newBuiltInModel": lambda: None,
    }
    calls.run(row, functions)
