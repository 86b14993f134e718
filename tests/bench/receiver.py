# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver against Tekton Triggers' sink and against what is asked of it.

Rate and p95: durable, distinct events over eight kept-alive connections, the load from a process of its own on the
same two cores. The sink's figures are recorded (0.37, the same way, nothing durable there).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway import state
from slipway.runs import processes
from slipway.runs.journal import Journal, NewRun
from slipway.runs.model import Policy, Status
from slipway.serve.api import Receiver
from slipway.serve.config import Config, Project
from tests.bench.measure import Row

CONNECTIONS, WARM, EVENTS, MANY, FIRING = 8, 50, 500, 2500, 25
TOKEN = "a-token-for-the-hook"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: gitlab-webhook}}\nstringData: {{secretToken: {TOKEN}}}\n"


@dataclass(frozen=True)
class Load:
    """What the load generator saw, in seconds."""

    taken: list[float]
    whole: float

    @property
    def rate(self) -> float:
        return len(self.taken) / self.whole


def rows(real: bool) -> list[Row]:
    """Return rate and p95 of events that start no run, rate of events that become runs, growth of memory."""
    if real:
        print("receiver: the peer stays recorded: the real sink runs as a pod of an EventListener: not set up here")
    with _receiver() as receiver:
        _load(receiver.port, WARM)
        first = _load(receiver.port, EVENTS)
        before = _resident()
        many = _load(receiver.port, MANY)
        _handled(receiver)
        grown = max(_resident() - before, 0.01)
        planned = _planned(receiver)
    p95 = statistics.quantiles(first.taken, n=20)[18] * 1000
    return [
        Row("receiver.rate", first.rate, 1580.0, "triggers", unit="1/s", better="higher", source="recorded"),
        Row("receiver.p95", p95, 13.5, "triggers", unit="ms", source="recorded"),
        Row("receiver.rate_asked", first.rate, 600.0, "asked", unit="1/s", better="higher", source="asked"),
        Row("receiver.p95_asked", p95, 50.0, "asked", unit="ms", source="asked"),
        Row("receiver.rate_20000", many.rate, 600.0, "asked", unit="1/s", better="higher", source="asked"),
        Row("receiver.memory_growth_20000", grown, 16.0, "asked", unit="MiB", source="asked"),
        Row("receiver.planned", planned, 50.0, "asked", unit="1/s", better="higher", source="asked"),
    ]


@contextmanager
def _receiver() -> Iterator[Receiver]:
    before = os.environ.get("SLIPWAY_STATE_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SLIPWAY_STATE_DIR"] = folder
        secret = Path(folder, "secret.yaml")
        secret.write_text(SECRET)
        manifests = str(Path(__file__).resolve().parents[2] / "examples" / "hello" / "pipeline")
        receiver = Receiver(Config("127.0.0.1", 0, [Project("bench", [manifests, str(secret)], branches=["main"])]))
        receiver.start()
        try:
            yield receiver
        finally:
            receiver.stop()
            if before is None:
                del os.environ["SLIPWAY_STATE_DIR"]
            else:
                os.environ["SLIPWAY_STATE_DIR"] = before


def _load(port: int, events: int, ref: str = "refs/heads/other") -> Load:
    command = [sys.executable, "-m", "tests.bench.receiver_load", str(port), str(CONNECTIONS), str(events), ref]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return Load(**json.loads(done.stdout))


def _planned(receiver: Receiver) -> float:
    """Return events per second from the first request until the last run is in the journal, its PipelineRun made.

    The project is busy, so that no run begins: what a run costs is the pipeline's row.
    """
    journal = Journal(state.journal_path())
    busy = NewRun("busy", "bench", "-", Policy.QUEUE, state.runs_dir() / "busy", processes.identity(os.getpid()))
    journal.add(busy)
    journal.claim("busy")
    started, wanted = time.perf_counter(), CONNECTIONS * FIRING
    _load(receiver.port, FIRING, "refs/heads/main")
    while len(journal.listed(project="bench", statuses=[Status.QUEUED], limit=wanted)) < wanted:
        if time.perf_counter() - started > 120:
            raise RuntimeError(f"not all events became runs: {receiver.store.listed(1)[0].reason}")
        time.sleep(0.01)
    return wanted / (time.perf_counter() - started)


def _handled(receiver: Receiver) -> None:
    while receiver.store.open(limit=1):
        time.sleep(0.05)


def _resident() -> float:
    """Return the resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
