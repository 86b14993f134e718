# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Finds processes through /proc: descendants of one, and those that carry a mark in their environment."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable


def _parents() -> dict[int, int]:
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            parent = _parent(int(name))
            if parent is not None:
                found[int(name)] = parent
    return found


def _parent(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name may hold spaces and brackets: count from the last bracket.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def command_name(pid: int) -> str:
    """Return the kernel's name of a process, empty when it is gone."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """Return all children of `pid` and theirs, nearest first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    todo = [pid]
    while todo:
        here = children.get(todo.pop(0), [])
        found += here
        todo += here
    return found


def children(pid: int) -> list[int]:
    """Return what `descendants` does, by the kernel's own lists: cheap, but threads that come or go are missed."""
    found: list[int] = []
    todo = [pid]
    while todo:
        here = _listed(todo.pop())
        found += here
        todo += here
    return found


def _listed(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found: list[int] = []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += [int(one) for one in file.read().split()]
        except OSError:
            continue
    return found


def marked(mark: str) -> list[int]:
    """Return the processes whose environment at start held `mark` ("NAME=value")."""
    wanted = b"\0" + mark.encode() + b"\0"
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if wanted in b"\0" + file.read() + b"\0":
                    found.append(int(name))
        except OSError:
            continue
    return found


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Signal each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
