# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens the journal's database and turns its errors into sentences.

Knows SQLite; must not know what a run is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway import state
from slipway.core import Permanent, SlipwayError, Temporary
from slipway.runs.migrations import STEPS

BUSY_SECONDS = 5.0


class Store:
    """A SQLite file in WAL mode. A connection per operation: safe over threads and forks, and 0.2 ms."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy = busy_seconds
        self._ready = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for queries."""
        with self._translated(), self._connection() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside one transaction that excludes other writers."""
        with self._translated(), self._connection() as connection, transaction(connection):
            yield connection

    def keep_open(self) -> sqlite3.Connection:
        """Return a connection for no queries. SQLite writes the log back whenever the last connection is closed."""
        with self._translated():
            self._prepare()
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("SELECT count(*) FROM runs").fetchone()
            return connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        self._prepare()
        connection = self._open()
        try:
            yield connection
        finally:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._busy, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        """Make the file and bring its schema up to date, once per process."""
        if self._ready and self.path.exists():
            return
        state.private_dir(self.path.parent)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # side files inherit the mode
        connection = self._open()
        try:
            migrate(connection, self.path)
        finally:
            connection.close()
        self._ready = True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        except OSError as error:
            raise state.disk_error(error, self.path) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the body in BEGIN IMMEDIATE .. COMMIT, undone when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Apply the steps that this file has not seen. `user_version` counts them."""
    if _version(connection) == len(STEPS):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        seen = _version(connection)  # again: another process may have been quicker
        if seen > len(STEPS):
            raise Permanent(
                f"{path} was written by a newer slipway (schema {seen}, known {len(STEPS)})",
                hint="pip install --upgrade slipway-gitops",
                reason="JournalTooNew",
            )
        for step in STEPS[seen:]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")


def explain(error: sqlite3.Error, path: Path) -> SlipwayError:
    """Return the sentence a person needs."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return Temporary(
            f"another program holds the run journal {path}",
            hint="try again; `fuser` on that file names the program",
            reason="JournalLocked",
        )
    if "full" in text or (getattr(error, "sqlite_errorname", "").startswith("SQLITE_IOERR") and _no_space(path)):
        return Permanent(
            f"no space left for the run journal {path}",
            hint="free some space, or set SLIPWAY_STATE_DIR to another disk",
            reason="DiskFull",
        )
    if "malformed" in text or "not a database" in text:
        return Permanent(
            f"the run journal {path} is damaged",
            hint="move it away; runs keep their own directories",
            reason="JournalDamaged",
        )
    return Permanent(f"cannot use the run journal {path}: {text}", hint="slipway doctor", reason="Journal")


def _no_space(path: Path) -> bool:
    """True when the disk has less room than the journal's shared memory file needs."""
    found = os.statvfs(path.parent)
    return found.f_bavail * found.f_frsize < 1 << 20


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
