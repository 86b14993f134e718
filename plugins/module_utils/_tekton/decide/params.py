# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Params: types, defaults, what a run gives, and the replacements that come of them.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/param_types.go, pkg/reconciler/taskrun/validate_taskrun.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import substitution
from .substitution import Replacements, spellings

Value = str | list[str] | dict[str, str]
_DEPTH = 10


def typed(value: Any) -> Value:
    """Return a param value as Tekton reads it from JSON: text, list of texts, map of texts; else its JSON text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    if isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    return gojson.dumps(value)


def kind(declared: Mapping[str, Any]) -> str:
    """Return the type of a declared param: as said, else object by properties, else that of its default, else string."""
    if declared.get("type"):
        return str(declared["type"])
    if declared.get("properties"):
        return "object"
    return kind_of(typed(declared.get("default"))) if declared.get("default") is not None else "string"


def kind_of(value: Value) -> str:
    return "array" if isinstance(value, list) else "object" if isinstance(value, Mapping) else "string"


def resolve(declared: Sequence[Mapping[str, Any]], given: Mapping[str, Any], who: str = "") -> dict[str, Value]:
    """Return the value of every param: given, else default; what nobody declared is kept too.

    Invalid: no value and no default, wrong type, missing object keys, a value outside the enum.
    """
    values = {name: typed(value) for name, value in given.items()}
    defaults: dict[str, Value] = {}
    for spec in declared:
        name, default = spec["name"], spec.get("default")
        if name not in values and default is None:
            raise Invalid(f"params.{name}", "has no value and no default", obj=who, hint="give it in params of the run")
        if default is not None:
            defaults[name] = typed(default)
        values[name] = _value(spec, values.get(name), defaults.get(name), who)
    return _resolve_defaults(values, {name: v for name, v in defaults.items() if name not in given})


def _value(spec: Mapping[str, Any], value: Value | None, default: Value | None, who: str) -> Value:
    name, wanted = spec["name"], kind(spec)
    if value is None:
        if default is None:
            raise AssertionError
        return default
    if kind_of(value) != wanted:
        raise Invalid(f"params.{name}", f"must be of type {wanted}, not {kind_of(value)}", obj=who)
    if isinstance(value, dict):
        value = {**(default if isinstance(default, dict) else {}), **value}
        missing = sorted(set(spec.get("properties") or {}) - set(value))
        if missing:
            raise Invalid(f"params.{name}", f"lacks the keys {', '.join(missing)}", obj=who)
    if spec.get("enum") and value not in spec["enum"]:
        raise Invalid(f"params.{name}", f"is {value!r}", obj=who, hint=f"one of {', '.join(spec['enum'])}")
    return value


def _resolve_defaults(values: dict[str, Value], defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Defaults may use other params; ten rounds are the end."""
    for _round in range(_DEPTH):
        given = replacements(values)
        fresh = {name: substitution.whole(value, given) for name, value in values.items() if name in defaults}
        if all(values[name] == value for name, value in fresh.items()):
            break
        values = {**values, **fresh}
    return values


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
