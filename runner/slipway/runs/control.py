# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stops a playbook that runs: SIGINT, grace, then by force on everything that descends from it.

ansible-runner's cancel leaves workers alive, because ansible-core gives each of them a session of its own. Knows
processes and the stop request; must not know the journal or what a playbook does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from slipway.runs import processes

_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Stop:
    """Why to stop, as a reason (Cancelled, TimedOut) and a sentence; `force`: without grace."""

    reason: str
    why: str
    force: bool = False


@dataclass
class Control:
    """Watches for a stop request while a playbook runs below this process, and carries it out.

    `asked` is polled; it returns the request, or None. `spare` are processes that are not part of the run.
    """

    run_id: str
    asked: Callable[[], Stop | None]
    grace: float
    spare: frozenset[int] = frozenset()
    stop: Stop | None = None
    survivors: set[int] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start to watch."""
        self._thread = threading.Thread(target=self._watch, name="control", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The playbook is over: when it was stopped, wait until nothing of it is left."""
        self._over.set()
        if self._thread:
            self._thread.join()
        if self.stop:
            self.survivors = processes.end_all(self._all, 0.5)

    def _watch(self) -> None:
        while not self._over.is_set():
            self.stop = self.asked()
            if self.stop:
                self._carry_out(self.stop)
                return
            self._over.wait(_STEP)

    def _carry_out(self, stop: Stop) -> None:
        deadline = time.monotonic() + (0.0 if stop.force else self.grace)
        told = False
        while time.monotonic() < deadline and not self._over.is_set():
            playbook = self._playbook()
            if playbook and not told:
                processes.send(playbook, signal.SIGINT)
                told = True
            if told and not playbook:
                break
            if told and self._forced():
                break
            time.sleep(_STEP)
        processes.end_all(self._all, 0.0 if stop.force else 1.0)

    def _forced(self) -> bool:
        """A second request may say: now."""
        again = self.asked()
        return bool(again and again.force)

    def _playbook(self) -> int:
        """Return the pid of ansible-playbook, 0 when it does not run. The oldest: its workers look the same."""
        found = [pid for pid in processes.children(os.getpid()) - self.spare if _is_playbook(pid)]
        return min(found, key=processes.start_time, default=0)

    def _all(self) -> set[int]:
        """Everything below this process, and what was started in this run's environment but escaped."""
        marked = processes.marked("SLIPWAY_RUN", self.run_id)
        return (processes.descendants(os.getpid()) | marked) - self.spare - {os.getpid()}


def _is_playbook(pid: int) -> bool:
    return any(part.endswith("ansible-playbook") for part in processes.command(pid)[:3])
