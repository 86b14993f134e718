# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One pass over an object in one direction: renames fields in place and keeps account of it.

Knows dictionaries and paths; must not know Tekton's kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `path` is the object that had the field `old` (empty: the top); `new` is empty when it was dropped."""

    path: str
    old: str
    new: str
    note: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the change under the names that users see."""
        return {"path": self.path, "from": self.old, "to": self.new, "note": self.note}


@dataclass(slots=True)
class Turn:
    """A pass: `up` is v1beta1 to v1. `cluster_tasks` are the names of the ClusterTasks that are given too."""

    up: bool
    cluster_tasks: frozenset[str] = frozenset()
    changes: list[Change] = field(default_factory=list)

    def told(self, path: str, old: str, new: str, note: str = "") -> None:
        """Keep account of a change that the caller made."""
        self.changes.append(Change(path, old, new, note))

    def rename(self, entry: Any, path: str, beta: str, stable: str) -> None:
        """Rename a field: `beta` to `stable` on the way up, the other way round on the way down. Its place is kept."""
        old, new = (beta, stable) if self.up else (stable, beta)
        if not isinstance(entry, dict) or old not in entry:
            return
        items = [(new if key == old else key, value) for key, value in entry.items() if key != new]
        entry.clear()
        entry.update(items)
        self.told(path, old, new)

    def value(self, entry: dict[str, Any], path: str, name: str, new: str, note: str = "") -> None:
        """Give a field another value; told as `name=value`."""
        self.told(path, f"{name}={entry.get(name, '')}", f"{name}={new}", note)
        entry[name] = new

    def drop(self, entry: Any, path: str, name: str, note: str) -> None:
        """Take a field away that the other version does not have."""
        if isinstance(entry, dict) and name in entry:
            entry.pop(name)
            self.told(path, name, "", note)


def entries(spec: Any, name: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, entry) for the mappings of a list field; what is no list or no mapping is for admission to refuse."""
    found = spec.get(name) if isinstance(spec, dict) else None
    for index, entry in enumerate(found if isinstance(found, list) else []):
        if isinstance(entry, dict):
            yield f"{path}.{name}[{index}]", entry


def mapping(spec: Any, name: str) -> dict[str, Any] | None:
    """Return the mapping at `name`, None when there is none."""
    found = spec.get(name) if isinstance(spec, dict) else None
    return found if isinstance(found, dict) else None
