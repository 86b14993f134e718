# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether an Application may be what it wants to be: complete, and permitted by its project. Pure.

Answers are conditions of the type InvalidSpecError, as upstream puts them into the status.
Source: argo-cd v3.6 util/argo/argo.go ValidatePermissions, GetDestinationCluster, NormalizeApplicationSpec.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._lang import gourl
from ..decide import projects
from . import source as sources

Condition = dict[str, str]
Cluster = Mapping[str, Any]
MANAGED_BY = "argocd.argoproj.io/managed-by-url"
_DESTINATION_MISSING = "Destination server missing from app spec"


def permissions(
    spec: Mapping[str, Any], project: Mapping[str, Any], clusters: Sequence[Cluster], scoped: Sequence[Cluster] = ()
) -> list[Condition]:
    """Return what is wrong with an Application's spec. `clusters` are all known, `scoped` those of the project."""
    conditions = _sources(spec, project)
    if any("is not permitted" not in condition["message"] for condition in conditions):
        return conditions
    return conditions + _destination(spec.get("destination") or {}, project, clusters, scoped)


def _sources(spec: Mapping[str, Any], project: Mapping[str, Any]) -> list[Condition]:
    if spec.get("sourceHydrator") is not None:
        hydrator = spec["sourceHydrator"]
        urls = dict.fromkeys(
            str(one(hydrator).get("repoURL") or "") for one in (sources.dry_source, sources.sync_source)
        )
        return _hydrator(hydrator) or [found for url in urls for found in _permitted(url, project)]
    several = sources.has_multiple(spec)
    out: list[Condition] = []
    for one in spec["sources"] if several else [sources.first_of(spec)]:
        wrong = _source(one, several=several)
        if wrong:
            return [*out, *wrong]
        out += _permitted(str(one["repoURL"]), project)
    return out


def _permitted(repo: str, project: Mapping[str, Any]) -> list[Condition]:
    if projects.source_permitted(project.get("spec") or {}, repo):
        return []
    return [_invalid(f"application repo {repo} is not permitted in project '{_name(project)}'")]


def _source(source: Mapping[str, Any], *, several: bool) -> list[Condition]:
    leads = source.get("path") or source.get("chart") or (several and source.get("ref"))
    if not source.get("repoURL") or not leads:
        if several:
            needed = "spec.source.repoURL and either source.path, source.chart, or source.ref are required for source"
            return [_invalid(f"{needed} {source.get('repoURL') or ''}".rstrip())]
        return [_invalid("spec.source.repoURL and either spec.source.path or spec.source.chart are required")]
    if source.get("chart") and not source.get("targetRevision"):
        return [_invalid("spec.source.targetRevision is required if the manifest source is a helm chart")]
    return []


def _hydrator(hydrator: Mapping[str, Any]) -> list[Condition]:
    out = []
    if not (hydrator.get("drySource") or {}).get("repoURL"):
        out.append(_invalid("spec.sourceHydrator.drySource.repoURL is required"))
    if not (hydrator.get("syncSource") or {}).get("targetBranch"):
        out.append(_invalid("spec.sourceHydrator.syncSource.targetBranch is required"))
    staging = hydrator.get("hydrateTo")
    if staging is not None and not staging.get("targetBranch"):
        needed = "spec.sourceHydrator.hydrateTo.path is required"
        out.append(_invalid(f"when spec.sourceHydrator.hydrateTo is set, {needed}"))
    return out


def _destination(
    wanted: Mapping[str, Any], project: Mapping[str, Any], clusters: Sequence[Cluster], scoped: Sequence[Cluster]
) -> list[Condition]:
    try:
        cluster = destination_cluster(wanted, clusters)
    except Invalid as error:
        return [_invalid(error.message)]
    server, name = str(cluster.get("server") or ""), str(cluster.get("name") or "")
    namespace = str(wanted.get("namespace") or "")
    if projects.destination_permitted(project.get("spec") or {}, server, name, namespace, scoped):
        return []
    where = f"application destination server '{wanted.get('server') or ''}' and namespace '{namespace}'"
    return [_invalid(f"{where} do not match any of the allowed destinations in project '{_name(project)}'")]


def destination_cluster(wanted: Mapping[str, Any], clusters: Sequence[Cluster]) -> Cluster:
    """Return the cluster of a destination, by its address or its name. Invalid for both, none or an unknown one."""
    server, name = str(wanted.get("server") or ""), str(wanted.get("name") or "")
    if server and name:
        raise Invalid("", f"application destination can't have both name and server defined: {name} {server}")
    if server:
        known = next((cluster for cluster in clusters if str(cluster.get("server") or "").rstrip("/") == server), None)
        if known is None:
            raise Invalid("", f'error getting cluster by server "{server}": cluster "{server}" not found')
        return known
    if not name:
        raise Invalid("", _DESTINATION_MISSING)
    found = [cluster for cluster in clusters if cluster.get("name") == name]
    if not found:
        raise Invalid("", f"there are no clusters with this name: {name}")
    if len(found) > 1:
        servers = " ".join(str(cluster.get("server") or "") for cluster in found)
        raise Invalid("", f"there are {len(found)} clusters with the same name: [{servers}]")
    return found[0]


def normalized(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec as it is stored: with its project, and without blocks of sources that say nothing."""
    out = {**spec, "project": spec.get("project") or "default"}
    if sources.has_multiple(spec):
        out["sources"] = [_lean(one) for one in spec["sources"]]
    elif spec.get("source") is not None:
        out["source"] = _lean(spec["source"])
    return out


def _lean(source: Mapping[str, Any]) -> dict[str, Any]:
    """Drop options that say nothing, so that a person may change the type of the source."""
    empty: dict[str, Callable[[Mapping[str, Any] | None], bool]] = {
        "kustomize": sources.kustomize_is_zero,
        "helm": sources.helm_is_zero,
        "directory": lambda options: sources.directory_is_zero(options) and not _filters(options),
    }
    return {key: value for key, value in source.items() if key not in empty or not empty[key](value)}


def _filters(options: Mapping[str, Any] | None) -> bool:
    return any((options or {}).get(key) for key in ("include", "exclude", "disableExtensionFilter"))


def managed_by_url(app: Mapping[str, Any]) -> list[Condition]:
    """Return what is wrong with the address of the Argo CD that an Application says it is managed by."""
    url = str(((app.get("metadata") or {}).get("annotations") or {}).get(MANAGED_BY) or "")
    try:
        external_url(url)
    except Invalid as error:
        return [_invalid(f"invalid managed-by URL: {error.message}")]
    return []


def external_url(text: str) -> None:
    """Raise Invalid for an address that is none of http or https; an empty one is none at all."""
    if not text:
        return
    try:
        url = gourl.parse(text)
    except Invalid as error:
        raise Invalid("", f"failed to parse URL: {error.message}") from None
    if url.scheme not in ("http", "https"):
        raise Invalid("", "URL must include http or https protocol")


def _name(project: Mapping[str, Any]) -> str:
    return str((project.get("metadata") or {}).get("name") or "")


def _invalid(message: str) -> Condition:
    return {"type": "InvalidSpecError", "message": message}
