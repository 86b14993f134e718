# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Says, from a listed object alone, that applying a manifest would change nothing.

A yes needs proof: our manager owns exactly the manifest's fields, nobody shares them, and the live values are equal.
Everything else is a no, and the caller asks the API server. Pure; knows no client.
Source of the format: structured-merge-diff v6 fieldpath (FieldsV1), Kubernetes "Server-Side Apply" (1.36).
"""

from __future__ import annotations

import json
from typing import Any

from .._core.gojson import normalise
from .._core.types import Manifest

Fields = dict[str, Any]
_IDENTITY = ("apiVersion", "kind")
_NAMING = ("name", "namespace")
# Merge keys that the API server fills in before it computes ownership.
_KEY_DEFAULTS = {"protocol": "TCP"}


def is_unchanged(manifest: Manifest, live: Manifest, manager: str) -> bool:
    """True only when a server-side apply of `manifest` by `manager` is known to leave `live` as it is."""
    meta = live.get("metadata") or {}
    entries = meta.get("managedFields") or []
    own = [entry for entry in entries if _is_ours(entry, manager)]
    if len(own) != 1 or own[0].get("apiVersion") != manifest.get("apiVersion") or meta.get("deletionTimestamp"):
        return False
    fields = own[0].get("fieldsV1") or {}
    if any(_overlap(fields, entry.get("fieldsV1") or {}) for entry in entries if entry is not own[0]):
        return False
    return _same_map(_body(manifest), fields, live)


def _is_ours(entry: Fields, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _body(manifest: Manifest) -> Manifest:
    """Return the part of a manifest that managedFields speak of."""
    body = {key: value for key, value in manifest.items() if key not in _IDENTITY}
    meta = {key: value for key, value in (manifest.get("metadata") or {}).items() if key not in _NAMING}
    body.pop("metadata", None)
    return {**body, "metadata": meta} if meta else body


def _overlap(left: Fields, right: Fields) -> bool:
    """True when two owners share a leaf, or one owns what lies under the other's leaf."""
    for key in left.keys() & right.keys():
        if key == ".":
            continue
        ours, theirs = left[key], right[key]
        if not ours or not theirs or _overlap(ours, theirs):
            return True
    return False


def _same(value: Any, fields: Fields, live: Any) -> bool:
    if value is None or live is None:
        return False
    if not fields:
        return _equal(value, live)
    if isinstance(value, dict) and isinstance(live, dict):
        return _same_map(value, fields, live)
    if isinstance(value, list) and isinstance(live, list):
        return _same_list(value, fields, live)
    return False


def _same_map(value: Manifest, fields: Fields, live: Any) -> bool:
    owned = {key for key in fields if key != "."}
    if not isinstance(live, dict) or owned != {f"f:{key}" for key in value}:
        return False
    return all(_same(item, fields[f"f:{key}"], live.get(key)) for key, item in value.items())


def _same_list(value: list[Any], fields: Fields, live: list[Any]) -> bool:
    owned = [key for key in fields if key != "."]
    if len(owned) != len(value):
        return False
    if all(key.startswith("v:") for key in owned):
        wanted = [json.loads(key[2:]) for key in owned]
        return sorted(map(_text, wanted)) == sorted(map(_text, value)) and _in_order(value, live)
    if all(key.startswith("k:") for key in owned):
        return _same_items(value, {key: json.loads(key[2:]) for key in owned}, fields, live)
    return False


def _same_items(value: list[Any], keys: dict[str, Fields], fields: Fields, live: list[Any]) -> bool:
    """Each item must be owned under its merge key, and the live items must stand in the same order."""
    places: list[int] = []
    for item in value:
        names = [name for name, key in keys.items() if _has_key(item, key)]
        if len(names) != 1:
            return False
        place = next((index for index, other in enumerate(live) if _has_key(other, keys[names[0]])), -1)
        if place < 0 or not _same_item(item, keys[names[0]], fields[names[0]], live[place]):
            return False
        places.append(place)
    return places == sorted(set(places))


def _same_item(item: Any, key: Fields, fields: Fields, live: Any) -> bool:
    """A merge key that the server filled in is owned, although the manifest does not spell it."""
    filled = {name: value for name, value in key.items() if name not in item and f"f:{name}" in fields}
    return _same_map({**item, **filled}, fields, live)


def _has_key(item: Any, key: Fields) -> bool:
    if not isinstance(item, dict):
        return False
    return all(name in {**_KEY_DEFAULTS, **item} and _equal({**_KEY_DEFAULTS, **item}[name], key[name]) for name in key)


def _in_order(value: list[Any], live: list[Any]) -> bool:
    known = [_text(item) for item in live]
    places = [known.index(_text(item)) if _text(item) in known else -1 for item in value]
    return -1 not in places and places == sorted(set(places))


def _text(value: Any) -> str:
    return json.dumps(normalise(value), sort_keys=True)


def _equal(left: Any, right: Any) -> bool:
    """Equal as JSON: true is not 1, 1.0 is 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return (type(left) is type(right) and bool(left == right)) or _numbers(left, right)


def _numbers(left: Any, right: Any) -> bool:
    left, right = normalise(left), normalise(right)
    return isinstance(left, (int, float)) and isinstance(right, (int, float)) and left == right
