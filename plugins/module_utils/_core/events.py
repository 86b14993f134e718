# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one kind of record that engines emit.

Plugins show the records as lines, the runner stores and replays them. The schema is versioned and
published as docs/events.schema.json; a test compares the two.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import redact
from .clock import Clock, RealClock

SCHEMA_VERSION = 1
PHASES = ("Started", "Progress", "Log", "Waiting", "Changed", "Skipped", "Warning", "Succeeded", "Failed", "Cancelled")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record is about."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Event:
    """One record. `seq` rises by one within a process, `time` is unix seconds."""

    seq: int
    time: float
    run: str
    subject: Subject
    phase: str
    reason: str = ""
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "version": SCHEMA_VERSION,
            "seq": self.seq,
            "time": round(self.time, 6),
            "run": self.run,
            "subject": {"kind": self.subject.kind, "namespace": self.subject.namespace, "name": self.subject.name},
            "phase": self.phase,
            "reason": self.reason,
            "message": self.message,
            "data": dict(self.data),
        }


class Sink(Protocol):
    """Where engines put their records."""

    def emit(
        self,
        subject: Subject,
        phase: str,
        *,
        reason: str = "",
        message: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Record that `subject` is in `phase`."""


class Emitter:
    """Numbers, stamps and redacts records, then hands them to every writer. Safe from several threads."""

    def __init__(self, writers: Sequence[Callable[[Event], None]], run: str = "", clock: Clock | None = None) -> None:
        self._writers = tuple(writers)
        self._run = run
        self._clock = clock or RealClock()
        self._seq = 0
        self._lock = threading.Lock()

    def emit(
        self,
        subject: Subject,
        phase: str,
        *,
        reason: str = "",
        message: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        clean = redact.current
        with self._lock:
            self._seq += 1
            event = Event(
                self._seq,
                self._clock.now(),
                self._run,
                subject,
                phase,
                reason,
                clean.scrub(message),
                clean.scrub_data(dict(data or {})),
            )
            for write in self._writers:
                write(event)


class Recorder:
    """Keeps records in memory, for tests and for results."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._emitter = Emitter([self.events.append])

    def emit(
        self,
        subject: Subject,
        phase: str,
        *,
        reason: str = "",
        message: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self._emitter.emit(subject, phase, reason=reason, message=message, data=data)


NULL: Sink = Emitter([])


def file_writer(path: str) -> Callable[[Event], None]:
    """Return a writer that appends one JSON line per record to `path` (mode 0600).

    Several processes append to the file of one run: each line is one write, and the number
    of a record within the run is its line, because a process only knows its own count.
    """

    def write(event: Event) -> None:
        line = json.dumps(event.as_dict(), separators=(",", ":"), default=str) + "\n"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    return write
