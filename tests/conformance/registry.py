# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where adapters say which rows of the vectors they can run.

An adapter is a function over one row: it calls our code and raises AssertionError when the answer
differs. It must know the rule's name, never a row's expected value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Skip(Exception):
    """This case cannot run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table file. `fields` as in the file; absent fields have the zero value of `schema`."""

    id: str
    set: str
    test: str
    kind: str
    fields: Mapping[str, Any]
    table: Mapping[str, Any]
    now: str
    path: str
    fixtures: Path = field(default=Path())

    def value(self, name: str, default: Any = None) -> Any:
        """Return a field, or the zero value of its type."""
        if name in self.fields:
            return self.fields[name]
        if default is not None:
            return default
        return _zero(str((self.table.get("schema") or {}).get(name, "")))


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a set that is no table: `path` is the folder of the set, `meta` the case's entry."""

    id: str
    set: str
    path: Path
    meta: Mapping[str, Any]


RowFunction = Callable[[Row], None]
CaseFunction = Callable[[Case], None]
ADAPTERS: dict[tuple[str, str], RowFunction] = {}
SCENARIOS: dict[str, CaseFunction] = {}


def adapter(project: str, path: str, *tests: str) -> Callable[[RowFunction], RowFunction]:
    """Register a function for `tests` of the table file whose provenance path is `path`."""

    def register(function: RowFunction) -> RowFunction:
        for test in tests:
            ADAPTERS[(f"{project}:{path}", test)] = function
        return function

    return register


def scenario(set_name: str) -> Callable[[CaseFunction], CaseFunction]:
    """Register the function that runs the cases of a set without tables."""

    def register(function: CaseFunction) -> CaseFunction:
        SCENARIOS[set_name] = function
        return function

    return register


def _zero(kind: str) -> Any:
    if kind.startswith(("[]", "sets.")):
        return []
    if kind.startswith("map["):
        return {}
    return {"string": "", "bool": False, "int": 0, "int32": 0, "int64": 0, "float64": 0.0}.get(kind)
