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
from dataclasses import dataclass
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
_GROUP = 0.002
_SECRET_HEADERS = ("X-Gitlab-Token", "Authorization", "X-Hub-Signature", "X-Hub-Signature-256")


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
        self._queue: queue.Queue[tuple[tuple[Any, ...], Future[bool]] | None] = queue.Queue()
        with self._connect() as database:
            _migrate(database)
        path.chmod(0o600)
        self._thread = threading.Thread(target=self._write, name="event-store", daemon=True)
        self._thread.start()

    def add(
        self, event_id: str, delivery: str, project: str, path: str, headers: Mapping[str, list[str]], body: bytes
    ) -> bool:
        """Store an event durably; False when its delivery id was stored before."""
        row = (event_id, delivery or None, project, time.time(), path, json.dumps(headers), body)
        waiting: Future[bool] = Future()
        self._queue.put((row, waiting))
        return waiting.result(timeout=30)

    def open(self, limit: int = 100) -> list[Stored]:
        """Return events that are accepted and not yet handled, oldest first."""
        return list(self._select("WHERE status = 'Accepted' ORDER BY seq LIMIT ?", (limit,)))

    def listed(self, limit: int = 50) -> list[Stored]:
        """Return events, newest first."""
        return list(self._select("ORDER BY seq DESC LIMIT ?", (limit,)))

    def finish(self, seq: int, status: str, reason: str, runs: str = "") -> None:
        """Say what became of an event: Started or Refused, with the reason. Its secrets are not kept."""
        with self._connect() as database:
            row = database.execute("SELECT headers FROM events WHERE seq = ?", (seq,)).fetchone()
            headers = {name: value for name, value in json.loads(row[0]).items() if name not in _SECRET_HEADERS}
            database.execute(
                "UPDATE events SET status = ?, reason = ?, runs = ?, headers = ? WHERE seq = ?",
                (status, reason, runs, json.dumps(headers), seq),
            )

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

    def _group(self) -> list[tuple[tuple[Any, ...], Future[bool]]] | None:
        """Wait for one event, then take what else comes within two milliseconds."""
        first = self._queue.get()
        if first is None:
            return None
        group, deadline = [first], time.monotonic() + _GROUP
        while (left := deadline - time.monotonic()) > 0:
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
    def _commit(database: sqlite3.Connection, group: list[tuple[tuple[Any, ...], Future[bool]]]) -> None:
        answers: list[bool] = []
        try:
            database.execute("BEGIN IMMEDIATE")
            for row, _waiting in group:
                done = database.execute(
                    "INSERT OR IGNORE INTO events (id, delivery, project, received, path, headers, body) VALUES (?,?,?,?,?,?,?)",
                    row,
                )
                answers.append(done.rowcount == 1)
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            for _row, waiting in group:
                waiting.set_exception(error)
            return
        for (_row, waiting), answer in zip(group, answers, strict=True):
            waiting.set_result(answer)


def _migrate(database: sqlite3.Connection) -> None:
    done = database.execute("PRAGMA user_version").fetchone()[0]
    for number, step in enumerate(_STEPS[done:], start=done + 1):
        database.executescript(f"BEGIN; {step}; PRAGMA user_version = {number}; COMMIT;")
