# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Repositories and clusters with their credentials: what is inherited, what may be shown, how a login is done. Pure.

Objects have the names of upstream's API; functions return new objects.
Source: argo-cd v3.6 pkg/apis/application/v1alpha1/{repository_types,types}.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid
from ..._lang import giturl, gourl

Repository = Mapping[str, Any]
_CREDENTIALS = (
    "username", "password", "bearerToken", "sshPrivateKey", "tlsClientCertData", "tlsClientCertKey",
    "githubAppPrivateKey", "githubAppID", "githubAppInstallationID", "githubAppEnterpriseBaseUrl", "gcpServiceAccountKey",
    "azureServicePrincipalClientId", "azureServicePrincipalClientSecret", "azureServicePrincipalTenantId",
)  # fmt: skip
_SWITCHES = ("forceHttpBasicAuth", "useAzureWorkloadIdentity")
_SETTINGS = ("enableLfs", "insecureIgnoreHostKey", "insecure", "inheritedCreds")
_PROVES = (
    "username", "password", "bearerToken", "sshPrivateKey", "tlsClientCertData", "githubAppPrivateKey",
    "useAzureWorkloadIdentity", "azureServicePrincipalClientSecret",
)  # fmt: skip
_SHOWN = (
    "repo", "type", "name", "username", "enableLfs", "enableOCI", "insecureOCIForceHttp", "proxy", "noProxy", "project",
    "forceHttpBasicAuth", "inheritedCreds", "githubAppID", "githubAppInstallationID", "githubAppEnterpriseBaseUrl",
    "useAzureWorkloadIdentity", "azureServicePrincipalClientId", "azureServicePrincipalTenantId", "depth",
)  # fmt: skip
_CLUSTER_SHOWN = (
    "ID", "server", "name", "namespaces", "info", "project", "labels", "annotations", "shard", "clusterResources",
    "refreshRequestedAt", "connectionState", "serverVersion",
)  # fmt: skip
_PROXIES = ("http", "https", "socks5")


def is_insecure(repo: Repository) -> bool:
    """Return whether certificates and host keys are not checked."""
    return bool(repo.get("insecureIgnoreHostKey") or repo.get("insecure"))


def uses_lfs(repo: Repository) -> bool:
    """Return whether large files are fetched."""
    return bool(repo.get("enableLfs"))


def has_credentials(repo: Repository) -> bool:
    """Return whether the repository has credentials of its own, so that no template is used."""
    return any(repo.get(key) for key in _PROVES)


def with_credentials_of(repo: Repository, other: Repository | None) -> dict[str, Any]:
    """Return the repository with what it lacks of credentials taken from another repository."""
    return _inherited(repo, other, _CREDENTIALS)


def with_template(repo: Repository, template: Repository | None) -> dict[str, Any]:
    """Return the repository with what it lacks taken from a credential template, proxy included."""
    return _inherited(repo, template, (*_CREDENTIALS, "proxy", "noProxy"))


def _inherited(repo: Repository, other: Repository | None, keys: tuple[str, ...]) -> dict[str, Any]:
    if other is None:
        return dict(repo)
    lacking = {key: other[key] for key in keys if not repo.get(key) and other.get(key)}
    return {**repo, **lacking, **{key: bool(other.get(key)) for key in _SWITCHES}}


def with_settings_of(repo: Repository, other: Repository | None) -> dict[str, Any]:
    """Return the repository with the settings of another."""
    return dict(repo) if other is None else {**repo, **{key: bool(other.get(key)) for key in _SETTINGS}}


def normalized(repo: Repository) -> dict[str, Any]:
    """Return the repository with its type, which is git where none is given."""
    return {**repo, "type": repo.get("type") or "git"}


def sanitized(repo: Repository) -> dict[str, Any]:
    """Return what may be shown of a repository: no password, key or token."""
    return {**{key: repo[key] for key in _SHOWN if key in repo}, "insecure": is_insecure(repo)}


def sanitized_cluster(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be shown of a cluster: of its configuration only how the server is verified."""
    tls = (cluster.get("config") or {}).get("tlsClientConfig") or {}
    shown = {key: tls[key] for key in ("insecure", "serverName") if key in tls}
    return {**{key: cluster[key] for key in _CLUSTER_SHOWN if key in cluster}, "config": {"tlsClientConfig": shown}}


def login(repo: Repository | None) -> tuple[str, dict[str, Any]]:
    """Return how to log in at a Git repository, and with what.

    The way is https, ssh, github-app, google-cloud, azure, azure-service-principal or none, in this order of preference.
    """
    given = repo or {}
    tls = {"clientCertData": given.get("tlsClientCertData"), "clientCertKey": given.get("tlsClientCertKey")}
    common = {"insecure": is_insecure(given), "proxy": given.get("proxy"), "noProxy": given.get("noProxy")}
    if given.get("password") or given.get("bearerToken"):
        mine = {key: given.get(key) for key in ("username", "password", "bearerToken", "forceBasicAuth")}
        mine["forceBasicAuth"] = bool(given.get("forceHttpBasicAuth"))
        return "https", {**mine, **tls, **common}
    if given.get("sshPrivateKey"):
        return "ssh", {"sshPrivateKey": given["sshPrivateKey"], **common}
    app = {key: given.get(key) for key in ("githubAppPrivateKey", "githubAppID", "githubAppInstallationID")}
    if all(app.values()):
        base = {"baseURL": given.get("githubAppEnterpriseBaseUrl"), "repoURL": given.get("repo")}
        return "github-app", {**app, **base, **tls, **common}
    if given.get("gcpServiceAccountKey"):
        return "google-cloud", {"gcpServiceAccountKey": given["gcpServiceAccountKey"]}
    principal = {key: given.get(key) for key in _CREDENTIALS if key.startswith("azureServicePrincipal")}
    if all(principal.values()):
        return "azure-service-principal", principal
    return ("azure", {}) if given.get("useAzureWorkloadIdentity") else ("none", {})


def proxy_url(text: str) -> gourl.Url:
    """Return the address of a proxy. Invalid for no URL or a scheme other than http, https and socks5."""
    url = gourl.parse(text)
    if url.scheme not in _PROXIES:
        wanted = "must be http, https, or socks5"
        raise Invalid("", f'failed to parse proxy url, unsupported scheme "{url.scheme}", {wanted}')
    return url


def by_url(repos: list[Repository], url: str) -> Repository | None:
    """Return the repository of an address, None when none is known."""
    return next((repo for repo in repos if giturl.same(str(repo.get("repo") or ""), url)), None)
