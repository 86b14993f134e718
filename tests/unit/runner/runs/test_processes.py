# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes: found by descent, by mark, and ended even when they do not want to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from slipway.runs import processes
from slipway.runs.model import Owner


@contextmanager
def started(code: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('up', flush=True)\nimport time; time.sleep(60)"],
        stdout=subprocess.PIPE,
        env={**os.environ, **env},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_living_process_is_alive() -> None:
    assert processes.alive(processes.identity(os.getpid()))


def test_a_zombie_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while processes.start_time(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.start_time(process.pid) == 0
    process.wait()


def test_a_reused_pid_is_somebody_else() -> None:
    me = processes.identity(os.getpid())
    assert not processes.alive(Owner(me.pid, me.start - 1, me.boot))


def test_a_process_of_another_boot_is_dead() -> None:
    me = processes.identity(os.getpid())
    assert not processes.alive(Owner(me.pid, me.start, "another boot"))


def test_descendants_in_other_sessions_are_found() -> None:
    code = "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)"
    with started(code) as process:
        found = processes.descendants(os.getpid())
        assert process.pid in found
        grandchild = next(pid for pid in found if processes.command(pid) == ["sleep", "60"])
        assert not processes.end_all(lambda: processes.descendants(process.pid), 1.0)
        assert processes.start_time(grandchild) == 0


def test_marked_processes_are_found_by_their_environment() -> None:
    with started("", SLIPWAY_RUN="test-run-1") as process:
        assert processes.marked("SLIPWAY_RUN", "test-run-1") == {process.pid}
        assert processes.marked("SLIPWAY_RUN", "test-run") == set()


def test_who_ignores_the_polite_signal_is_killed() -> None:
    with started("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", SLIPWAY_RUN="test-run-2") as process:
        assert processes.end_all(lambda: processes.marked("SLIPWAY_RUN", "test-run-2"), 0.1) == set()
        assert process.wait(5) == -9
