# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The reference engine: `$(key)` is replaced literally, one pass per stage, unknown references stay.

Knows text, lists and maps; must not know which fields of a Task or Pipeline take references.
Source: tektoncd/pipeline pkg/substitution/replacements.go, pkg/apis/pipeline/v1/param_types.go, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_REFERENCE = re.compile(r"\$\(([^()]+)\)")
_STAR = "[*]"


@dataclass(frozen=True, slots=True)
class Replacements:
    """Values by key: `strings` replace inside text, `arrays` and `objects` replace a whole list element or value."""

    strings: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, Sequence[str]] = field(default_factory=dict)
    objects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def updated(self, other: Replacements) -> Replacements:
        """Return both together; `other` wins."""
        return Replacements(
            {**self.strings, **other.strings}, {**self.arrays, **other.arrays}, {**self.objects, **other.objects}
        )


def spellings(prefix: str, name: str) -> tuple[str, str, str]:
    """Return the three ways to write a reference: prefix.name, prefix["name"], prefix['name']."""
    return f"{prefix}.{name}", f'{prefix}["{name}"]', f"{prefix}['{name}']"


def text(value: str, strings: Mapping[str, str]) -> str:
    """Return `value` with every known reference replaced. What a value brings in is not looked at again."""
    if "$(" not in value:
        return value
    return _REFERENCE.sub(lambda match: strings.get(match[1], match[0]), value)


def array(value: str, given: Replacements) -> list[str] | None:
    """Return the array that `value` names when it is nothing but a reference to one: $(key) or $(key[*])."""
    match = _REFERENCE.fullmatch(value)
    for key in (match[1], match[1].removesuffix(_STAR)) if match else ():
        if key in given.arrays:
            return list(given.arrays[key])
    return None


def expand(value: str, given: Replacements) -> list[str]:
    """Return the elements that one list element becomes: an array when it is nothing but that array."""
    found = array(value, given)
    return [text(value, given.strings)] if found is None else found


def expand_all(values: Sequence[Any], given: Replacements) -> list[str]:
    """Return a list of texts with each element expanded."""
    return [part for item in values for part in expand(str(item), given)]


def whole(value: Any, given: Replacements) -> Any:
    """Return a param's value: text that is nothing but an array or object takes its type.

    Source: ParamValue.ApplyReplacements and applyOrCorrect.
    """
    if isinstance(value, list):
        return expand_all(value, given)
    if isinstance(value, Mapping):
        return {key: text(str(item), given.strings) for key, item in value.items()}
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    key = match[1].removesuffix(_STAR) if match else ""
    if key in given.objects:
        return dict(given.objects[key])
    found = array(value, given) if match else None
    return text(str(value), given.strings) if found is None else found
