# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What each generator of an ApplicationSet makes of what was observed: parameter sets.

Pure: clusters, files and resources come in. Nested generators (matrix, merge) are combine.py's.
Source: argo-cd v3.2 applicationset/generators/{list,cluster,duck_type,git}.go.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import yaml
from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get
from ..._lang import globs
from . import params as sets
from .render import Params, Style
from .selectors import takes

LOCAL_NAME, LOCAL_SERVER = "in-cluster", "https://kubernetes.default.svc"

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that Argo CD knows, from its Secret; the local one has neither labels nor annotations."""

    name: str
    server: str
    project: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    local: bool = False


LOCAL = Cluster(LOCAL_NAME, LOCAL_SERVER, local=True)


def list_params(spec: Spec, style: Style) -> list[Params]:
    """Return the elements of a list generator. Invalid for elements that are no texts, without Go templates."""
    out = [dict(element) if style.go else _flat_element(element) for element in spec.get("elements") or []]
    if spec.get("elementsYaml"):
        documents = yaml.load_all(str(spec["elementsYaml"]))
        found = documents[0].data if documents else []
        if not isinstance(found, list):
            raise Invalid("list.elementsYaml", "error unmarshling decoded ElementsYaml: it is no list")
        out += found
    return out


def _flat_element(element: Mapping[str, Any]) -> Params:
    out: Params = {}
    for key, value in element.items():
        if key != "values":
            out[key] = _is_text(value)
        elif not isinstance(value, Mapping):
            raise Invalid("list.elements", "error parsing values map")
        else:
            out.update({f"values.{name}": _is_text(item) for name, item in value.items()})
    return out


def _is_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid("list.elements", "error parsing value as string")
    return value


def cluster_params(spec: Spec, clusters: Sequence[Cluster], style: Style) -> list[Params]:
    """Return a set per cluster that the selector takes; the local one only without a selector. Flat: all in one list."""
    selector = spec.get("selector") or {}
    chosen = bool(selector.get("matchLabels") or selector.get("matchExpressions"))
    found = [item for item in clusters if (not chosen if item.local else takes(selector, item.labels))]
    out = [_of_cluster(spec, item, style) for item in found]
    return [{"clusters": out}] if spec.get("flatList") else out


def _of_cluster(spec: Spec, cluster: Cluster, style: Style) -> Params:
    out: Params = {
        "name": cluster.name,
        "nameNormalized": sets.sanitize(cluster.name),
        "server": cluster.server,
        "project": cluster.project,
    }
    if style.go and not cluster.local:
        parts = {"annotations": dict(cluster.annotations), "labels": dict(cluster.labels)}
        out["metadata"] = {name: value for name, value in parts.items() if value}
    elif not style.go:
        out.update({f"metadata.annotations.{key}": value for key, value in cluster.annotations.items()})
        out.update({f"metadata.labels.{key}": value for key, value in cluster.labels.items()})
    return sets.with_values(spec.get("values"), out, style)


def duck_params(
    spec: Spec, config_map: Manifest, resources: Sequence[Manifest], clusters: Sequence[Cluster], style: Style
) -> list[Params]:
    """Return a set per cluster that a decision resource names; clusters that are not known are left out.

    `resources` are all of the kind that the ConfigMap names. Invalid for a definition that is not clear.
    """
    data, name, selector = config_map.get("data") or {}, spec.get("name") or "", spec.get("labelSelector") or {}
    group, slash, _version = str(data.get("apiVersion", "")).partition("/")
    if not data.get("kind") or not slash or not group:
        raise Invalid(
            "clusterDecisionResource", "there is a problem with the apiVersion, kind or resourceName provided"
        )
    given = selector.get("matchLabels") is not None or selector.get("matchExpressions") is not None
    if bool(name) == given:
        text = "there is a problem with the definition of the ClusterDecisionResource generator"
        raise Invalid("clusterDecisionResource", text)
    chosen = [item for item in resources if _is_chosen(item, name, selector)]
    if not chosen:
        raise Invalid("clusterDecisionResource", "no clusterDecisionResources found")
    decisions = [entry for item in chosen for entry in _decisions(item, str(data.get("statusListKey") or "clusters"))]
    known = {cluster.name: cluster for cluster in clusters}
    matched = [(known.get(str(entry.get(str(data.get("matchKey", ""))) or "")), entry) for entry in decisions]
    return [_of_decision(spec, cluster, entry, style) for cluster, entry in matched if cluster is not None]


def _is_chosen(item: Manifest, name: str, selector: Spec) -> bool:
    meta = item.get("metadata") or {}
    return meta.get("name") == name if name else takes(selector, meta.get("labels") or {})


def _decisions(item: Manifest, key: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = deep_get(item, "status", key, default=[])
    return found


def _of_decision(spec: Spec, cluster: Cluster, entry: Mapping[str, Any], style: Style) -> Params:
    out: Params = {"name": cluster.name, "server": cluster.server}
    out.update({key: sets.text(value) for key, value in entry.items()})
    given = spec.get("values") or {}
    if style.go:
        return {**out, "values": dict(given)} if given else out
    return {**out, **{f"values.{key}": value for key, value in given.items()}}


def directory_params(spec: Spec, directories: Sequence[str], style: Style) -> list[Params]:
    """Return a set per directory that the patterns take; one that an `exclude` takes is out, in whatever order."""
    return [_at_path(spec, path, None, {}, style) for path in directories if _included(spec, path)]


def _included(spec: Spec, path: str) -> bool:
    entries = spec.get("directories") or []
    hits = [bool(entry.get("exclude")) for entry in entries if globs.path_match(str(entry["path"]), path)]
    return bool(hits) and not any(hits)


def file_params(spec: Spec, files: Mapping[str, str], style: Style) -> list[Params]:
    """Return the sets of files that were found, by path: a YAML or JSON object each, or a list of them."""
    out = []
    for path in sorted(files):
        try:
            found = _objects(files[path])
        except Invalid as error:
            repository = spec.get("repoURL", "")
            text = f"error generating params from git: unable to process file '{path}' from repository '{repository}': {error.message}"
            raise Invalid("git.files", text) from error
        out += [_at_path(spec, posixpath.dirname(path) or ".", posixpath.basename(path), item, style) for item in found]
    return out


def _objects(content: str) -> list[Mapping[str, Any]]:
    documents = yaml.load_all(content)
    found = documents[0].data if documents else {}
    listed = found if isinstance(found, list) else [found]
    if all(isinstance(item, Mapping) for item in listed):
        return listed
    kind = "[]map[string]interface {}"
    text = f"json: cannot unmarshal string into Go value of type {kind}"
    raise Invalid("", f"unable to parse file: error unmarshaling JSON: while decoding JSON: {text}")


def _at_path(spec: Spec, path: str, name: str | None, content: Mapping[str, Any], style: Style) -> Params:
    """The content of a file and where it lies; `name` None is a directory."""
    prefix, base = str(spec.get("pathParamPrefix") or ""), posixpath.basename(path) or path
    place: Params = {"path": path, "basename": base, "basenameNormalized": sets.sanitize(base)}
    if name is not None:
        place.update(filename=name, filenameNormalized=sets.sanitize(name))
    segments = path.split("/")
    if style.go:
        place["segments"] = segments
        out = {**content, **({prefix: {"path": place}} if prefix else {"path": place})}
        return sets.with_values(spec.get("values"), out, style)
    root = f"{prefix}.path" if prefix else "path"
    out = {key: sets.text(value) for key, value in sets.flat(content).items()} if content else {}
    out.update({root if key == "path" else f"{root}.{key}": value for key, value in place.items()})
    out.update({f"{root}[{index}]": part for index, part in enumerate(segments) if part})
    return sets.with_values(spec.get("values"), out, style)
