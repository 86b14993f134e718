# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How things are compared: interleaved rounds, medians, a ratio below 1 when we are better."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One comparison. `better` is "lower" or "higher", `source` "live" or "recorded"."""

    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str = "s"
    scope: str = "engine"
    better: str = "lower"
    source: str = "live"

    @property
    def ratio(self) -> float:
        if self.better == "lower":
            return self.ours / self.peer
        return self.peer / self.ours

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ours": round(self.ours, 4),
            "peer": round(self.peer, 4),
            "peer_name": self.peer_name,
            "unit": self.unit,
            "ratio": round(self.ratio, 3),
            "scope": self.scope,
            "better": self.better,
            "peer_source": self.source,
        }


def seconds(action: Callable[[], object]) -> float:
    """Return how long `action` takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def interleaved(actions: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, float]:
    """Run all actions in turn, `rounds` times; return the median of what each returned (seconds)."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _round in range(rounds):
        for name, action in actions.items():
            taken[name].append(action())
    return {name: statistics.median(values) for name, values in taken.items()}
