# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small process beside each worker that cleans up within a second when the worker is killed.

Without it a SIGKILLed worker's processes would live until the next `slipway` command. It shares nothing with the
worker but a pipe whose end it waits for.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

_DONE = b"d"


@dataclass(frozen=True, slots=True)
class Watchdog:
    """The worker's side. `pid` is the watchdog's process."""

    pid: int
    descriptor: int

    def dismiss(self) -> None:
        """The worker has cleaned up itself."""
        try:
            os.write(self.descriptor, _DONE)
        except BrokenPipeError:
            pass
        os.close(self.descriptor)


def start(clean_up: Callable[[], object]) -> Watchdog:
    """Fork the watchdog. Call it before threads exist. `clean_up` runs in it when this process is killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(reader)
        return Watchdog(pid, writer)
    try:
        os.close(writer)
        _wait(reader, clean_up)
    finally:
        os._exit(0)


def _wait(reader: int, clean_up: Callable[[], object]) -> None:
    os.setsid()  # what kills the worker's group or session must not kill the watchdog
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.read(reader, 1) != _DONE:
        clean_up()
