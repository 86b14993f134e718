# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The tree of an Application's objects: its summary and its parts. Pure.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go ApplicationTree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LINK = "link.argocd.argoproj.io/"
_PARTS = ("nodes", "orphanedNodes", "hosts")
Tree = Mapping[str, Any]


def summary(tree: Tree, app: Mapping[str, Any]) -> dict[str, Any]:
    """Return the URLs and images of an Application's objects, sorted, and whether it holds other Applications."""
    nodes = tree.get("nodes") or []
    links = (app.get("metadata") or {}).get("annotations") or {}
    urls = {url for node in nodes for url in (node.get("networkingInfo") or {}).get("externalURLs") or []}
    urls |= {value for key, value in links.items() if key.startswith(_LINK)}
    images = {image for node in nodes for image in node.get("images") or []}
    apps = any(node.get("group") == "argoproj.io" and node.get("kind") == "Application" for node in nodes)
    return {"externalURLs": sorted(urls), "images": sorted(images), "isAppOfApps": apps}


def normalized(tree: Tree) -> dict[str, Any]:
    """Return the tree with its nodes sorted by group, kind, namespace and name, its hosts by name."""
    order = {key: (_full_name if key != "hosts" else _name) for key in _PARTS}
    return {**tree, **{key: sorted(tree.get(key) or [], key=order[key]) for key in _PARTS}}


def shards(tree: Tree, size: int) -> list[dict[str, Any]]:
    """Return the tree in parts of at most `size` entries, 0 for no limit; the first part says how many there are."""
    whole = normalized(tree)
    if size == 0:
        return [whole]
    items = [(key, entry) for key in _PARTS for entry in whole[key]]
    parts: list[dict[str, Any]] = []
    for start in range(0, len(items), size):
        part: dict[str, Any] = {}
        for key, entry in items[start : start + size]:
            part.setdefault(key, []).append(entry)
        parts.append(part)
    parts = parts or [{}]
    parts[0]["shardsCount"] = len(parts) if items else 0
    return parts


def _full_name(node: Mapping[str, Any]) -> str:
    return "/".join(str(node.get(key) or "") for key in ("group", "kind", "namespace", "name"))


def _name(host: Mapping[str, Any]) -> str:
    return str(host.get("name") or "")
