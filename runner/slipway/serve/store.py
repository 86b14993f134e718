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
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway import state

_STEPS = (
    """
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      delivery TEXT UNIQUE,
      project TEXT NOT NULL,
      received REAL NOT NULL,
      path TEXT NOT NULL,
      headers TEXT NOT NULL,
      body BLOB NOT NULL,
      status TEXT NOT NULL DEFAULT 'Accepted',
      reason TEXT NOT NULL DEFAULT '',
      runs TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX events_open ON events (status, seq);
    """,
)
_GROUP, _MOST = 0.002, 200
_INSERT = "INSERT OR IGNORE INTO events (id, delivery, project, received, path, headers, body) VALUES (?,?,?,?,?,?,?)"
_FINISH = "UPDATE events SET status = ?, reason = ?, runs = ?, headers = ? WHERE seq = ?"
_SECRET_HEADERS = ("X-Gitlab-Token", "Authorization", "X-Hub-Signature", "X-Hub-Signature-256")


@dataclass(slots=True)
class _Write:
    """One statement for the writer; `done` tells whether a row changed."""

    statement: str
    row: tuple[Any, ...]
    done: Future[bool] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as it lies in the table."""

    seq: int
    id: str
    project: str
    received: float
    path: str
    headers: Mapping[str, list[str]]
    body: bytes
    status: str
    reason: str
    runs: str


class EventStore:
    """Writes through one thread that commits groups, so that each answer waits for one flush at most."""

    def __init__(self, path: Path) -> None:
        state.private_dir(path.parent)
        self._path = path
        self._queue: queue.Queue[_Write | None] = queue.Queue()
        with self._connect() as database:
            _migrate(database)
        path.chmod(0o600)
        self._thread = threading.Thread(target=self._write, name="event-store", daemon=True)
        self._thread.start()

    def add(
        self, event_id: str, delivery: str, project: str, path: str, headers: Mapping[str, list[str]], body: bytes
    ) -> bool:
        """Store an event durably; False when its delivery id was stored before."""
        write = _Write(_INSERT, (event_id, delivery or None, project, time.time(), path, json.dumps(headers), body))
        self._queue.put(write)
        return write.done.result(timeout=30)

    def open(self, after: int = 0, limit: int = 100) -> list[Stored]:
        """Return events behind number `after` that are accepted and not yet handled, oldest first."""
        return list(self._select("WHERE status = 'Accepted' AND seq > ? ORDER BY seq LIMIT ?", (after, limit)))

    def listed(self, limit: int = 50) -> list[Stored]:
        """Return events, newest first."""
        return list(self._select("ORDER BY seq DESC LIMIT ?", (limit,)))

    def finish(self, event: Stored, status: str, reason: str, runs: str = "") -> None:
        """Say what became of an event: Started or Refused, with the reason. Its secrets are not kept.

        Returns at once: an event whose end is lost with the machine is handled again, and its run is found again.
        """
        headers = {name: value for name, value in event.headers.items() if name not in _SECRET_HEADERS}
        self._queue.put(_Write(_FINISH, (status, reason, runs, json.dumps(headers), event.seq)))

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(5)

    def _select(self, rest: str, values: tuple[Any, ...]) -> Iterator[Stored]:
        columns = "seq, id, project, received, path, headers, body, status, reason, runs"
        with self._connect() as database:
            for row in database.execute(f"SELECT {columns} FROM events {rest}", values).fetchall():
                seq, event_id, project, received, path, headers, body, status, reason, runs = row
                yield Stored(seq, event_id, project, received, path, json.loads(headers), body, status, reason, runs)

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        return database

    def _write(self) -> None:
        database = self._connect()
        while True:
            group = self._group()
            if group is None:
                database.close()
                return
            self._commit(database, group)

    def _group(self) -> list[_Write] | None:
        """Wait for one write, then take what else comes within two milliseconds."""
        first = self._queue.get()
        if first is None:
            return None
        group, deadline = [first], time.monotonic() + _GROUP
        while (left := deadline - time.monotonic()) > 0 and len(group) < _MOST:
            try:
                following = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            group.append(following)
        return group

    @staticmethod
    def _commit(database: sqlite3.Connection, group: list[_Write]) -> None:
        try:
            database.execute("BEGIN IMMEDIATE")
            answers = [database.execute(write.statement, write.row).rowcount == 1 for write in group]
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            for write in group:
                write.done.set_exception(error)
            return
        for write, answer in zip(group, answers, strict=True):
            write.done.set_result(answer)


def _migrate(database: sqlite3.Connection) -> None:
    done = database.execute("PRAGMA user_version").fetchone()[0]
    for number, step in enumerate(_STEPS[done:], start=done + 1):
        database.executescript(f"BEGIN; {step}; PRAGMA user_version = {number}; COMMIT;")
