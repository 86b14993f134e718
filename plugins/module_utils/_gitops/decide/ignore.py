# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What does not count as a difference: ignoreDifferences of an application and the overrides of the installation.

Source: argo-cd v3.6 util/argo/diff/ignore.go, util/argo/normalizers/diff_normalizer.go, util/argo/managedfields.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest, split_api_version
from ..._lang import globs
from . import owned, typed

Rules = Sequence[Mapping[str, Any]]
Overrides = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Ignored:
    """What is ignored in one object: JSON pointers, jq paths, and what these field managers own."""

    pointers: Sequence[str] = ()
    jq: Sequence[str] = ()
    managers: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.pointers or self.jq or self.managers)


@dataclass(slots=True)
class _Found:
    pointers: dict[str, None] = field(default_factory=dict)
    jq: dict[str, None] = field(default_factory=dict)
    managers: dict[str, None] = field(default_factory=dict)

    def add(self, rule: Mapping[str, Any]) -> None:
        self.pointers |= dict.fromkeys(rule.get("jsonPointers") or [])
        self.jq |= dict.fromkeys(rule.get("jqPathExpressions") or [])
        self.managers |= dict.fromkeys(rule.get("managedFieldsManagers") or [])


def lookup(
    group: str, kind: str, name: str, namespace: str, rules: Rules, overrides: Overrides | None = None
) -> Ignored | None:
    """Return what is ignored in an object, None when no rule is about it.

    `overrides` are keyed "group/Kind" or "*/*", values as in resource.customizations.ignoreDifferences; they come
    before the application's `rules`. Group and kind of a rule are globs, an empty name or namespace means any.
    """
    customised = overrides or {}
    found = [customised[key] for key in (f"{group}/{kind}", "*/*") if key in customised]
    found += [rule for rule in rules if _about(rule, group, kind, name, namespace)]
    if not found:
        return None
    merged = _Found()
    for rule in found:
        merged.add(rule)
    return Ignored(list(merged.pointers), list(merged.jq), list(merged.managers))


def _about(rule: Mapping[str, Any], group: str, kind: str, name: str, namespace: str) -> bool:
    return (
        globs.match(str(rule.get("group") or ""), group)
        and globs.match(str(rule.get("kind") or ""), kind)
        and str(rule.get("name") or "") in ("", name)
        and str(rule.get("namespace") or "") in ("", namespace)
    )


def of(obj: Manifest, rules: Rules, overrides: Overrides | None = None) -> Ignored:
    """Return what is ignored in `obj`. Refused for jq paths, which are not executed yet."""
    group, _version = split_api_version(str(obj.get("apiVersion", "")))
    meta = obj.get("metadata") or {}
    kind, name, namespace = str(obj.get("kind", "")), str(meta.get("name", "")), str(meta.get("namespace") or "")
    found = lookup(group, kind, name, namespace, rules, overrides) or Ignored()
    if found.jq:
        raise Refused("ignoreDifferences: jqPathExpressions are not executed yet", hint="use jsonPointers")
    return found


def override_rules(overrides: Overrides) -> Rules:
    """Return the overrides as rules: "group/Kind" or "Kind" are globs, as in an application."""
    found = []
    for key, override in overrides.items():
        group, kind = typed.override_kind(key)
        found.append({**override, "group": group, "kind": kind})
    return found


def checked(pointer: str) -> str:
    """Return a JSON pointer. Invalid when it does not start with a slash."""
    if not pointer.startswith("/"):
        raise Invalid("jsonPointers", f"is no JSON pointer: {pointer!r}", hint="such as /spec/replicas")
    return pointer


def without(obj: Manifest, ignored: Ignored) -> Manifest:
    """Return the object without ignored fields and, if there was something to ignore, without what is empty then."""
    if not ignored.pointers:
        return obj
    out = copy.deepcopy(obj)
    for pointer in ignored.pointers:
        remove(out, pointer)
    prune_empty(out)
    return out


def prune_empty(obj: dict[str, Any]) -> None:
    """Remove empty objects and lists from within `obj`, in place."""
    for key, value in list(obj.items()):
        if isinstance(value, dict):
            prune_empty(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    prune_empty(item)
            obj[key] = value = [item for item in value if item != {}]
        if value in ({}, []):
            del obj[key]


def without_owned(target: Manifest, live: Manifest, managers: Iterable[str]) -> tuple[Manifest, Manifest]:
    """Return both sides without the fields that one of `managers` owns in the live object and that differ."""
    sides = copy.deepcopy(target), copy.deepcopy(live)
    trusted = set(managers)
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        if entry.get("manager") not in trusted:
            continue
        for path in owned.paths(entry.get("fieldsV1") or {}):
            found = [owned.get(side, path) for side in sides]
            if found[0] != found[1]:
                for side in sides:
                    owned.remove(side, path)
    return sides


def remove(obj: Any, pointer: str) -> bool:
    """Remove what a JSON pointer (RFC 6901) names; return whether it was there."""
    *way, last = parts(pointer)
    found, parent = get(obj, way)
    if found and isinstance(parent, dict) and last in parent:
        del parent[last]
        return True
    if found and isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
        del parent[int(last)]
        return True
    return False


def parts(pointer: str) -> list[str]:
    """Return the unescaped parts of a JSON pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/")]


def get(obj: Any, way: Sequence[str]) -> tuple[bool, Any]:
    """Return whether something is at `way`, and what."""
    for part in way:
        if isinstance(obj, dict) and part in obj:
            obj = obj[part]
        elif isinstance(obj, list) and part.isdigit() and int(part) < len(obj):
            obj = obj[int(part)]
        else:
            return False, None
    return True, obj


def put(obj: Any, way: Sequence[str], value: Any) -> None:
    """Set what is at `way`, where its parent exists."""
    found, parent = get(obj, way[:-1])
    last = way[-1]
    if found and isinstance(parent, dict):
        parent[last] = value
    elif found and isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
        parent[int(last)] = value
