# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of runs: who waits, who runs, how they ended.

Knows rows. Must not start, end or look at processes: who asks says which owners are dead.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.core import Clock, Invalid, RealClock
from slipway.runs.model import Owner, Policy, Run, Status, Verdict
from slipway.runs.store import Store

_ACTIVE = "('Queued', 'Running')"


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is known of a run before it exists."""

    id: str
    project: str
    playbook: str
    policy: Policy
    directory: Path
    owner: Owner
    event_id: str = ""
    resumes: str = ""
    check: bool = False


class Journal:
    """All runs of one state directory."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._store = Store(path)
        self._clock = clock or RealClock()

    def keep_open(self) -> sqlite3.Connection:
        """Return a connection that does nothing: while it is open, others close without a checkpoint each."""
        return self._store.keep_open()

    def add(self, new: NewRun) -> tuple[Run, bool]:
        """Write a new run, queued. Returns the run and whether it is new.

        The same project and event give the run that has it already, unless that one failed. Policy
        `supersede` asks every older active run of the project to stop.
        """
        with self._store.writing() as database:
            known = _of_event(database, new)
            if known:
                return known, False
            if new.policy is Policy.SUPERSEDE:
                _supersede(database, new)
            database.execute(_INSERT, (*_values(new), self._clock.now()))
            return _one(database, new.id), True

    def get(self, run_id: str) -> Run:
        """Return the run with exactly this id; Invalid when there is none."""
        with self._store.reading() as database:
            return _one(database, run_id)

    def find(self, text: str) -> Run:
        """Return the run that a person means: an id, the start or end of one, or `last`."""
        with self._store.reading() as database:
            if text in ("last", "latest"):
                rows = database.execute("SELECT * FROM runs ORDER BY ticket DESC LIMIT 1").fetchall()
            else:
                query = "SELECT * FROM runs WHERE id = ? OR substr(id, 1, ?) = ? OR substr(id, -?) = ?"
                rows = database.execute(query, (text, len(text), text, len(text), text)).fetchall()
        exact = [row for row in rows if row["id"] == text] or rows
        return _only([_run(row) for row in exact], text)

    def listed(
        self, *, project: str = "", statuses: Sequence[Status] = (), limit: int = 20, event_id: str = ""
    ) -> list[Run]:
        """Return runs, newest first."""
        marks = ",".join("?" * len(statuses))
        where = ["(? = '' OR project = ?)", "(? = '' OR event_id = ?)", *([f"status IN ({marks})"] if statuses else [])]
        query = f"SELECT * FROM runs WHERE {' AND '.join(where)} ORDER BY ticket DESC LIMIT ?"
        values = (project, project, event_id, event_id, *(status.value for status in statuses), limit)
        with self._store.reading() as database:
            return [_run(row) for row in database.execute(query, values)]

    def active(self) -> list[Run]:
        """Return every queued or running run, oldest first."""
        with self._store.reading() as database:
            rows = database.execute(f"SELECT * FROM runs WHERE status IN {_ACTIVE} ORDER BY ticket")
            return [_run(row) for row in rows]

    def own(self, run_id: str, owner: Owner) -> None:
        """Say which process answers for a run."""
        with self._store.writing() as database:
            database.execute(
                "UPDATE runs SET owner_pid = ?, owner_start = ?, owner_boot = ? WHERE id = ?",
                (owner.pid, owner.start, owner.boot, run_id),
            )

    def claim(self, run_id: str) -> Run | None:
        """Let a queued run start when nothing of its project is before it. Returns who is, None when it runs."""
        with self._store.writing() as database:
            run = _one(database, run_id)
            before = database.execute(
                f"SELECT * FROM runs WHERE project = ? AND status IN {_ACTIVE} AND id != ? AND "
                "(status = 'Running' OR ticket < (SELECT ticket FROM runs WHERE id = ?)) ORDER BY ticket LIMIT 1",
                (run.project, run_id, run_id),
            ).fetchone()
            if before:
                return _run(before)
            database.execute(
                "UPDATE runs SET status = 'Running', started = ? WHERE id = ? AND status = 'Queued'",
                (self._clock.now(), run_id),
            )
            return None

    def finish(self, run_id: str, verdict: Verdict, owner: Owner | None = None) -> bool:
        """Write how a run ended, once. With `owner`: only while that process still answers for it."""
        condition = "" if owner is None else " AND owner_pid = ? AND owner_start = ?"
        who = () if owner is None else (owner.pid, owner.start)
        with self._store.writing() as database:
            cursor = database.execute(
                f"UPDATE runs SET status = ?, exit_code = ?, why = ?, finished = ? WHERE id = ? AND status IN {_ACTIVE}"
                + condition,
                (verdict.status.value, verdict.exit_code, verdict.why, self._clock.now(), run_id, *who),
            )
            return cursor.rowcount == 1

    def request_cancel(self, run_id: str, why: str, *, force: bool = False) -> Run:
        """Ask a run to stop; the first reason stays. An ended run is left as it is."""
        with self._store.writing() as database:
            database.execute(
                f"UPDATE runs SET cancel = CASE cancel WHEN '' THEN ? ELSE cancel END, force = max(force, ?) "
                f"WHERE id = ? AND status IN {_ACTIVE}",
                (why, int(force), run_id),
            )
            return _one(database, run_id)


_INSERT = """INSERT INTO runs (id, project, playbook, status, policy, directory, event_id, resumes, dry,
  owner_pid, owner_start, owner_boot, created) VALUES (?, ?, ?, 'Queued', ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def _values(new: NewRun) -> tuple[object, ...]:
    owner = new.owner
    row = (new.id, new.project, new.playbook, new.policy.value, str(new.directory), new.event_id, new.resumes)
    return (*row, int(new.check), owner.pid, owner.start, owner.boot)


def _of_event(database: sqlite3.Connection, new: NewRun) -> Run | None:
    """Return an active or successful run for the same event: a redelivered webhook must not deliver twice."""
    if not new.event_id:
        return None
    row = database.execute(
        "SELECT * FROM runs WHERE project = ? AND event_id = ? AND cancel = '' AND "
        f"(status IN {_ACTIVE} OR status IN ('Succeeded', 'ChangesPending')) ORDER BY ticket DESC LIMIT 1",
        (new.project, new.event_id),
    ).fetchone()
    return _run(row) if row else None


def _supersede(database: sqlite3.Connection, new: NewRun) -> None:
    database.execute(
        f"UPDATE runs SET cancel = ? WHERE project = ? AND status IN {_ACTIVE} AND cancel = ''",
        (f"superseded by {new.id}", new.project),
    )


def _one(database: sqlite3.Connection, run_id: str) -> Run:
    rows = database.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchall()
    return _only([_run(row) for row in rows], run_id)


def _only(runs: list[Run], text: str) -> Run:
    if len(runs) == 1:
        return runs[0]
    if runs:
        names = ", ".join(run.id for run in runs[:5])
        raise Invalid("run", f"several runs match '{text}': {names}", hint="give more of the id")
    raise Invalid("run", f"there is no run '{text}'", hint="slipway list shows them")


def _run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        project=row["project"],
        playbook=row["playbook"],
        status=Status(row["status"]),
        policy=Policy(row["policy"]),
        directory=Path(row["directory"]),
        created=row["created"],
        started=row["started"],
        finished=row["finished"],
        exit_code=row["exit_code"],
        why=row["why"],
        event_id=row["event_id"],
        resumes=row["resumes"],
        check=bool(row["dry"]),
        owner=Owner(row["owner_pid"], row["owner_start"], row["owner_boot"]),
        cancel=row["cancel"],
        force=bool(row["force"]),
    )
