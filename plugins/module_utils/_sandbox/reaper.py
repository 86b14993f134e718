# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Ends and removes what a dead parent left behind: processes where no PID namespace does it, files with secrets.

Run as a program by spawn.py, once per parent: `python reaper.py NAME=value` with a pipe as standard
input whose other end only the parent holds. The pipe's end is the parent's end, however it came.
Lines that come by it name directories: +path to remove one then, -path to leave it.
Must stand alone: no imports of this package.
"""

from __future__ import annotations

import os
import shutil
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


def _until_the_end() -> set[str]:
    """Wait for the end of standard input; return the directories that are to go."""
    doomed: set[str] = set()
    rest = b""
    while data := os.read(0, 4096):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            path = os.fsdecode(line[1:])
            doomed = doomed | {path} if line[:1] == b"+" else doomed - {path}
    return doomed


def main() -> None:
    """Wait for the end of standard input, then kill until nothing marked is left (two seconds at most), and remove."""
    wanted = b"\0" + sys.argv[1].encode() + b"\0"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    doomed = _until_the_end()
    deadline = time.monotonic() + 2
    while _kill_marked(wanted) and time.monotonic() < deadline:
        time.sleep(0.02)
    for path in doomed:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
