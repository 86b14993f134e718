# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Patience with an API server that does not answer: what runs in the cluster goes on without it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, Temporary, Unreachable

T = TypeVar("T")
SECONDS, _PAUSE = 600.0, 1.0


@dataclass(slots=True)
class Outage:
    """Repeats a watch that breaks. `say` is told once for each outage, `obj` is whom Cancelled is about."""

    cancel: Cancel
    say: Callable[[str], None]
    obj: str
    seconds: float = SECONDS
    _seen: float = 0.0

    def answered(self) -> None:
        """The cluster has answered: an outage is over."""
        self._seen = time.monotonic()

    def survive(self, watch: Callable[[], T]) -> T:
        """Return what `watch` returns. Raises its error when an outage lasts longer than `seconds`, and Cancelled."""
        broken = -1.0
        while True:
            try:
                return watch()
            except (Temporary, Unreachable) as error:
                now = time.monotonic()
                if broken < 0 or self._seen > broken:
                    broken = now
                    self.say(f"{error.message}; trying again")
                if now - broken > self.seconds:
                    raise
                if self.cancel.wait(_PAUSE) or self.cancel.is_set():
                    raise Cancelled(self.cancel.reason or "cancelled", obj=self.obj) from error
