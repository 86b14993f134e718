# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Params: types, defaults, what a run gives, and the replacements that come of them.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/param_types.go, pkg/reconciler/pipelinerun/resources/apply.go (ApplyParameters),
pkg/reconciler/taskrun/resources/apply.go (getTaskParameters), v1.15.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import check_params, references, substitution
from .substitution import Replacements, spellings

Value = str | list[str] | dict[str, str]
_DEPTH = 10
_OUTSIDE_TEXT = re.compile(r'("(?:\\.|[^"\\])*")|\s+')


def typed(value: Any) -> Value:
    """Return a param value as Tekton reads it from JSON: text, list of texts, map of texts; else its JSON text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
        return [item or "" for item in value]
    if isinstance(value, Mapping) and all(item is None or isinstance(item, str) for item in value.values()):
        return {key: item or "" for key, item in value.items()}
    return gojson.dumps(value)


def parse(text: str) -> Value:
    """Return the value that this JSON text is; text that is no JSON stands for itself. Source: UnmarshalJSON."""
    try:
        value = json.loads(text) if text else ""
    except ValueError:
        return text
    if isinstance(value, str) or value is None:
        return typed(value)
    found = typed(value) if isinstance(value, (list, dict)) else text
    return _OUTSIDE_TEXT.sub(lambda match: match[1] or "", text) if isinstance(found, str) else found


def kind(declared: Mapping[str, Any]) -> str:
    """Return the type of a declared param: as said, else object by properties, else that of its default, else string."""
    if declared.get("type"):
        return str(declared["type"])
    if declared.get("properties") is not None:
        return "object"
    return kind_of(typed(declared.get("default"))) if declared.get("default") is not None else "string"


def kind_of(value: Value) -> str:
    return "array" if isinstance(value, list) else "object" if isinstance(value, Mapping) else "string"


def defaulted(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return a declared param with its type and those of its properties filled in. Source: ParamSpec.SetDefaults."""
    out = {**declared, "type": kind(declared)}
    if declared.get("default") is not None:
        out["default"] = typed(declared["default"])
    if declared.get("properties"):
        out["properties"] = {
            name: {**(entry or {}), "type": (entry or {}).get("type") or "string"}
            for name, entry in declared["properties"].items()
        }
    return out


def by_type(declared: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return the string, array and object params, each in their order."""
    out: dict[str, list[Mapping[str, Any]]] = {"string": [], "array": [], "object": []}
    for entry in declared:
        out.get(str(entry.get("type") or "string"), out["string"]).append(entry)
    return list(out.values())


def names(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of params, given or declared, in order."""
    return [str(entry.get("name") or "") for entry in entries]


def duplicates(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names that appear more than once, sorted."""
    return sorted(name for name, times in Counter(names(entries)).items() if times > 1)


def array_lengths(entries: Sequence[Mapping[str, Any]], name: str = "value") -> dict[str, int]:
    """Return how many elements each array has; for declared params give name="default"."""
    found = {str(entry.get("name") or ""): typed(entry.get(name)) for entry in entries}
    return {key: len(value) for key, value in found.items() if isinstance(value, list)}


def as_list(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return params by name as the list that a run has."""
    return [{"name": name, "value": typed(value)} for name, value in given.items()]


def resolve(declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any], who: str = "") -> dict[str, Value]:
    """Return the value of every param of a Task: given, else default; what nobody declared is kept too.

    Invalid: no value and no default, wrong type, missing object keys, a value outside the enum.
    """
    declared = [defaulted(entry) for entry in declared]
    listed = as_list(given)
    _refuse(check_params.of_task(declared, listed), "params", who)
    _refuse(check_params.enums(declared, listed), "params", who)
    values = with_defaults(declared, given)
    open_ones = [entry["name"] for entry in declared if entry["name"] not in given and entry.get("default") is not None]
    for _round in range(_DEPTH):
        known = replacements(values)
        fresh = {name: substitution.whole(values[name], known) for name in open_ones}
        if all(values[name] == value for name, value in fresh.items()):
            break
        values = {**values, **fresh}
    return values


def resolve_pipeline(
    declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any], who: str = ""
) -> dict[str, Value]:
    """Return the value of every param of a Pipeline, as `resolve`; defaults may use other params.

    Invalid also for a circle of defaults, more than ten steps, and a default that uses a param without a value.
    """
    declared = [defaulted(entry) for entry in declared]
    listed = as_list(given)
    _refuse(check_params.of_pipeline(declared, listed), "params", who)
    _refuse(check_params.enums(declared, listed), "params", who)
    return pipeline_values(declared, given)


def _refuse(problem: check_params.Problem | None, path: str, who: str) -> None:
    if problem:
        error = Invalid(path, problem.message, obj=who)
        error.reason = problem.reason
        raise error


def with_defaults(declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Value]:
    """Given values over defaults, objects key by key."""
    values = {name: typed(value) for name, value in given.items()}
    for entry in declared:
        if entry.get("default") is None:
            continue
        default, value = typed(entry["default"]), values.get(entry["name"])
        if value is None:
            values[entry["name"]] = default
        elif isinstance(value, dict) and isinstance(default, dict):
            values[entry["name"]] = {**default, **value}
    return values


def pipeline_values(declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values of a Pipeline's params with their defaults resolved; Invalid as `resolve_pipeline`.

    Texts are resolved first, each after those that it uses; then the elements of arrays and the keys of objects.
    """
    values = with_defaults(declared, given)
    open_ones = [entry for entry in declared if entry["name"] not in given and entry.get("default") is not None]
    waiting = {e["name"]: value for e in open_ones if isinstance(value := values[e["name"]], str)}
    known = dict(replacements({name: typed(value) for name, value in given.items()}).strings)
    resolver = _Resolver(waiting, known)
    for name in waiting:
        resolver.resolve(name)
    values.update({name: known[f"params.{name}"] for name in waiting})
    for entry in open_ones:
        name = entry["name"]
        if name not in waiting:
            values[name] = substitution.whole(values[name], Replacements(known))
            known.update(replacements({name: values[name]}).strings)
    return values


@dataclass(slots=True)
class _Resolver:
    """Resolves texts that use each other. `known` grows by what was resolved."""

    waiting: Mapping[str, str]
    known: dict[str, str]
    path: list[str] = field(default_factory=list)

    def resolve(self, name: str) -> None:
        key, value = f"params.{name}", self.waiting[name]
        if key in self.known:
            return
        if name in self.path:
            raise _unresolved(f"circular dependency detected in param {references.quoted(key)}")
        if len(self.path) > _DEPTH:
            raise _unresolved(f"maximum recursion depth ({_DEPTH}) exceeded for param {references.quoted(key)}")
        self.path.append(name)
        for used in references.expressions(value):
            if used.startswith("params.") and used not in self.known:
                self._resolve_used(key, used)
        self.path.pop()
        fresh = substitution.text(value, self.known)
        self.known.update(dict.fromkeys(spellings("params", name), fresh))

    def _resolve_used(self, key: str, used: str) -> None:
        if used.removeprefix("params.") not in self.waiting:
            undefined = f"param {references.quoted(key)} references undefined param {references.quoted(used)}"
            raise _unresolved(undefined)
        self.resolve(used.removeprefix("params."))


def _unresolved(message: str) -> Invalid:
    error = Invalid("params", f"parameter resolution failed: {message}")
    error.reason = "PipelineValidationFailed"
    return error


def replacements(values: Mapping[str, Value], prefix: str = "params") -> Replacements:
    """Return what references to these params become."""
    strings: dict[str, str] = {}
    arrays: dict[str, Sequence[str]] = {}
    objects: dict[str, Mapping[str, str]] = {}
    for name, value in values.items():
        keys = [*spellings(prefix, name), *([f"inputs.params.{name}"] if prefix == "params" else [])]
        for key in keys:
            if isinstance(value, list):
                arrays[key] = value
                strings.update({f"{key}[{index}]": item for index, item in enumerate(value)})
            elif isinstance(value, Mapping):
                objects[key] = value
                strings.update({f"{key}.{part}": item for part, item in value.items()})
            else:
                strings[key] = value
    return Replacements(strings, arrays, objects)
