# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The params that a pipeline declares, and whether a text uses them as it may.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/param_types.go (validateStringVariable and its like), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...decide.params import kind, typed
from . import params, variables
from .problem import Problems, at_index, via
from .read import Raw, text


@dataclass(frozen=True, slots=True)
class Scope:
    """Declared params: all names, those of arrays, the keys of objects by name."""

    names: frozenset[str]
    arrays: frozenset[str]
    keys: Mapping[str, frozenset[str]]

    def string(self, value: str) -> Problems:
        """Check a text: declared params, no arrays, objects by key. Source: validateStringVariable."""
        return self._objects(value) + variables.prohibited(value, "params", self.arrays)

    def element(self, value: str) -> Problems:
        """Check an element of a list: an array must stand alone. Source: validateArrayVariable."""
        return self._objects(value) + variables.isolated(value, "params", self.arrays)

    def _objects(self, value: str) -> Problems:
        found = variables.unknown(value, "params", self.names)
        for name, known in self.keys.items():
            found += variables.unknown(value, rf"params\.{name}", known)
        return found + variables.prohibited_whole(value, "params", self.keys)

    def given(self, values: Sequence[Raw]) -> Problems:
        """Check the params given to a task. Source: validatePipelineParametersVariablesInTaskParameters."""
        found = via(params.values_once(values), "params")
        for param in values:
            found += via(self._value(param), "params", at_index(text(param, "name")))
        return found

    def _value(self, param: Raw) -> Problems:
        value = typed(param.get("value"))
        if isinstance(value, str):
            whole = variables.is_whole(value, "params")
            return variables.unknown(value, "params", self.names) if whole else self.string(value)
        if isinstance(value, Mapping):
            keyed = ((at_index(key), self.string(item)) for key, item in value.items())
            return tuple(one for key, found in keyed for one in via(found, "properties", key))
        return tuple(one for index, item in enumerate(value) for one in via(self.element(item), f"value[{index}]"))


def of(declared: Sequence[Raw]) -> Scope:
    """Return the scope of a pipeline's params."""
    objects = {
        text(param, "name"): frozenset(params.properties(param)) for param in declared if kind(param) == "object"
    }
    # An object without properties says nothing of its keys.
    keys = {name: known for name, known in objects.items() if known}
    return Scope(frozenset(params.names(declared)), frozenset(params.names(declared, "array")), keys)
