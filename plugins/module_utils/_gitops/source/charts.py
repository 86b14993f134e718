# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Helm charts by what their files and their repository's index say: names, dependencies, who may fetch them. Pure.

Source: argo-cd v3.6 util/helm/{client,index}.go, reposerver/repository/repository.go getHelmRepos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._core.errors import Invalid
from ..._core.paths import join
from ..._lang import gourl

_OCI = "oci://"


@dataclass(frozen=True, slots=True)
class ChartRepository:
    """Where a dependency comes from. `address` has no oci://, `credentials` have the names of upstream's API."""

    name: str
    address: str
    oci: bool
    credentials: Mapping[str, Any]


def plain_name(chart: str) -> str:
    """Return the last part of a chart's name; a name without one stays as it is."""
    last = chart.rpartition("/")[2]
    return chart if last in ("", ".", "..") else last


def is_oci(repo: str) -> bool:
    """Return whether a repository is an OCI registry: its address has no scheme, so that no host can be read."""
    try:
        return bool(repo) and not gourl.parse(repo).host
    except Invalid:
        return False


def index_url(repo: str) -> str:
    """Return the address of a repository's index, escapes kept. Invalid for no address."""
    url = gourl.parse(repo)
    return str(replace(url, path=join(url.path or "/", "index.yaml")))


def entries(index: Mapping[str, Any], chart: str) -> Sequence[Mapping[str, Any]]:
    """Return the versions of a chart in an index. Invalid when it is not there."""
    found: Sequence[Mapping[str, Any]] | None = (index.get("entries") or {}).get(chart)
    if found is None:
        raise Invalid("", f"chart '{chart}' not found in index")
    return found


def dependency_repositories(chart: Mapping[str, Any]) -> list[ChartRepository]:
    """Return the repositories that a chart's dependencies name: by @name, by alias:name, by https or oci address."""
    found = (_dependency(str(one.get("repository") or "")) for one in chart.get("dependencies") or [])
    return [one for one in found if one is not None]


def _dependency(repository: str) -> ChartRepository | None:
    for mark in ("@", "alias:"):
        if repository.startswith(mark):
            return ChartRepository(repository.removeprefix(mark), "", oci=False, credentials={})
    scheme = gourl.parse(repository).scheme if gourl.is_url(repository) else ""
    if scheme not in ("https", "oci"):
        return None
    name = repository.replace("/", "-")
    return ChartRepository(name, repository.removeprefix(_OCI), oci=scheme == "oci", credentials={})


def with_credentials(
    chart: Mapping[str, Any], repos: Sequence[Mapping[str, Any]], templates: Sequence[Mapping[str, Any]]
) -> list[ChartRepository]:
    """Return the repositories of a chart's dependencies, each with the credentials to fetch it.

    A known repository counts by address, then by name; else the first template whose address begins the repository's;
    else, for OCI, the first known registry whose address does.
    """
    return [_credentialed(one, repos, templates) for one in dependency_repositories(chart)]


def need_plain_http(repos: Sequence[ChartRepository]) -> bool:
    """Return whether dependencies can only be fetched without TLS: one of their repositories is marked so."""
    return any(repo.credentials.get("insecureOCIForceHttp") for repo in repos)


def _credentialed(
    one: ChartRepository, repos: Sequence[Mapping[str, Any]], templates: Sequence[Mapping[str, Any]]
) -> ChartRepository:
    known = next((repo for repo in repos if one.address and _bare(repo, "repo") == one.address), None)
    known = known or next((repo for repo in repos if one.name and repo.get("name") == one.name), None)
    if known is not None:
        oci = bool(known.get("enableOCI")) or known.get("type") == "oci"
        return ChartRepository(str(known.get("name") or ""), str(known.get("repo") or ""), oci, known)
    template = next((item for item in templates if one.address.startswith(_bare(item, "url"))), None)
    if template is not None:
        oci = one.oci if template.get("type") == "oci" else bool(template.get("enableOCI"))
        return replace(one, oci=oci, credentials=template)
    registries = (repo for repo in repos if repo.get("enableOCI") or repo.get("type") == "oci") if one.oci else ()
    registry = next((repo for repo in registries if one.address.startswith(_bare(repo, "repo"))), None)
    return replace(one, credentials=registry or {})


def _bare(obj: Mapping[str, Any], key: str) -> str:
    return str(obj.get(key) or "").removeprefix(_OCI)
