# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Ends a program that uses more memory than it may, as a container's limit does.

Looks at what the program and its children hold for themselves. A limit of the address space would be
wrong for many programs (they reserve far more than they use), and control groups are seldom given to
an ordinary user.
"""

from __future__ import annotations

import os
import signal
import threading

from . import tree

_PAUSE = 0.05


class Watch:
    """Looks after the tree below `pid` until `done` is set; `limit` in bytes. `struck` when it had to end it."""

    def __init__(self, pid: int, limit: int, done: threading.Event) -> None:
        self._pid, self._limit, self._done = pid, limit, done
        self.struck = False
        threading.Thread(target=self._work, name=f"slipway-memory-{pid}", daemon=True).start()

    def _work(self) -> None:
        while not self._done.wait(_PAUSE):
            members = [self._pid, *tree.children(self._pid)]
            if sum(own_memory(pid) for pid in members) > self._limit:
                self.struck = True
                tree.send(reversed(members), signal.SIGKILL)
                return


def own_memory(pid: int) -> int:
    """Return the bytes that a process holds alone: resident, without what it shares with files."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _size, resident, shared, *_rest = file.read().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGESIZE")
