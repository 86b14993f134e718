# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes on Linux: who is alive, who descends from whom, who belongs to a run, and how to end them.

Process groups are no help: ansible-core puts each worker into a session of its own (ansible/ansible #82770).
Must not know runs beyond the environment mark that they carry.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from slipway.runs.model import Owner

_PR_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")
_STEP = 0.05


def become_subreaper() -> None:
    """Make orphaned descendants children of this process, so that cancel still finds them."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError):  # not Linux: the environment mark has to do
        return


def identity(pid: int) -> Owner:
    """Return who `pid` is now; start 0 when there is no such process or it is a zombie."""
    return Owner(pid, start_time(pid), boot_id())


def start_time(pid: int) -> int:
    """Return the start of a living process in clock ticks since boot, 0 when it is gone or a zombie."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in ("Z", "X") else int(fields[19])


def boot_id() -> str:
    """Return what tells this boot from every other."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def alive(owner: Owner) -> bool:
    """Return whether exactly that process still lives."""
    return owner.start > 0 and owner.boot == boot_id() and start_time(owner.pid) == owner.start


def pids() -> Iterator[int]:
    """Yield the ids of all processes."""
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            yield int(entry.name)


def children(pid: int) -> set[int]:
    """Return the living direct children of `pid`."""
    return {child for child in pids() if _parent(child) == pid and start_time(child)}


def descendants(pid: int) -> set[int]:
    """Return every living process below `pid`."""
    parents = {child: _parent(child) for child in pids()}
    found: set[int] = set()
    layer = {pid}
    while layer:
        layer = {child for child, parent in parents.items() if parent in layer} - found
        found |= layer
    return {child for child in found if start_time(child)}


def marked(variable: str, value: str) -> set[int]:
    """Return living processes that were started with `variable=value` in their environment (own user's only)."""
    mark = f"{variable}={value}".encode()
    found = set()
    for pid in pids():
        try:
            environ = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:
            continue
        if mark in environ.split(b"\0") and start_time(pid):
            found.add(pid)
    return found - {os.getpid()}


def command(pid: int) -> list[str]:
    """Return the command line of `pid`, empty when it is gone."""
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def send(pid: int, number: int) -> None:
    """Signal one process; that it is gone already is no error."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end_all(find: Callable[[], set[int]], grace: float) -> set[int]:
    """End every process that `find` names, politely for `grace` seconds, then by force. Returns who still lives.

    `find` is asked again each time: who forks while dying is found too.
    """
    _signal_until_gone(find, signal.SIGTERM, grace)
    return _signal_until_gone(find, signal.SIGKILL, 2.0)


def _signal_until_gone(find: Callable[[], set[int]], number: int, seconds: float) -> set[int]:
    deadline = time.monotonic() + seconds
    told: set[int] = set()
    while left := find():
        for pid in left - told:
            send(pid, number)
        told |= left
        if time.monotonic() >= deadline:
            return left
        time.sleep(_STEP)
    return set()


def _parent(pid: int) -> int:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])
