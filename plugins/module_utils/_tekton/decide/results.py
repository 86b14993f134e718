# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Results: how they are read, and what references to them become.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/resultrefresolution.go, apply.go, v1.15.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from .params import Value, kind_of, replacements
from .substitution import Replacements

REFERENCE = re.compile(
    r"\$\((tasks|finally)\.([^.()\[\]]+)\.results(?:\.([^.()\[\]]+)|\[[\"']([^\"']+)[\"']\])[^()]*\)"
)
LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference whose result is not there."""

    task: str
    result: str


def read(declared: Sequence[Mapping[str, Any]], raw: Mapping[str, str], who: str) -> dict[str, Value]:
    """Return the typed results of a task; a declared one that was not written is absent.

    Invalid when an array or object result is not that JSON, or lacks a declared key.
    """
    out: dict[str, Value] = {}
    for spec in declared:
        name = spec["name"]
        if name not in raw:
            continue
        wanted = spec.get("type") or ("object" if spec.get("properties") else "string")
        out[name] = raw[name] if wanted == "string" else _json(name, wanted, raw[name], spec, who)
    return out


def _json(name: str, wanted: str, text: str, spec: Mapping[str, Any], who: str) -> Value:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    texts = texts or (isinstance(value, dict) and all(isinstance(item, str) for item in value.values()))
    if not texts or kind_of(value) != wanted:
        raise Invalid(f"results.{name}", f"is not of type {wanted}", obj=who, hint="write it as JSON of texts")
    missing = sorted(set(spec.get("properties") or {}) - set(value)) if wanted == "object" else []
    if missing:
        raise Invalid(f"results.{name}", f"lacks the keys {', '.join(missing)}", obj=who)
    result: Value = value
    return result


def known(results: Mapping[str, Mapping[str, Value]], prefix: str = "tasks") -> Replacements:
    """Return the replacements for the results of all finished tasks."""
    strings: dict[str, str] = {}
    arrays: dict[str, Sequence[str]] = {}
    objects: dict[str, Mapping[str, str]] = {}
    for task, values in results.items():
        part = replacements(values, f"{prefix}.{task}.results")
        strings.update(part.strings)
        arrays.update(part.arrays)
        objects.update(part.objects)
    return Replacements(strings, arrays, objects)


def missing(value: Any, results: Mapping[str, Mapping[str, Value]]) -> list[Missing]:
    """Return the references in `value` that cannot be resolved."""
    return [
        Missing(task, name)
        for text in texts(value)
        for _group, task, plain, quoted in REFERENCE.findall(text)
        if (name := plain or quoted) not in results.get(task, {})
    ]


def texts(value: Any) -> Iterator[str]:
    """Yield every text inside a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
