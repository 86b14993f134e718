# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads `-p name=value` by the declared types, and says which params still lack a value.

The spellings are tkn's (tektoncd/cli pkg/params): text as it is, `a,b` for an array, `k:v, k:v` for an object; JSON is
understood for arrays and objects too. Must not know where the specs come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slipway.core import Invalid

Declared = Sequence[Mapping[str, Any]]


def read(given: Sequence[str], declared: Declared, who: str) -> dict[str, Any]:
    """Return the values by name; later ones win. Invalid for an unknown name, and for a value of the wrong form."""
    kinds = {str(entry["name"]): kind(entry) for entry in declared}
    found: dict[str, Any] = {}
    for item in given:
        name, separator, text = item.partition("=")
        if not separator:
            raise Invalid("-p", f"'{item}' is no name=value")
        if name not in kinds:
            there = ", ".join(sorted(kinds)) or "none"
            raise Invalid("-p", f"{who} has no param '{name}'", hint=f"params: {there}")
        found[name] = _value(text, kinds[name], name)
    return found


def kind(declared: Mapping[str, Any]) -> str:
    """Return string, array or object: as declared, else by the properties or the default."""
    if declared.get("type"):
        return str(declared["type"])
    default = declared.get("default")
    if declared.get("properties") or isinstance(default, dict):
        return "object"
    return "array" if isinstance(default, list) else "string"


def missing(declared: Declared, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the declared params that have neither a value nor a default."""
    return [entry for entry in declared if entry["name"] not in given and entry.get("default") is None]


def flags(lacking: Declared) -> list[tuple[str, str]]:
    """Return for each missing param the flag to give and what it is for."""
    return [(f"-p {entry['name']}={example(entry)}", str(entry.get("description") or "")) for entry in lacking]


def example(declared: Mapping[str, Any]) -> str:
    """Return what a value looks like, for messages."""
    if declared.get("enum"):
        return "|".join(str(one) for one in declared["enum"])
    if kind(declared) == "array":
        return "a,b"
    if kind(declared) == "object":
        keys = ",".join(f'"{key}":"..."' for key in declared.get("properties") or {"key": {}})
        return f"'{{{keys}}}'"
    return "..."


def spelled(value: Any) -> str:
    """Return a value as a person would write it behind -p."""
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _value(text: str, kind: str, name: str) -> Any:
    if kind == "array":
        return _list(text, name)
    return _object(text, name) if kind == "object" else text


def _list(text: str, name: str) -> list[str]:
    if text.lstrip().startswith("["):
        value = _json(text, name)
        if isinstance(value, list):
            return [item if isinstance(item, str) else json.dumps(item) for item in value]
    return text.split(",") if text else []


def _object(text: str, name: str) -> dict[str, str]:
    if text.lstrip().startswith("{"):
        value = _json(text, name)
        return {key: item if isinstance(item, str) else json.dumps(item) for key, item in value.items()}
    pairs = [part.strip().partition(":") for part in text.split(",")]
    if any(not separator for _key, separator, _value in pairs):
        raise Invalid(
            "-p", f"param '{name}' is an object", hint=f'-p {name}=\'{{"key":"value"}}\', or key:value, key:value'
        )
    return {key.strip(): value.strip() for key, _separator, value in pairs}


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid("-p", f"the value of param '{name}' is no JSON: {error}") from error
