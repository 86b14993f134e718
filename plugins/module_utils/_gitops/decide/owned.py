# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Paths of managedFields (fieldsV1): which fields of a live object a manager owns.

Source: kubernetes-sigs/structured-merge-diff v6 fieldpath (serialize.go): f:name is a field, k:{...} an item of a
list by its keys, v:value an item of a set, i:index an item by number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


def paths(fields: Mapping[str, Any], way: Path = ()) -> Iterator[Path]:
    """Yield the owned leaves of a fieldsV1 tree; an item with "." is owned itself, its fields come as well."""
    for key, inner in fields.items():
        if key == ".":
            continue
        if inner and set(inner) != {"."}:
            yield from paths(inner, (*way, key))
        else:
            yield (*way, key)


def get(obj: Any, path: Path) -> Any:
    """Return the value at a path, None when it is not there."""
    for step in path:
        obj = _step(obj, step)
        if obj is None:
            return None
    return obj


def remove(obj: Any, path: Path) -> None:
    """Remove what is at a path, in place; nothing happens when it is not there."""
    parent, step = get(obj, path[:-1]), path[-1]
    found = _step(parent, step)
    if found is None:
        return
    if isinstance(parent, dict):
        del parent[step[2:]]
    elif isinstance(parent, list):
        parent.remove(found)


def _step(obj: Any, step: str) -> Any:
    kind, text = step[:2], step[2:]
    if isinstance(obj, dict):
        return obj.get(text) if kind == "f:" else None
    if not isinstance(obj, list):
        return None
    if kind == "k:":
        keys = json.loads(text)
        return next((one for one in obj if isinstance(one, dict) and keys.items() <= one.items()), None)
    if kind == "v:":
        wanted = json.loads(text)
        return wanted if wanted in obj else None
    index = int(text) if kind == "i:" and text.isdigit() else len(obj)
    return obj[index] if index < len(obj) else None
