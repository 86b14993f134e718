# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the tasks of a pipeline stand in a drawing: columns by wave, rows that cross little, bends for long edges.

Pure geometry; must not know colours, states or SVG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the grid: column (wave) and row, both from 0; rows may lie between."""

    column: int
    row: float


@dataclass(frozen=True, slots=True)
class Layout:
    """`tasks` by name; `edges` are the spots that a line passes, first and last are tasks."""

    tasks: dict[str, Spot] = field(default_factory=dict)
    edges: list[list[Spot]] = field(default_factory=list)
    columns: int = 0
    rows: int = 0


def layout(plan: Sequence[Mapping[str, Any]]) -> Layout:
    """Place the DAG tasks of a plan (rows of `explain`, finally ones left out)."""
    waves = {str(row["task"]): int(row["wave"]) for row in plan}
    chains = [_chain(other, name, waves) for name, after in _edges(plan) for other in after]
    columns: dict[int, list[str]] = {}
    for name, wave in [*waves.items(), *(point for chain in chains for point in chain[1:-1])]:
        columns.setdefault(wave, []).append(name)
    links, at = _links(chains), _positions(columns)
    for _round in range(_ROUNDS):
        for wave in [*sorted(columns), *sorted(columns, reverse=True)]:
            _sort(columns[wave], at, links)
            at.update(_positions({wave: columns[wave]}))
    most = max((len(names) for names in columns.values()), default=0)
    spots = {
        name: Spot(wave, row + (most - len(names)) / 2)
        for wave, names in columns.items()
        for row, name in enumerate(names)
    }
    edges = [[spots[name] for name, _wave in chain] for chain in chains]
    return Layout({name: spots[name] for name in waves}, edges, len(columns), most)


def _edges(plan: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return what each task waits for, without what another one of those waits for already: fewer lines, same order."""
    direct = {str(row["task"]): [str(name) for name in row["after"]] for row in plan}
    above: dict[str, set[str]] = {}
    for row in sorted(plan, key=lambda row: int(row["wave"])):
        name = str(row["task"])
        above[name] = {far for near in direct[name] for far in (near, *above.get(near, ()))}
    return [
        (name, [one for one in after if not any(one in above.get(other, ()) for other in after)])
        for name, after in direct.items()
    ]


def _chain(first: str, last: str, waves: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the edge as points; where it passes a column it gets a point of its own there."""
    between = [(f"{first}\0{last}\0{wave}", wave) for wave in range(waves[first] + 1, waves[last])]
    return [(first, waves[first]), *between, (last, waves[last])]


def _links(chains: Sequence[Sequence[tuple[str, int]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for chain in chains:
        for (one, _), (other, _) in pairwise(chain):
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def _positions(columns: Mapping[int, Sequence[str]]) -> dict[str, float]:
    return {name: row - (len(names) - 1) / 2 for names in columns.values() for row, name in enumerate(names)}


def _sort(names: list[str], at: Mapping[str, float], links: Mapping[str, Sequence[str]]) -> None:
    """Each to the middle of its neighbours (the barycentre rule of layered drawings); ties keep their order."""

    def middle(name: str) -> float:
        near = [at[other] for other in links.get(name, ())]
        return sum(near) / len(near) if near else at[name]

    names.sort(key=middle)
