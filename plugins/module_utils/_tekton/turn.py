# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Keeps runs of one group apart: so many at once, in the order in which they came, across processes of this machine.

Each run holds a lock on a ticket of its own for as long as it waits or runs. The kernel lets go of it when the process
dies, however it dies, so nobody waits for the dead. Must not know what a run does.
(The wish behind it: tektoncd/pipeline issue 2591, which upstream has not answered.)
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import quote

from .._core.cancel import Cancel
from .._core.errors import Cancelled, Invalid, Permanent
from .._core.events import Sink, Subject

POLICIES = ("queue", "cancel", "supersede")
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many runs of `group` may go on at once. `policy` says what a run does when the group is full:

    queue: wait for its turn; cancel: give up; supersede: ask all older runs of the group to stop, then wait.
    """

    group: str
    limit: int = 1
    policy: str = "queue"

    def __post_init__(self) -> None:
        if not self.group or self.limit < 1 or self.policy not in POLICIES:
            hint = f"a name, a limit from 1, one of {', '.join(POLICIES)}"
            raise Invalid("concurrency", f"is wrong: {self.group!r}, {self.limit}, {self.policy!r}", hint=hint)


@dataclass(frozen=True, slots=True)
class _Ticket:
    number: int
    run: str
    path: str


@contextmanager
def taken(wanted: Concurrency | None, root: str, subject: Subject, events: Sink, cancel: Cancel) -> Iterator[None]:
    """Hold a place in the group while the block runs; nothing happens without a group.

    Raises Cancelled when the group is full (policy cancel), or when `cancel` is set while it waits. A newer run that
    supersedes this one sets `cancel`.
    """
    if wanted is None:
        yield
        return
    room = _Room(os.path.join(root, ".groups", f"g-{quote(wanted.group, safe='')}"[:200]))
    ticket, descriptor = room.enter(wanted, subject.name)
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(ticket, cancel, over), name="superseded", daemon=True)
    watch.start()
    try:
        _wait(room, ticket, wanted, subject, events, cancel)
        yield
    finally:
        over.set()
        watch.join()
        room.leave(ticket, descriptor)


def _wait(room: _Room, ticket: _Ticket, wanted: Concurrency, subject: Subject, events: Sink, cancel: Cancel) -> None:
    told: list[str] = []
    while True:
        before = [one.run for one in room.tickets() if one.number < ticket.number]
        if len(before) < wanted.limit:
            return
        if before != told:
            told = before
            text = f"{', '.join(before)} before it in group {wanted.group}, which lets {wanted.limit} run at once"
            events.emit(subject, "Waiting", reason="ConcurrencyLimit", message=text, data={"group": wanted.group})
        if cancel.is_set() or cancel.wait(_LOOK):
            raise Cancelled(cancel.reason or "cancelled", obj=str(subject))


def _watch(ticket: _Ticket, cancel: Cancel, over: threading.Event) -> None:
    while not over.wait(_LOOK):
        with suppress(OSError, ValueError), open(_asked(ticket.path), encoding="utf-8") as stream:
            cancel.set(f"superseded by {json.load(stream)['by']}")
            return


class _Room:
    """The tickets of one group, in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def enter(self, wanted: Concurrency, run: str) -> tuple[_Ticket, int]:
        """Draw the next number and return it with the descriptor that holds its lock."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with self._alone():
                others = self._living()
                if wanted.policy == "cancel" and len(others) >= wanted.limit:
                    names = ", ".join(one.run for one in others)
                    raise Cancelled(f"group {wanted.group} is full: {names}", obj=f"run {run}")
                if wanted.policy == "supersede":
                    for one in others:
                        _write(_asked(one.path), {"by": run})
                return self._draw(max((one.number for one in others), default=0) + 1, run)
        except OSError as error:
            text = f"the group {wanted.group!r} cannot be used: {error.strerror}: {error.filename or self._folder}"
            raise Permanent(text, hint="give another state_dir") from error

    def leave(self, ticket: _Ticket, descriptor: int) -> None:
        """Give the place back."""
        with suppress(OSError), self._alone():
            _remove(ticket.path)
        os.close(descriptor)

    def tickets(self) -> list[_Ticket]:
        """Return the tickets of living runs, oldest first."""
        with self._alone():
            return self._living()

    def _draw(self, number: int, run: str) -> tuple[_Ticket, int]:
        path = os.path.join(self._folder, f"{number:012d}")
        _write(path, {"run": run})
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return _Ticket(number, run, path), descriptor

    def _living(self) -> list[_Ticket]:
        found = []
        for name in sorted(os.listdir(self._folder)):
            path = os.path.join(self._folder, name)
            if name.isdigit() and (run := _held_by(path)):
                found.append(_Ticket(int(name), run, path))
        return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(os.path.join(self._folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _held_by(path: str) -> str:
    """Return the run that holds a ticket; a ticket that nobody holds is removed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        _remove(path)
        return ""
    except BlockingIOError:
        with open(path, encoding="utf-8") as stream:
            return str(json.load(stream)["run"])
    finally:
        os.close(descriptor)


def _asked(path: str) -> str:
    return f"{path}.asked"


def _write(path: str, data: dict[str, str]) -> None:
    descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream)
    os.replace(f"{path}.new", path)


def _remove(path: str) -> None:
    for one in (path, _asked(path)):
        with suppress(FileNotFoundError):
            os.unlink(one)
