# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A token that says: stop as soon as you can, tidily."""

from __future__ import annotations

import threading

from .errors import Cancelled


class Cancel:
    """Set from a signal handler or another thread, looked at by loops."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason = ""

    def set(self, reason: str = "cancelled") -> None:
        """Ask everybody who holds this token to stop."""
        self.reason = self.reason or reason
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled when a stop was asked for."""
        if self.is_set():
            raise Cancelled(self.reason or "cancelled")

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; True when a stop was asked for."""
        return self._event.wait(seconds)


class Linked(Cancel):
    """A token that can be set alone, and is set as well when the token above it is."""

    def __init__(self, above: Cancel) -> None:
        super().__init__()
        self._above = above

    def is_set(self) -> bool:
        if self._above.is_set():
            self.set(self._above.reason)
        return super().is_set()
