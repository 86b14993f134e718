# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events on disk before they are answered: SQLite, flushed, many events per commit.

Knows rows; must not know triggers or runs.
"""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway import state
from slipway.core import Invalid
from slipway.serve import origin
from slipway.serve.identity import UNKNOWN, Delivery, new_id
from slipway.serve.schema import STEPS

_MOST, _MOST_BYTES = 200, 16 << 20
REPEAT_SECONDS = 600.0  # twice the window of a signature, so that no replay of a signed request can pass
_AGAIN_SECONDS = 10.0  # a proxy tries again sooner, a person later
_COLUMNS = "seq, id, delivery, project, source, received, path, headers, body, status, reason, runs, of"
_HEADERS = 7  # their place among the columns
_REPEATED = """SELECT id FROM events WHERE key = ? AND received > ?
  AND (? OR received > ? OR status NOT IN ('Refused', 'Failed')) ORDER BY seq DESC LIMIT 1"""
_INSERT = """INSERT INTO events (id, delivery, key, project, source, received, path, headers, body, of)
  VALUES (?,?,?,?,?,?,?,?,?,?)"""
_FINISH = "UPDATE events SET status = ?, reason = ?, runs = ?, headers = ? WHERE seq = ?"
_SETTLE = "UPDATE events SET status = ?, reason = ? WHERE seq = ?"


@dataclass(frozen=True, slots=True)
class New:
    """An event that is not stored yet. `of` names the event that it replays."""

    id: str
    project: str
    path: str
    headers: Mapping[str, list[str]]
    body: bytes
    delivery: Delivery = UNKNOWN
    source: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as it lies in the table. `received` is in unix seconds."""

    seq: int
    id: str
    delivery: str
    project: str
    source: str
    received: float
    path: str
    headers: Mapping[str, list[str]]
    body: bytes
    status: str
    reason: str
    runs: str
    of: str


Done = Callable[[str | sqlite3.Error], None]


@dataclass(frozen=True, slots=True)
class _Write:
    """Some work for the writer; `done` gets what `work` returned once that is on the disk, or the error."""

    work: Callable[[sqlite3.Connection], str]
    done: Done | None = None


class EventStore:
    """Writes through one thread. What comes while it flushes goes into the next group: nobody waits for a timer.

    `hand_over` calls back on behalf of the writer, many at once; a server sets it to reach its own thread.
    """

    def __init__(self, path: Path) -> None:
        state.private_dir(path.parent)
        self._path = path
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self.hand_over: Callable[[Callable[[], None]], None] = lambda call: call()
        self._readers, self._opened = threading.local(), list[sqlite3.Connection]()
        _migrate(self._reader())
        path.chmod(0o600)
        self._thread = threading.Thread(target=self._write, name="event-store", daemon=True)
        self._thread.start()

    def put(self, new: New, done: Done) -> None:
        """Store an event durably, then call `done` with its id, or with the id of the event that it repeats."""
        row = _row(new)
        self._queue.put(_Write(lambda database: _add(database, row, new.delivery), done))

    def add(self, new: New) -> str:
        """Store an event durably and return its id, or the id of the event that it repeats."""
        answer: Future[str | sqlite3.Error] = Future()
        self.put(new, answer.set_result)
        found = answer.result(timeout=30)
        if isinstance(found, sqlite3.Error):
            raise found
        return found

    def replay(self, event: Stored) -> str:
        """Store an event once more, as a new one that names the old one; return its id."""
        new = New(new_id(), event.project, event.path, origin.kept(event.headers), event.body, of=event.id)
        return self.add(new)

    def first_received(self, event: Stored) -> float:
        """Return when an event came over the network: a replay goes by the time of the event that it replays."""
        while event.of:
            before = list(self._select("WHERE id = ?", (event.of,)))
            if not before:
                break
            event = before[0]
        return event.received

    def open(self, after: int = 0, limit: int = 100) -> list[Stored]:
        """Return events behind number `after` that are accepted and not yet handled, oldest first.

        Fewer than `limit` when they are large: they lie in memory together.
        """
        found, size = [], 0
        for event in self._select("WHERE status = 'Accepted' AND seq > ? ORDER BY seq LIMIT ?", (after, limit)):
            found.append(event)
            size += len(event.body)
            if size > _MOST_BYTES:
                break
        return found

    def started(self) -> list[Stored]:
        """Return events whose runs had not ended when somebody looked last, oldest first."""
        return list(self._select("WHERE status = 'Started' ORDER BY seq", ()))

    def listed(self, limit: int = 50, *, project: str = "", statuses: Sequence[str] = ()) -> list[Stored]:
        """Return events, newest first."""
        marks = ",".join("?" * len(statuses))
        where = "(? = '' OR project = ?)" + (f" AND status IN ({marks})" if statuses else "")
        return list(self._select(f"WHERE {where} ORDER BY seq DESC LIMIT ?", (project, project, *statuses, limit)))

    def find(self, text: str) -> Stored:
        """Return the event a person means: an id, its start or end, or `last`. Invalid unless it is one."""
        if text == "last":
            found = self.listed(1)
        else:
            found = list(self._select("WHERE id = ?", (text,)))
            size, query = len(text), "WHERE substr(id, 1, ?) = ? OR substr(id, -?) = ? LIMIT 6"
            found = found or list(self._select(query, (size, text, size, text)))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(event.id for event in found[:5])
            raise Invalid("event", f"several events match '{text}': {names}", hint="give more of the id")
        raise Invalid("event", f"there is no event '{text}'", hint="slipway events list shows them")

    def finish(self, event: Stored, status: str, reason: str, runs: str = "") -> None:
        """Say what became of an event: Started or Refused, with the reason. Its secrets are not kept.

        Returns at once: an event whose end is lost with the machine is handled again, and its run is found again.
        """
        row = (status, reason, runs, json.dumps(origin.kept(event.headers)), event.seq)
        self._queue.put(_Write(lambda database: _run(database, _FINISH, row)))

    def settle(self, event: Stored, status: str, reason: str) -> None:
        """Say how the runs of a started event ended: Succeeded or Failed."""
        self._queue.put(_Write(lambda database: _run(database, _SETTLE, (status, reason, event.seq))))

    def prune(self, before: float) -> None:
        """Forget events that ended and were received before a time (unix seconds)."""
        query = "DELETE FROM events WHERE received < ? AND status NOT IN ('Accepted', 'Started')"
        self._queue.put(_Write(lambda database: _run(database, query, (before,))))

    def close(self) -> None:
        """Write what was handed in, then let go of the file; who reads in another thread has ended before."""
        self._queue.put(None)
        self._thread.join(5)
        while self._opened:
            self._opened.pop().close()

    def _select(self, rest: str, values: tuple[Any, ...]) -> Iterator[Stored]:
        for row in self._reader().execute(f"SELECT {_COLUMNS} FROM events {rest}", values):
            yield Stored(*(json.loads(value) if index == _HEADERS else value for index, value in enumerate(row)))

    def _reader(self) -> sqlite3.Connection:
        """Return this thread's connection: opening one costs as much as handling three events."""
        found: sqlite3.Connection | None = getattr(self._readers, "database", None)
        if found is None:
            found = self._readers.database = self._connection()
            self._opened.append(found)
        return found

    def _connection(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA wal_autocheckpoint = 4000")
        return database

    def _write(self) -> None:
        database = self._connection()
        while True:
            group = self._group()
            if group is None:
                database.close()
                return
            self._commit(database, group)

    def _group(self) -> list[_Write] | None:
        """Wait for one write and take what else is there."""
        first = self._queue.get()
        if first is None:
            return None
        group = [first]
        while len(group) < _MOST and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                self._queue.put(None)
                break
            group.append(following)
        return group

    def _commit(self, database: sqlite3.Connection, group: list[_Write]) -> None:
        answers: list[str | sqlite3.Error]
        try:
            database.execute("BEGIN IMMEDIATE")
            answers = [write.work(database) for write in group]
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            answers = [error] * len(group)
        calls = [(write.done, answer) for write, answer in zip(group, answers, strict=True) if write.done]
        if calls:
            self.hand_over(lambda: _tell(calls))


def _tell(calls: list[tuple[Done, str | sqlite3.Error]]) -> None:
    for done, answer in calls:
        done(answer)


def _row(new: New) -> tuple[Any, ...]:
    known = new.delivery
    start = (new.id, known.id, known.key or None, new.project, new.source, time.time(), new.path)
    return (*start, json.dumps(new.headers), new.body, new.of)


def _add(database: sqlite3.Connection, row: tuple[Any, ...], delivery: Delivery) -> str:
    if delivery.key:
        now = row[5]
        values = (delivery.key, now - REPEAT_SECONDS, delivery.distinct, now - _AGAIN_SECONDS)
        found = database.execute(_REPEATED, values).fetchone()
        if found:
            return str(found[0])
    database.execute(_INSERT, row)
    return str(row[0])


def _run(database: sqlite3.Connection, statement: str, row: tuple[Any, ...]) -> str:
    database.execute(statement, row)
    return ""


def _migrate(database: sqlite3.Connection) -> None:
    done = database.execute("PRAGMA user_version").fetchone()[0]
    for number, step in enumerate(STEPS[done:], start=done + 1):
        database.executescript(f"BEGIN; {step}; PRAGMA user_version = {number}; COMMIT;")
