# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an AppProject permits: sources, destinations, kinds, namespaces of Applications.

Knows the project and what is asked for; must not know where either came from.
Source: argo-cd v3.6 pkg/apis/application/v1alpha1/{app_project_types,types}.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._lang import giturl, globs

Spec = Mapping[str, Any]


def is_deny(pattern: str) -> bool:
    """Return whether a pattern forbids what it matches."""
    return pattern.startswith("!")


def glob_match(pattern: str, value: str, *, negation: bool, separators: str = "") -> bool:
    """Return whether a value matches a project's glob. With `negation`, !x matches everything that x does not."""
    if negation and is_deny(pattern):
        return not globs.match(pattern[1:], value, separators)
    return pattern == "*" or globs.match(pattern, value, separators)


def source_permitted(spec: Spec, repo: str) -> bool:
    """Return whether the project permits a repository. A matching !pattern forbids at once, whatever else matches."""
    wanted, permitted = giturl.normalize(repo), False
    for pattern in spec.get("sourceRepos") or []:
        deny = is_deny(pattern)
        normal = ("!" if deny else "") + giturl.normalize(pattern.removeprefix("!"))
        if glob_match(normal, wanted, negation=True, separators="/"):
            permitted = True
        elif deny:
            return False
    return permitted


def destination_matched(spec: Spec, server: str, name: str, namespace: str) -> bool:
    """Return whether the project lists a destination, by the cluster's address or name, and the namespace."""
    matched = False
    for item in spec.get("destinations") or []:
        verdict = _destination(item, server, name, namespace)
        if verdict is False:
            return False
        matched = matched or verdict is True
    return matched


def _destination(item: Mapping[str, Any], server: str, name: str, namespace: str) -> bool | None:
    """True when an item matches, False when it forbids, None when it says nothing."""
    own_name, own_server, own_space = (str(item.get(key) or "") for key in ("name", "server", "namespace"))
    by_name = bool(name) and glob_match(own_name, name, negation=True)
    by_server = bool(server) and glob_match(own_server, server, negation=True)
    in_space = glob_match(own_space, namespace, negation=True)
    if (by_server or by_name) and in_space:
        return True
    if not by_name and is_deny(own_name):
        return False
    if not by_server and is_deny(own_server) and in_space:
        return False
    return False if not in_space and is_deny(own_space) and by_server else None


def destination_permitted(
    spec: Spec, server: str, name: str, namespace: str, clusters: Sequence[Mapping[str, Any]]
) -> bool:
    """Return whether the project permits a destination. `clusters` are the clusters scoped to the project."""
    if not destination_matched(spec, server, name, namespace):
        return False
    if not spec.get("permitOnlyProjectScopedClusters"):
        return True
    return any(str(c.get("name") or "") == name or str(c.get("server") or "") == server for c in clusters)


def destination_clusters(spec: Spec) -> list[str]:
    """Return the addresses of the clusters that the project lists, patterns as they are."""
    return [str(item.get("server") or "") for item in spec.get("destinations") or []]


def kind_permitted(spec: Spec, group: str, kind: str, name: str, *, namespaced: bool) -> bool:
    """Return whether objects of a kind may be deployed.

    Namespaced kinds: no whitelist at all permits everything, an empty one nothing. Cluster-scoped kinds: only what the
    whitelist names, whose items may carry a glob for the object's name. A blacklist wins over a whitelist.
    """
    if namespaced:
        white, black = spec.get("namespaceResourceWhitelist"), spec.get("namespaceResourceBlacklist") or []
        listed = white is None or _listed(white, group, kind, "")
        return listed and not _listed(black, group, kind, "")
    white, black = spec.get("clusterResourceWhitelist") or [], spec.get("clusterResourceBlacklist") or []
    return _listed(white, group, kind, name) and not _listed(black, group, kind, name)


def _listed(items: Sequence[Mapping[str, Any]], group: str, kind: str, name: str) -> bool:
    return any(
        globs.path_match(str(item.get("kind") or ""), kind)
        and globs.path_match(str(item.get("group") or ""), group)
        and (not item.get("name") or globs.path_match(str(item["name"]), name))
        for item in items
    )


def app_namespace_permitted(spec: Spec, namespace: str, control: str) -> bool:
    """Return whether an Application in `namespace` may use the project; `control` is the control plane's namespace.

    Applications in the control plane's namespace, and those without a namespace, always may.
    """
    if namespace in ("", control):
        return True
    return globs.in_list(spec.get("sourceNamespaces") or [], namespace, "regexp")


def source_integrity(spec: Spec) -> Mapping[str, Any] | None:
    """Return the checks of a source's signatures. The older signatureKeys count where no check of Git is given."""
    given = spec.get("sourceIntegrity")
    keys = [key["keyID"] for key in spec.get("signatureKeys") or []]
    if not keys or (given or {}).get("git") is not None:
        return given
    policy = {"repos": [{"url": "*"}], "gpg": {"mode": "head", "keys": keys}}
    return {**(given or {}), "git": {"policies": [policy]}}


def warns_of_orphans(settings: Mapping[str, Any] | None) -> bool:
    """Return whether objects that belong to no Application are worth a warning."""
    return bool((settings or {}).get("warn"))
