# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose turn it is, and what has been served. In memory only."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from .routes import Destination, Endpoint, Route


class Balance:
    """Chooses destinations by weight and pods in turn.

    Smooth weighted round-robin (as nginx): 20 % is one of every five requests exactly, spread
    evenly, so that a handful of probes already shows the weight. New weights start afresh.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[str, tuple[tuple[Destination, ...], list[int]]] = {}
        self._turns: dict[str, int] = {}

    def destination(self, route: Route) -> Destination:
        """Return the destination whose turn it is."""
        with self._lock:
            known, credit = self._routes.get(route.key, ((), []))
            if known != route.destinations:
                credit = [0] * len(route.destinations)
            for index, item in enumerate(route.destinations):
                credit[index] += item.weight
            best = max(range(len(credit)), key=lambda index: credit[index])
            credit[best] -= sum(item.weight for item in route.destinations)
            self._routes[route.key] = (route.destinations, credit)
            return route.destinations[best]

    def order(self, target: Destination, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """Return the pods, the one whose turn it is first, the others as a fall-back."""
        key = f"{target.namespace}/{target.name}/{target.subset}"
        with self._lock:
            turn = self._turns.get(key, 0) % len(endpoints)
            self._turns[key] = turn + 1
        return [*endpoints[turn:], *endpoints[:turn]]


class Stats:
    """Counts answers by host, Service, version and class of status."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str, str]] = Counter()

    def record(self, host: str, service: str, version: str, status: int) -> None:
        """Count one answer."""
        with self._lock:
            self._counts[host, service, version, f"{status // 100}xx"] += 1

    def as_dict(self) -> dict[str, object]:
        """Return the counts for /-/stats."""
        with self._lock:
            rows = sorted(self._counts.items())
        requests = [
            {"host": host, "service": service, "version": version, "status": status, "count": count}
            for (host, service, version, status), count in rows
        ]
        return {"total": sum(count for _, count in rows), "requests": requests}
