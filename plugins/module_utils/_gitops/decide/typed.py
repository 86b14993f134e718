# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Values in the form in which Go's core types print them, so that two spellings of one value are equal.

A quantity of 2000m is 2, a duration of 8760h is 8760h0m0s, and a false that is the zero value is not written.
Source: argo-cd v3.6 util/argo/normalizers/knowntypes_normalizer.go, gitops-engine/pkg/diff/diff.go (remarshal);
kubernetes/api v0.36 core/v1 types (which fields are quantities, and which booleans are no pointers).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..._core import duration, quantity
from ..._core.errors import Invalid
from ..._core.types import Manifest, split_api_version

_QUANTITIES = frozenset(("requests", "limits", "capacity", "allocatable", "hard", "overhead", "used"))
_QUANTITY = frozenset(("sizeLimit", "divisor"))
_PLAIN_FALSE = frozenset(
    ("readOnly", "stdin", "stdinOnce", "tty", "hostNetwork", "hostPID", "hostIPC", "paused", "publishNotReadyAddresses",
     "unschedulable", "controller", "blockOwnerDeletion")
)  # fmt: skip
_TEXT_MAPS = frozenset(("labels", "annotations", "matchLabels", "nodeSelector", "selector", "data", "stringData"))
_DEFAULTS = {"protocol": "TCP", "scope": "*"}
Override = Mapping[str, Any]


def canonical_quantity(value: Any) -> Any:
    """Return the text Go prints for a quantity; what is none stays as it is."""
    try:
        return quantity.canonical(value)
    except Invalid:
        return value


def canonical_duration(value: Any) -> Any:
    """Return the text Go prints for a duration; what is none stays as it is."""
    try:
        return duration.format_go(duration.parse_go(str(value)))
    except Invalid:
        return value


def core(value: Any) -> Any:
    """Return a value of the core API, or one that holds such values, as its Go type prints it."""
    if isinstance(value, list):
        return [core(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: found for key, item in value.items() if (found := _field(key, item)) not in (None, "", [])}


def _field(key: str, value: Any) -> Any:
    if key in _TEXT_MAPS and isinstance(value, dict):
        return value if key in ("data", "stringData") else dict(value)
    if key in _QUANTITIES and isinstance(value, dict):
        return {name: canonical_quantity(item) for name, item in value.items()} or None
    if key in _QUANTITY and isinstance(value, (str, int, float)):
        return canonical_quantity(value)
    if (key in _PLAIN_FALSE and value is False) or (key == "resources" and value == {}):
        return None
    return core(value)


def defaulted(value: Any) -> Any:
    """Return a value without the defaults that the API writes into lists that Git replaces as a whole."""
    if isinstance(value, list):
        return [defaulted(item) for item in value]
    if isinstance(value, dict):
        return {key: defaulted(item) for key, item in value.items() if _DEFAULTS.get(key) != item or item is None}
    return value


def printer(name: str) -> Callable[[Any], Any] | None:
    """Return how a known type prints: core/Quantity, meta/v1/Duration, core/v1/<Type>; None for another name."""
    special = {"core/Quantity": canonical_quantity, "meta/v1/Duration": canonical_duration}
    return special.get(name) or (core if name.startswith("core/v1/") else None)


def override_kind(key: str) -> tuple[str, str]:
    """Return (group, kind) of an override's key, "group/Kind" or "Kind". Invalid for another form."""
    group, slash, kind = key.rpartition("/")
    if "/" in group or (slash and not kind):
        raise Invalid("", f"override key should be <group>/<kind> or <kind>, got: '{key}'")
    return group, kind


def known(obj: Manifest, overrides: Mapping[str, Override] | None = None) -> Manifest:
    """Return the object with its fields of known types as Go prints them.

    `overrides` are keyed "group/Kind", with `knownTypeFields` of field and type; the pod template of a Rollout is
    known already. A field with a type that nobody knows is left as it is.
    """
    fields = list(_fields(obj, overrides or {}))
    if not fields:
        return obj
    out = copy.deepcopy(obj)
    for path, prints in fields:
        _walk(out, path, prints)
    return out


def _fields(obj: Manifest, overrides: Mapping[str, Override]) -> Iterator[tuple[list[str], Callable[[Any], Any]]]:
    group, _version = split_api_version(str(obj.get("apiVersion", "")))
    wanted = group, str(obj.get("kind", ""))
    given = [field for key, value in overrides.items() if override_kind(key) == wanted for field in _known(value)]
    if not given and wanted == ("argoproj.io", "Rollout"):
        given = [{"field": "spec.template.spec", "type": "core/v1/PodSpec"}]
    for entry in given:
        prints = printer(str(entry.get("type", "")))
        if prints:
            yield str(entry.get("field", "")).split("."), prints


def _known(override: Override) -> list[Mapping[str, Any]]:
    return list(override.get("knownTypeFields") or override.get("KnownTypeFields") or [])


def _walk(obj: Any, path: list[str], prints: Callable[[Any], Any]) -> None:
    """Print what is at `path`; a list on the way, or at its end, means each of its items."""
    if not isinstance(obj, dict) or path[0] not in obj:
        return
    value, rest = obj[path[0]], path[1:]
    if not rest:
        obj[path[0]] = [prints(item) for item in value] if isinstance(value, list) else prints(value)
        return
    for item in value if isinstance(value, list) else [value]:
        _walk(item, rest, prints)
