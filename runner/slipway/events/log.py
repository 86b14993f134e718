# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event file of a run: read it, follow it, number it.

Several processes append to one file, one write per line, and each knows only its own count: the
number of a record within the run is its line. When a run has ended, `renumber` writes that number into
the records, so that the file reads the same for every program. Must not know runs or terminals.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from slipway import state
from slipway.core import Clock, Event, RealClock, Subject

NAME = "events.jsonl"
_POLL = 0.1


def parse(line: str, number: int) -> Event | None:
    """Return the record in `line` with `number` as its seq; None when the line is none (a torn write)."""
    try:
        value = json.loads(line)
        subject = value["subject"]
        return Event(
            seq=number,
            time=float(value["time"]),
            run=str(value.get("run", "")),
            subject=Subject(str(subject["kind"]), str(subject.get("namespace", "")), str(subject["name"])),
            phase=str(value["phase"]),
            reason=str(value.get("reason", "")),
            message=str(value.get("message", "")),
            data=dict(value.get("data") or {}),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def read(path: Path) -> Iterator[Event]:
    """Yield the records of a file, none when it does not exist yet."""
    yield from Tail(path).new()


class Tail:
    """Reads a growing file; a last line without its end waits for the rest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: Any = None
        self._rest = b""
        self._number = 0
        self.unreadable = 0

    def new(self) -> Iterator[Event]:
        """Yield what came since the last call."""
        if self._handle is None:
            try:
                self._handle = self._path.open("rb")
            except FileNotFoundError:
                return
        while chunk := self._handle.read(1 << 20):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._number += 1
                event = parse(line.decode(errors="replace"), self._number)
                if event is None:
                    self.unreadable += 1
                else:
                    yield event

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()


def follow(path: Path, ended: Callable[[], bool], clock: Clock | None = None) -> Iterator[Event]:
    """Yield records as they come, until `ended` says so and the file is read to its end."""
    clock, tail = clock or RealClock(), Tail(path)
    try:
        while True:
            over = ended()  # before the read: what was written until now is still in the file
            yield from tail.new()
            if over:
                return
            clock.sleep(_POLL)
    finally:
        tail.close()


def renumber(path: Path) -> int:
    """Give each record of an ended run its line number as seq. Returns how many records there are.

    A torn line (a process was killed while it wrote) becomes a Warning record, so that nothing vanishes silently.
    """
    if not path.exists():
        return 0
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    number = 0
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with path.open("rb") as source, os.fdopen(descriptor, "w", encoding="utf-8") as target:
            for number, line in enumerate(source, start=1):
                event = parse(line.decode(errors="replace"), number) or _torn(number, path)
                target.write(json.dumps(event.as_dict(), separators=(",", ":"), default=str) + "\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise state.disk_error(error, path) from error
    return number


def _torn(number: int, path: Path) -> Event:
    subject = Subject("Run", "", path.parent.name)
    text = "a record was cut off: its writer was killed"
    return Event(number, path.stat().st_mtime, path.parent.name, subject, "Warning", "TornRecord", text)
