# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sources of an Application: which there are, of which type, with which overrides; when two are the same. Pure.

A source is the raw object of spec.source.
Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go ApplicationSource, SourceHydrator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from . import environment

Source = Mapping[str, Any]
_TYPES = (("kustomize", "Kustomize"), ("helm", "Helm"), ("directory", "Directory"), ("plugin", "Plugin"))
_HELM = (
    "version", "releaseName", "valueFiles", "parameters", "fileParameters", "values", "valuesObject", "passCredentials",
    "ignoreMissingValueFiles", "skipCrds", "skipTests", "skipSchemaValidation", "kubeVersion", "apiVersions", "namespace",
)  # fmt: skip
_KUSTOMIZE = (
    "namePrefix", "nameSuffix", "version", "namespace", "images", "replicas", "commonLabels", "commonAnnotations",
    "patches", "components", "kubeVersion", "apiVersions", "ignoreMissingComponents",
)  # fmt: skip
_KUSTOMIZE_EDITS = (
    "images", "commonLabels", "commonAnnotations", "namePrefix", "namespace", "nameSuffix", "patches", "components",
)  # fmt: skip


def explicit_type(source: Source) -> str:
    """Return the type that a source's options name, empty for none. Invalid when they name several."""
    named = [name for key, name in _TYPES if source.get(key) is not None]
    if len(named) > 1:
        raise Invalid("", f"multiple application sources defined: {','.join(named)}")
    return named[0] if named else ""


def is_zero(source: Source | None) -> bool:
    """Return whether a source says nothing."""
    if not source:
        return True
    named = any(source.get(key) for key in ("repoURL", "path", "targetRevision"))
    return not named and all(_ZERO[key](source.get(key)) for key, _ in _TYPES)


def helm_is_zero(options: Source | None) -> bool:
    """Return whether Helm's options say nothing."""
    return not any((options or {}).get(key) for key in _HELM)


def kustomize_is_zero(options: Source | None) -> bool:
    """Return whether Kustomize's options say nothing."""
    return not any((options or {}).get(key) for key in _KUSTOMIZE)


def jsonnet_is_zero(options: Source | None) -> bool:
    """Return whether Jsonnet's options say nothing."""
    return not any((options or {}).get(key) for key in ("extVars", "tlas", "libs"))


def directory_is_zero(options: Source | None) -> bool:
    """Return whether a directory's options say nothing; include and exclude alone do not count."""
    return not (options or {}).get("recurse") and jsonnet_is_zero((options or {}).get("jsonnet"))


def plugin_is_zero(options: Source | None) -> bool:
    """Return whether a plugin's options say nothing."""
    given = options or {}
    return not given.get("name") and environment.is_zero(given.get("env")) and not given.get("parameters")


_ZERO = {
    "kustomize": kustomize_is_zero,
    "helm": helm_is_zero,
    "directory": directory_is_zero,
    "plugin": plugin_is_zero,
}


def override(source: Source | None, key: str, default: Any) -> Any:
    """Return namespace, kubeVersion or apiVersions as the source's Helm or Kustomize options fix it, else the default."""
    for tool in ("helm", "kustomize"):
        value = ((source or {}).get(tool) or {}).get(key)
        if value:
            return value
    return default


def allows_concurrent_processing(source: Source) -> bool:
    """Return whether rendering leaves the files of the repository alone: Kustomize's edits change them."""
    options = source.get("kustomize") or {}
    return not any(options.get(key) for key in _KUSTOMIZE_EDITS)


def has_multiple(spec: Mapping[str, Any]) -> bool:
    """Return whether spec.sources counts. A hydrator comes before it, and it hides spec.source."""
    return spec.get("sourceHydrator") is None and bool(spec.get("sources"))


def all_of(spec: Mapping[str, Any]) -> Sequence[Source]:
    """Return the sources that manifests come from."""
    if spec.get("sourceHydrator") is not None:
        return [sync_source(spec["sourceHydrator"])]
    if has_multiple(spec):
        return list(spec["sources"])
    return [spec["source"]] if spec.get("source") is not None else []


def first_of(spec: Mapping[str, Any]) -> Source:
    """Return the first source, an empty one when there is none."""
    return next(iter(all_of(spec)), {})


def at_index(spec: Mapping[str, Any], index: int) -> Source | None:
    """Return a source by its position. Of a hydrated Application -1 is the dry source, all else the synced one."""
    if spec.get("sourceHydrator") is not None:
        hydrator = spec["sourceHydrator"]
        return dry_source(hydrator) if index < 0 else sync_source(hydrator)
    if not has_multiple(spec):
        single: Source | None = spec.get("source")
        return single
    sources: Sequence[Source] = spec["sources"]
    return sources[index] if 0 < index < len(sources) else sources[0]


def sync_source(hydrator: Mapping[str, Any]) -> Source:
    """Return the source that a hydrated Application syncs; its repository defaults to the dry one."""
    dry, sync = hydrator.get("drySource") or {}, hydrator.get("syncSource") or {}
    return {
        "repoURL": sync.get("repoURL") or dry.get("repoURL") or "",
        "path": sync.get("path") or "",
        "targetRevision": sync.get("targetBranch") or "",
    }


def dry_source(hydrator: Mapping[str, Any]) -> Source:
    """Return the source that is rendered, with all its options."""
    return dict(hydrator.get("drySource") or {})


def hydrate_to(spec: Mapping[str, Any]) -> Source:
    """Return where rendered manifests are pushed: the staging branch if there is one, else the synced branch."""
    hydrator = spec.get("sourceHydrator")
    if hydrator is None:
        return {}
    staging = (hydrator.get("hydrateTo") or {}).get("targetBranch")
    synced = sync_source(hydrator)
    return {**synced, "targetRevision": staging or synced["targetRevision"]}


def same(left: Source | None, right: Source | None) -> bool:
    """Return whether two sources are the same; parameters of plugins compare by their meaning."""
    if left is None or right is None:
        return left is right
    one, other = (_without(source, "plugin") for source in (left, right))
    return one == other and _same_plugin(left.get("plugin"), right.get("plugin"))


def same_hydrator(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Return whether two hydrators are the same."""
    return same(left.get("drySource") or {}, right.get("drySource") or {}) and all(
        (left.get(key) or {}) == (right.get(key) or {}) for key in ("syncSource", "hydrateTo")
    )


def same_ignored(left: Sequence[Mapping[str, Any]] | None, right: Sequence[Mapping[str, Any]] | None) -> bool:
    """Return whether two lists of spec.ignoreDifferences are the same; none and empty are."""
    return list(left or []) == list(right or [])


def _same_plugin(left: Source | None, right: Source | None) -> bool:
    if left is None or right is None:
        return left is right
    one, other = left.get("parameters") or [], right.get("parameters") or []
    return (
        len(one) == len(other)
        and all(_same_parameter(*pair) for pair in zip(one, other, strict=True))
        and _without(left, "parameters") == _without(right, "parameters")
    )


def _same_parameter(left: Source, right: Source) -> bool:
    if any(left.get(key) != right.get(key) for key in ("name", "string")):
        return False
    wrapped = [{key: {key: side[key]} for key in ("map", "array") if key in side} for side in (left, right)]
    return all(environment.optional_equal(wrapped[0].get(key), wrapped[1].get(key), key) for key in ("map", "array"))


def _without(source: Source, key: str) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name != key and value is not None}
