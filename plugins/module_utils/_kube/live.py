# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the cluster holds of a batch: one LIST for each kind and namespace instead of a GET for each object."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from .._core.types import Manifest, ObjectRef
from .client import Client
from .errors import Forbidden, NotFound, UnknownKind

Key = tuple[str, str, str, str]
_Group = tuple[str, str, str | None]


def key(client: Client, obj: Manifest) -> Key:
    """Return (apiVersion, kind, namespace or "", name), the namespace filled in from the context."""
    found = client.kind(obj["apiVersion"], obj["kind"])
    meta = obj["metadata"]
    space = (meta.get("namespace") or client.namespace) if found.namespaced else ""
    return obj["apiVersion"], obj["kind"], space, meta["name"]


def read(client: Client, objects: Sequence[Manifest], pool: Executor) -> dict[Key, Manifest]:
    """Return the live objects of a batch. Kinds that are not served hold nothing."""
    groups: dict[_Group, set[str]] = {}
    for obj in objects:
        try:
            api_version, kind, space, name = key(client, obj)
        except UnknownKind:
            continue
        groups.setdefault((api_version, kind, space or None), set()).add(name)
    found: dict[Key, Manifest] = {}
    for part in pool.map(lambda item: _group(client, item[0], item[1]), groups.items()):
        found.update(part)
    return found


def _group(client: Client, group: _Group, names: set[str]) -> dict[Key, Manifest]:
    api_version, kind, space = group
    fields = f"metadata.name={next(iter(names))}" if len(names) == 1 else ""
    try:
        items = client.list(api_version, kind, space, fields=fields)
    except Forbidden:
        # An account may be allowed to read its objects by name only.
        single = (client.get(api_version, kind, name, space) for name in sorted(names))
        items = [item for item in single if item is not None]
    except NotFound:
        items = []
    wanted = (item for item in items if item["metadata"]["name"] in names)
    return {(api_version, kind, space or "", item["metadata"]["name"]): item for item in wanted}


def reference(client: Client, obj: Manifest) -> ObjectRef:
    """Return the object's reference with its real namespace; as written when the kind is not served."""
    try:
        api_version, kind, space, name = key(client, obj)
    except UnknownKind:
        return ObjectRef.of(obj)
    return ObjectRef(api_version, kind, name, space or None)
