# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests one address may send: a bucket of tokens for each, filled steadily.

Knows addresses and time; must not know requests.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

_MOST_SOURCES = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second in the long run, and how many at once. `loopback`: whether it counts there too."""

    per_second: float = 100.0
    burst: int = 200
    loopback: bool = False


class Limiter:
    """Remembers for each source when its bucket will be full again: one number, no timer."""

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._full_at: dict[str, float] = {}

    def wait(self, source: str) -> float:
        """Take a token of `source`; return 0, or the seconds until there is one."""
        if not self._rate.loopback and _loopback(source):
            return 0.0
        now, cost = self._now(), 1.0 / self._rate.per_second
        full = max(self._full_at.get(source, now), now) + cost
        late = full - now - self._rate.burst * cost
        if late > 1e-9:
            return late
        self._full_at[source] = full
        if len(self._full_at) > _MOST_SOURCES:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        return 0.0


def _loopback(source: str) -> bool:
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source == "local"
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
