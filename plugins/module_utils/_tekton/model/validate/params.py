# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Params: declared ones (types, names, enums) and given ones (each once).

Source: tektoncd/pipeline pkg/apis/pipeline/v1/{param_types,task_validation,taskrun_validation}.go, v1.15.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ...decide.params import kind, kind_of, typed
from .flags import Flags
from .problem import Problem, Problems, at_index, both, generic, missing, via
from .read import Raw, given, part, text, texts

TYPES = ("string", "array", "object")
_NAME = re.compile("[_a-zA-Z][_a-zA-Z0-9.-]*")
_OBJECT_NAME = re.compile("[_a-zA-Z][_a-zA-Z0-9-]*")
_NAME_RULE = (
    "String/Array Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_), and dots (.)\n"
    "Must begin with a letter or an underscore (_)"
)
_OBJECT_RULE = (
    "Object Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_) \n"
    "Must begin with a letter or an underscore (_)"
)


def names(params: Iterable[Raw], *kinds: str) -> list[str]:
    """Return the names of the params, of all or of some types."""
    return [text(param, "name") for param in params if not kinds or kind(param) in kinds]


def properties(param: Raw) -> dict[str, str]:
    """Return the keys of an object param with their types; a type that is not given is string."""
    declared = part(param, "properties") or {}
    return {str(key): text(entry, "type") or "string" for key, entry in declared.items()}


def types(params: Iterable[Raw]) -> Problems:
    """Check types, and that defaults have them. Source: ValidateParameterTypes."""
    return tuple(found for param in params for found in _type(param))


def _type(param: Raw) -> Problems:
    name, wanted = text(param, "name"), kind(param)
    if wanted not in TYPES:
        hint = f"types: {', '.join(TYPES)}"
        return (Problem(f"invalid value: {wanted}", (f"{name}.type",), hint=hint),)
    if given(param, "default"):
        found = kind_of(typed(param["default"]))
        if found != wanted:
            message = f'"{wanted}" type does not match default value\'s type: "{found}"'
            return (Problem(message, (f"{name}.type", f"{name}.default.type")),)
    wrong = [key for key, shape in properties(param).items() if shape != "string"]
    if wrong:
        message = f"The value type specified for these keys {listed(wrong)} is invalid"
        return (Problem(message, (f"{name}.properties",)),)
    return ()


def listed(values: Iterable[str]) -> str:
    """Return texts as Go prints a list of them."""
    return f"[{' '.join(values)}]"


def once(params: Sequence[Raw]) -> Problems:
    """Check that each declared name comes once. Source: ValidateNoDuplicateNames."""
    doubled = [name for name, count in Counter(names(params)).items() if count > 1]
    return via((found for name in doubled for found in _named("parameter appears more than once", name)), "params")


def _named(message: str, name: str) -> Problems:
    return via((generic(message, ""),), at_index(name))


def enums(flags: Flags, params: Iterable[Raw]) -> Problems:
    """Check enums: only of strings, each value once, the default among them. Source: validateParamEnums."""
    return tuple(found for param in params if texts(param, "enum") for found in _enum(flags, param))


def _enum(flags: Flags, param: Raw) -> Problems:
    name, values, default = text(param, "name"), texts(param, "enum"), text(param, "default")
    found: Problems = ()
    if not flags.param_enum:
        found += _named("feature flag `enable-param-enum` should be set to true to use Enum", name)
    if kind(param) != "string":
        found += _named("enum can only be set with string type param", name)
    for value in [value for value, count in Counter(values).items() if count > 1]:
        found += _named(f"parameter enum value {value} appears more than once", name)
    if default and default not in values:
        found += _named(f"param default value {default} not in the enum list", name)
    return found


def formats(params: Sequence[Raw]) -> Problems:
    """Check the form of names and of object keys. Source: ValidateNameFormat."""
    found: Problems = ()
    wrong = sorted({name for name in names(params, "string", "array") if not _NAME.fullmatch(name)})
    if wrong:
        message = f"The format of following array and string variable names is invalid: {listed(wrong)}"
        found += (Problem(message, ("params",), _NAME_RULE),)
    objects = {text(param, "name"): _wrong_keys(param) for param in params if kind(param) == "object"}
    bad = {name: keys for name, keys in objects.items() if keys or not _OBJECT_NAME.fullmatch(name)}
    if bad:
        shown = " ".join(f"{name}:{listed(keys)}" for name, keys in sorted(bad.items()))
        message = f"Object param name and key name format is invalid: map[{shown}]"
        found += (Problem(message, ("params",), _OBJECT_RULE),)
    return found


def _wrong_keys(param: Raw) -> list[str]:
    return [key for key in properties(param) if not _OBJECT_NAME.fullmatch(key)]


def have_properties(params: Iterable[Raw]) -> Problems:
    """Check that objects say their keys. Source: ValidateObjectParamsHaveProperties."""
    objects = (param for param in params if kind(param) == "object" and not given(param, "properties"))
    return tuple(missing(f"{text(param, 'name')}.properties") for param in objects)


def values_once(values: Sequence[Raw]) -> Problems:
    """Check that a task is given each param once; paths are [i].name. Source: validateDuplicateParameters."""
    seen: set[str] = set()
    found: Problems = ()
    for index, param in enumerate(values):
        name = text(param, "name")
        if name in seen:
            message = f'parameter names must be unique, the parameter "{name}" is also defined at'
            found += (generic(message, f"[{index}].name"),)
        seen.add(name)
    return found


def of_run(values: Sequence[Raw]) -> Problems:
    """Check the params of a run: each once, whatever its case. Source: ValidateParameters."""
    return distinct([text(param, "name") for param in values], by_index=False)


def distinct(values: Sequence[str], *, by_index: bool) -> Problems:
    """Check that names differ in more than case; paths have the index or the name. Source: validateNoDuplicateNames."""
    seen: set[str] = set()
    found: Problems = ()
    for index, name in enumerate(values):
        if name.lower() in seen:
            found += via((both("name"),), at_index(index if by_index else name))
        seen.add(name.lower())
    return found
