# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cleans up after a worker that died without a word (kill -9, out of memory, power).

Its processes are found by the mark in their environment, its leases by its records; then the run is Interrupted and
the queue goes on. Anybody may do it, several at once too: only one writes the end.
"""

from __future__ import annotations

from slipway import exits
from slipway.core import SlipwayError
from slipway.events import log
from slipway.runs import finalizer, processes, record
from slipway.runs.journal import Journal
from slipway.runs.model import Failure, Run, Status, Verdict
from slipway.runs.play import clean_artifacts

_AGAIN = "slipway serve starts the run of an event again when it is started"


def reconcile(journal: Journal) -> list[Run]:
    """Mark every active run whose owner is dead, and return those runs."""
    dead = [run for run in journal.active() if not processes.alive(run.owner)]
    return [run for run in dead if interrupt(journal, run)]


def interrupt(journal: Journal, run: Run) -> bool:
    """End what a dead worker left of `run`. Returns whether this call wrote the end."""
    if run.directory.exists():  # else it was held and never had a process
        processes.end_all(lambda: processes.marked("SLIPWAY_RUN", run.id), 1.0)
        clean_artifacts(run.id, run.directory)
    sink = record.emitter(run.id, run.directory)
    path, verdict = run.directory / log.NAME, _verdict(run)
    if not journal.finish(run.id, verdict, run.owner):
        return False
    try:
        finalizer.release(finalizer.held(log.read(path)), sink)
        record.ended(sink, run, verdict)
        log.renumber(path)
    except (OSError, SlipwayError):  # the directory is gone or the disk is full: the journal says enough
        return True
    return True


def _verdict(run: Run) -> Verdict:
    if not run.directory.exists():
        failure = Failure("Interrupted", f"who held it (pid {run.owner.pid}) ended before it began", "", _AGAIN)
        return Verdict(Status.INTERRUPTED, int(exits.Exit.INTERNAL), failure)
    what = "before it started" if run.started is None else "while it ran"
    failure = Failure("Interrupted", f"its worker (pid {run.owner.pid}) was killed {what}", "", "run it again")
    return Verdict(Status.INTERRUPTED, int(exits.Exit.INTERNAL), failure)
