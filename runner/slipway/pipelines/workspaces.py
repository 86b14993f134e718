# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads `-w name=W,...` into workspace bindings, with tkn's words (tektoncd/cli pkg/workspaces) and two of ours.

`volumeClaimTemplate=SIZE` is a template without a file. `hostPath=DIR` binds a directory of this machine: a claim in the
run, whose directory the engine is told apart. Must not know which workspaces a pipeline declares.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway.core import Invalid, yaml

PREFIX = "host-"
_MEDIUMS = {"": {}, "Memory": {"medium": "Memory"}, "HugePages": {"medium": "HugePages"}}
_WORDS = (
    "emptyDir", "claimName", "secret", "config", "volumeClaimTemplateFile", "volumeClaimTemplate", "csiFile", "hostPath",
)  # fmt: skip
FORMS = (
    "emptyDir=, hostPath=DIR, volumeClaimTemplate=1Gi, volumeClaimTemplateFile=FILE, claimName=NAME, secret=NAME, "
    "config=NAME, csiFile=FILE"
)


@dataclass(frozen=True, slots=True)
class Bindings:
    """Workspace bindings of a run by name, and the directories of the claims in them."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)


def read(given: Sequence[str], cwd: str = "") -> Bindings:
    """Return the bindings; later ones win. Invalid for a form that is none."""
    found = Bindings()
    for item in given:
        words = [part.partition("=") for part in item.split(",")]
        told = {name.strip(): value for name, separator, value in words if separator}
        name = told.get("name", "")
        if not name:
            raise Invalid("-w", f"'{item}' has no name", hint="-w name=source,emptyDir=")
        kinds = [word for word in _WORDS if word in told]
        if len(kinds) != 1:
            problem = "says not what to bind" if not kinds else f"binds {' and '.join(kinds)} at once"
            raise Invalid("-w", f"'{item}' {problem}", hint=f"one of {FORMS}")
        items = [value for word, _separator, value in words if word.strip() == "item"]
        binding = _binding(kinds[0], told, items, cwd, found.claims)
        found.entries[name] = {"name": name, **({"subPath": told["subPath"]} if told.get("subPath") else {}), **binding}
    return found


def _binding(
    kind: str, told: Mapping[str, str], items: Sequence[str], cwd: str, claims: dict[str, str]
) -> dict[str, Any]:
    value = told[kind]
    if kind == "emptyDir":
        return {"emptyDir": _medium(value)}
    if kind == "hostPath":
        return _host_path(told["name"], value, cwd, claims)
    simple: dict[str, Callable[[], dict[str, Any]]] = {
        "claimName": lambda: {"persistentVolumeClaim": {"claimName": value}},
        "secret": lambda: {"secret": {"secretName": value, **_items(items)}},
        "config": lambda: {"configMap": {"name": value, **_items(items)}},
        "volumeClaimTemplateFile": lambda: {"volumeClaimTemplate": _file(value, cwd)},
        "volumeClaimTemplate": lambda: {"volumeClaimTemplate": _template(value or "1Gi")},
        "csiFile": lambda: {"csi": _file(value, cwd)},
    }
    return simple[kind]()


def _template(size: str) -> dict[str, Any]:
    return {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}


def _medium(value: str) -> dict[str, str]:
    plain = value.strip("\"'")
    if plain not in _MEDIUMS:
        raise Invalid("-w", f"emptyDir={value} is no medium", hint="emptyDir=, emptyDir=Memory or emptyDir=HugePages")
    return _MEDIUMS[plain]


def _host_path(name: str, value: str, cwd: str, claims: dict[str, str]) -> dict[str, Any]:
    path = Path(cwd or os.getcwd(), os.path.expanduser(value)).absolute()
    if not path.is_dir():
        raise Invalid("-w", f"workspace '{name}': there is no directory {path}")
    claim = f"{PREFIX}{name}"
    claims[claim] = os.path.normpath(path)
    return {"persistentVolumeClaim": {"claimName": claim}}


def _items(items: Sequence[str]) -> dict[str, Any]:
    pairs = [item.partition("=") for item in items]
    if any(not separator for _key, separator, _path in pairs):
        raise Invalid("-w", f"item={items[0]} is no key and path", hint="item=KEY=PATH")
    return {"items": [{"key": key, "path": path} for key, _separator, path in pairs]} if pairs else {}


def _file(value: str, cwd: str) -> dict[str, Any]:
    documents = yaml.load_path(str(Path(cwd or os.getcwd(), os.path.expanduser(value))))
    if len(documents) != 1 or not isinstance(documents[0].data, dict):
        raise Invalid("-w", f"{value} must hold one YAML mapping")
    return dict(documents[0].data)


def missing(declared: Sequence[Mapping[str, Any]], bound: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the required workspaces that are not bound."""
    return [entry for entry in declared if entry["name"] not in bound and not entry.get("optional")]


def flags(lacking: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return for each missing workspace the flag to give and what it is for."""
    return [(f"-w name={entry['name']},hostPath=DIR", str(entry.get("description") or "")) for entry in lacking]


def refuse_unknown(declared: Sequence[Mapping[str, Any]], bound: Mapping[str, Any], who: str) -> None:
    """A workspace that nobody declares is a slip of the pen."""
    known = [str(entry["name"]) for entry in declared]
    for name in bound:
        if name not in known:
            raise Invalid("-w", f"{who} has no workspace '{name}'", hint=f"workspaces: {', '.join(known) or 'none'}")
