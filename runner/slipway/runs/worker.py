# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run, in a process of its own: `python -P -m slipway.runs.worker ID`, the request comes through stdin.

Waits for its turn, runs the playbook, writes the end. Whoever started it may be gone: everything that others need
to know is in the journal and in the run's directory.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slipway import exits, state
from slipway.core import Emitter, SlipwayError, Temporary, redact
from slipway.events import log
from slipway.runs import extravars, finalizer, processes, record, recovery, watchdog
from slipway.runs.control import Control, Stop
from slipway.runs.journal import Journal
from slipway.runs.model import Failure, Request, Run, Status, Verdict
from slipway.runs.outcome import Reader, stopped, verdict
from slipway.runs.play import RESULT, Play

_TURN = 0.2


@dataclass
class Worker:
    """The steps of one run, in order."""

    journal: Journal
    run: Run
    request: Request
    sink: Emitter
    guard: watchdog.Watchdog
    writer: record.Writer
    signalled: list[str] = field(default_factory=list)
    deadline: float = 0.0

    def work(self) -> Verdict:
        """Wait, play, judge. Never raises: what goes wrong inside is a verdict too."""
        try:
            return self._wait_turn() or self._play()
        except SlipwayError as error:
            told = error.failure()
            failure = Failure(**told)
            return Verdict(Status.FAILED, int(exits.for_error(error)), failure)
        except Exception as error:
            path = self.run.directory / "traceback.txt"
            write_trace(path)
            failure = Failure("Internal", f"{type(error).__name__}: {error}", "", f"trace: {path}")
            return Verdict(Status.FAILED, int(exits.Exit.INTERNAL), failure)

    def _wait_turn(self) -> Verdict | None:
        """Return None when it is this run's turn, a verdict when it was cancelled before."""
        told = ""
        while True:
            stop = self.asked()
            if stop:
                return stopped(stop.reason, stop.why, {})
            try:
                recovery.reconcile(self.journal)
                before = self.journal.claim(self.run.id)
            except Temporary:  # somebody holds the journal: that is no reason to lose the place in the queue
                time.sleep(_TURN)
                continue
            if before is None:
                return None
            if before.id != told:
                told = before.id
                message = f"run {before.id} of project {self.run.project} is before it"
                self.sink.emit(record.subject(self.run), "Waiting", reason="Queued", message=message)
            time.sleep(_TURN)

    def _play(self) -> Verdict:
        self.sink.emit(record.subject(self.run), "Started", message=self.request.playbook)
        self.deadline = time.monotonic() + self.request.timeout if self.request.timeout else 0.0
        reader = Reader(self.sink)
        play = Play(self.run.id, self.run.directory, self.request, reader, self.run.resumes)
        control = Control(self.run.id, self.asked, self.request.grace, frozenset({self.guard.pid}))
        try:
            code = play.execute(control.begin)
        finally:
            control.end()
        self._keep_result(reader.result)
        if control.stop is None:
            return replace(verdict(code, reader, check=self.request.check), note=self.writer.lost or play.lost)
        if control.survivors:
            names = ", ".join(str(pid) for pid in sorted(control.survivors))
            self.sink.emit(record.subject(self.run), "Warning", reason="Survivors", message=f"still alive: {names}")
        finalizer.release(finalizer.held(log.read(self.run.directory / log.NAME)), self.sink)
        return stopped(control.stop.reason, control.stop.why, reader.counts)

    def asked(self) -> Stop | None:
        """Return the stop request, whoever made it: a signal, the journal, the deadline."""
        if self.signalled:
            return Stop("Cancelled", self.signalled[0], force=len(self.signalled) > 1)
        if self.deadline and time.monotonic() > self.deadline:
            return Stop("TimedOut", f"did not end within {self.request.timeout:g} s")
        try:
            run = self.journal.get(self.run.id)
        except SlipwayError:  # locked for a moment: ask again at the next turn
            return None
        return Stop("Cancelled", run.cancel, force=run.force) if run.cancel else None

    def finish(self, end: Verdict) -> None:
        """Write the end where everybody looks: event file first, journal last."""
        try:
            record.ended(self.sink, self.run, end)
            log.renumber(self.run.directory / log.NAME)
        except (OSError, SlipwayError) as error:
            print(f"the event file could not be completed: {error}", file=sys.stderr)
        _patiently(lambda: self.journal.finish(self.run.id, end))

    def _keep_result(self, statistics: dict[str, Any]) -> None:
        """Keep what `set_stats` handed over, unless the playbook wrote its result itself."""
        path = self.run.directory / RESULT
        if statistics and not path.exists():
            state.write_private(path, json.dumps(redact.current.scrub_data(statistics), indent=2, default=str) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one run; the exit code is the run's."""
    os.umask(0o077)
    run_id = (arguments or sys.argv[1:])[0]
    request = read_request(sys.stdin.read())
    journal = Journal(state.journal_path())
    me = processes.identity(os.getpid())
    journal.own(run_id, me)
    run = journal.get(run_id)
    guard = watchdog.start(lambda: recovery.interrupt(journal, journal.get(run_id)))
    processes.become_subreaper()
    for values in (request.extra_vars, request.env, os.environ):
        for value in extravars.secret_values(values, request.secrets):
            redact.current.register(value)
    writer = record.Writer(run.directory / log.NAME)
    worker = Worker(journal, run, request, Emitter([writer], run=run.id), guard, writer)
    _listen(worker.signalled)
    end = worker.work()
    worker.finish(end)
    guard.dismiss()
    return end.exit_code


def read_request(text: str) -> Request:
    """Return the request that `api.start` wrote to the pipe."""
    value = json.loads(text)
    for name in ("secrets", "inventory"):
        value[name] = tuple(value[name])
    return Request(**value)


def write_trace(path: Path) -> None:
    """Write the current exception's trace, scrubbed; a full disk must not hide the error itself."""
    try:
        state.write_private(path, redact.current.scrub(traceback.format_exc()))
    except SlipwayError:
        return


def _listen(signalled: list[str]) -> None:
    def note(number: int, _frame: Any) -> None:
        signalled.append(f"stopped by {signal.Signals(number).name}")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _patiently(write: Callable[[], object], tries: int = 12) -> None:
    """The end must reach the journal: a lock is waited for, a full disk may be mended meanwhile."""
    for left in reversed(range(tries)):
        try:
            write()
            return
        except SlipwayError as error:
            print(error, file=sys.stderr)
            if not left:
                raise
            time.sleep(1.0)


if __name__ == "__main__":
    raise SystemExit(main())
