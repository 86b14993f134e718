# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner's own records in a run's event file: queued, started, ended.

Knows the subject `Run`; must not know how a run is executed.
"""

from __future__ import annotations

from pathlib import Path

from slipway.core import Emitter, Subject, file_writer
from slipway.events import log
from slipway.runs.model import Run, Status, Verdict

_PHASE = {
    Status.SUCCEEDED: "Succeeded",
    Status.CHANGES_PENDING: "Succeeded",
    Status.CANCELLED: "Cancelled",
}


def emitter(run_id: str, directory: Path) -> Emitter:
    """Return where the runner puts its records: the same file the plugins append to."""
    return Emitter([file_writer(str(directory / log.NAME))], run=run_id)


def subject(run: Run) -> Subject:
    """Return what the runner's records are about."""
    return Subject("Run", run.project, run.id)


def ended(sink: Emitter, run: Run, verdict: Verdict) -> None:
    """Write the last record of a run."""
    failure = verdict.failure
    data: dict[str, object] = {"status": verdict.status.value, "exit_code": verdict.exit_code, **verdict.counts}
    if failure:
        data["failure"] = {
            "reason": failure.reason,
            "message": failure.message,
            "object": failure.object,
            "hint": failure.hint,
        }
    phase = _PHASE.get(verdict.status, "Failed")
    sink.emit(subject(run), phase, reason=verdict.status.value, message=verdict.why, data=data)
