# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives each pod an address of its own in 127.64.0.0/10.

The address follows from the pod's UID, so that two nodes on one machine rarely meet; the few that
would are moved on.
"""

from __future__ import annotations

import hashlib
import threading

_FIRST = (127 << 24) | (64 << 16)
_COUNT = 1 << 22


class Addresses:
    """The addresses in use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_uid: dict[str, str] = {}
        self._taken: set[str] = set()

    def take(self, uid: str, wanted: str = "") -> str:
        """Return the address of a pod; `wanted` is the one it had before this node was restarted."""
        with self._lock:
            if uid in self._by_uid:
                return self._by_uid[uid]
            start = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:4], "big")
            candidates = (_text(start + step) for step in range(_COUNT))
            free = wanted if wanted.startswith("127.") and wanted not in self._taken else ""
            address = free or next(item for item in candidates if item not in self._taken)
            self._by_uid[uid] = address
            self._taken.add(address)
            return address

    def release(self, uid: str) -> None:
        """Give the address back."""
        with self._lock:
            self._taken.discard(self._by_uid.pop(uid, ""))


def _text(number: int) -> str:
    value = _FIRST + number % _COUNT
    # .0 and .255 look like networks and broadcasts to some programs.
    last = min(max(value & 255, 1), 254)
    return f"127.{value >> 16 & 255}.{value >> 8 & 255}.{last}"
