# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The reference engine: `$(key)` is replaced literally, one pass per stage, unknown references stay.

Source: tektoncd/pipeline pkg/substitution, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_REFERENCE = re.compile(r"\$\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Replacements:
    """Values by key: `strings` replace inside text, `arrays` and `objects` replace a whole list element or value."""

    strings: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, Sequence[str]] = field(default_factory=dict)
    objects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def spellings(prefix: str, name: str) -> tuple[str, str, str]:
    """Return the three ways to write a reference: prefix.name, prefix["name"], prefix['name']."""
    return f"{prefix}.{name}", f'{prefix}["{name}"]', f"{prefix}['{name}']"


def text(value: str, strings: Mapping[str, str]) -> str:
    """Return `value` with every known reference replaced. What a value brings in is not looked at again."""
    if "$(" not in value:
        return value
    return _REFERENCE.sub(lambda match: strings.get(match[1], match[0]), value)


def expand(value: str, given: Replacements) -> list[str]:
    """Return the elements that one list element becomes: an array when it is nothing but that array."""
    match = _REFERENCE.fullmatch(value)
    if match:
        key = match[1].removesuffix("[*]")
        if key in given.arrays:
            return list(given.arrays[key])
    return [text(value, given.strings)]


def whole(value: Any, given: Replacements) -> Any:
    """Return a param's value: text that is nothing but an array or object takes its type."""
    if isinstance(value, list):
        return [part for item in value for part in expand(str(item), given)]
    if isinstance(value, Mapping):
        return {key: text(str(item), given.strings) for key, item in value.items()}
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match and match[1].endswith("[*]"):
        key = match[1].removesuffix("[*]")
        if key in given.arrays:
            return list(given.arrays[key])
        if key in given.objects:
            return dict(given.objects[key])
    return text(str(value), given.strings)


def deep(value: Any, given: Replacements) -> Any:
    """Return a copy of any structure with references replaced; list elements may expand."""
    if isinstance(value, str):
        return text(value, given.strings)
    if isinstance(value, Mapping):
        return {key: deep(item, given) for key, item in value.items()}
    if isinstance(value, list):
        return [
            part for item in value for part in (expand(item, given) if isinstance(item, str) else [deep(item, given)])
        ]
    return value


_STEP_FIELDS = (
    "image", "imagePullPolicy", "name", "command", "args", "env", "envFrom", "workingDir", "volumeMounts", "script",
    "onError", "stdoutConfig", "stderrConfig", "when", "params",
)  # fmt: skip


def step(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a step (or sidecar) with the fields replaced that Tekton replaces, and no others."""
    return {key: deep(value, given) if key in _STEP_FIELDS else value for key, value in entry.items()}


def task_spec(spec: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a task's spec with one stage of replacements applied."""
    out = dict(spec)
    for name in ("steps", "sidecars"):
        if spec.get(name):
            out[name] = [step(entry, given) for entry in spec[name]]
    if spec.get("stepTemplate"):
        out["stepTemplate"] = step(spec["stepTemplate"], given)
    for name in ("volumes", "workspaces"):
        if spec.get(name):
            out[name] = deep(spec[name], given)
    if spec.get("results"):
        out["results"] = [
            {**entry, "value": whole(entry["value"], given)} if "value" in entry else entry for entry in spec["results"]
        ]
    return out
