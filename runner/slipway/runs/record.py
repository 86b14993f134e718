# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner's own records in a run's event file: queued, started, ended.

Knows the subject `Run`; must not know how a run is executed.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from slipway import state
from slipway.core import Emitter, Event, Subject, file_writer
from slipway.events import log
from slipway.runs.model import Run, Status, Verdict

_PHASE = {
    Status.SUCCEEDED: "Succeeded",
    Status.CHANGES_PENDING: "Succeeded",
    Status.CANCELLED: "Cancelled",
}


class Writer:
    """Appends records to the file that the plugins append to as well.

    A full disk must not end a delivery half way: the first error is kept in `lost`, the run goes on and says so
    in the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write = file_writer(str(path))
        self.lost = ""

    def __call__(self, event: Event) -> None:
        try:
            self._write(event)
        except OSError as error:
            self.lost = self.lost or f"records are incomplete: {state.disk_error(error, self._path).message}"


def emitter(run_id: str, directory: Path) -> Emitter:
    """Return where the runner puts its records; errors of the disk are not raised."""
    return Emitter([Writer(directory / log.NAME)], run=run_id)


def subject(run: Run) -> Subject:
    """Return what the runner's records are about."""
    return Subject("Run", run.project, run.id)


def ended(sink: Emitter, run: Run, verdict: Verdict) -> None:
    """Write the last record of a run."""
    failure = verdict.failure
    data: dict[str, object] = {"status": verdict.status.value, "exit_code": verdict.exit_code, **verdict.counts}
    if failure:
        data["failure"] = asdict(failure)
    phase = _PHASE.get(verdict.status, "Failed")
    sink.emit(subject(run), phase, reason=verdict.status.value, message=verdict.why, data=data)
