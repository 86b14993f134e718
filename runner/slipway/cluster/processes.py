# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemons of a cluster: started in sessions of their own, known by pid *and* start time, ended exactly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway import state

_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Daemon:
    """One process. `start` is its start time in clock ticks since boot: a reused pid has another."""

    name: str
    pid: int
    start: int
    log: str


def start(name: str, argv: list[str], folder: Path, env: dict[str, str] | None = None) -> Daemon:
    """Start a program in the background; its output goes to logs/<name>.log in `folder`."""
    log = state.private_dir(folder / "logs") / f"{name}.log"
    with open(log, "ab") as stream:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, **(env or {})},
        )
    daemon = Daemon(name, process.pid, _start_time(process.pid), str(log))
    state.write_private(state.private_dir(folder / "pids") / f"{name}.json", json.dumps(asdict(daemon)))
    return daemon


def listed(folder: Path) -> list[Daemon]:
    """Return what was started for the cluster in `folder`, alive or not."""
    found = []
    for file in sorted((folder / "pids").glob("*.json")):
        try:
            found.append(Daemon(**json.loads(file.read_text())))
        except (ValueError, TypeError):
            file.unlink()
    return found


def alive(daemon: Daemon) -> bool:
    """True when this very process still runs (not a zombie, not a successor with its pid)."""
    return daemon.start != 0 and _start_time(daemon.pid) == daemon.start


def stop(daemons: list[Daemon], folder: Path) -> None:
    """End the daemons: SIGTERM to all, a grace, SIGKILL. Forget them."""
    running = [daemon for daemon in daemons if alive(daemon)]
    for daemon in running:
        _signal(daemon, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    while any(alive(daemon) for daemon in running) and time.monotonic() < deadline:
        time.sleep(0.02)
    for daemon in running:
        if alive(daemon):
            _signal(daemon, signal.SIGKILL)
    for daemon in daemons:
        (folder / "pids" / f"{daemon.name}.json").unlink(missing_ok=True)


def _signal(daemon: Daemon, number: int) -> None:
    try:
        os.kill(daemon.pid, number)
    except ProcessLookupError:
        pass


def _start_time(pid: int) -> int:
    """Return field 22 of /proc/<pid>/stat, 0 when the process is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[19])
