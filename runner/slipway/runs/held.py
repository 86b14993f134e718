# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are in the journal and have no process yet: each gets one when it is its project's turn.

Knows the journal's order; must not know playbooks or what a run does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from slipway.core import SlipwayError
from slipway.events import log
from slipway.exits import Exit
from slipway.runs import record
from slipway.runs.journal import Journal
from slipway.runs.model import Run, RunHandle, Status, Verdict


class Held:
    """The handles of one starter (`start(..., hold=True)`). They go with its process: the journal calls them
    Interrupted then, and who held them starts them again."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._handles: dict[str, RunHandle] = {}
        self._lock = threading.Lock()

    def add(self, handle: RunHandle) -> None:
        if handle.launch:
            with self._lock:
                self._handles[handle.id] = handle

    def step(self, active: Sequence[Run]) -> None:
        """Launch what has nothing before it; end what was cancelled. `active` is the journal's, oldest first."""
        heads: set[str] = set()
        for run in active:
            if run.id in self._handles and run.cancel:
                self._cancelled(run)
            elif run.project not in heads:
                heads.add(run.project)
                handle = self._taken(run.id)
                if handle and handle.launch:
                    handle.launch()

    def _taken(self, run_id: str) -> RunHandle | None:
        with self._lock:
            return self._handles.pop(run_id, None)

    def _cancelled(self, run: Run) -> None:
        self._taken(run.id)
        verdict = Verdict(Status.CANCELLED, int(Exit.CANCELLED), note=run.cancel)
        try:
            run.directory.mkdir(mode=0o700, exist_ok=True)
            record.ended(record.emitter(run.id, run.directory), run, verdict)
            log.renumber(run.directory / log.NAME)
        except (OSError, SlipwayError):  # the journal says enough
            pass
        self._journal.finish(run.id, verdict)
