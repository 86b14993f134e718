# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Kills what a dead parent left behind, where no PID namespace does it.

Run as a program by spawn.py, once per parent: `python reaper.py NAME=value` with a pipe as standard
input whose other end only the parent holds. The pipe's end is the parent's end, however it came.
Must stand alone: no imports of this package.
"""

from __future__ import annotations

import os
import signal
import sys
import time


def _carries(pid: str, wanted: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return wanted in b"\0" + file.read() + b"\0"
    except OSError:
        return False


def _kill_marked(wanted: bytes) -> int:
    found = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid() and _carries(pid, wanted)]
    for pid in found:
        try:
            os.kill(int(pid), signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    return len(found)


def main() -> None:
    """Wait for the end of standard input, then kill until nothing marked is left (two seconds at most)."""
    wanted = b"\0" + sys.argv[1].encode() + b"\0"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    deadline = time.monotonic() + 2
    while _kill_marked(wanted) and time.monotonic() < deadline:
        time.sleep(0.02)


if __name__ == "__main__":
    main()
