# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver against Tekton Triggers' sink: durable, distinct events over eight kept-alive connections.

The peer's figures are recorded (0.37, load generator on the same two cores, nothing durable there).
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from pathlib import Path

from tests.bench.measure import Row

CONNECTIONS, EVENTS = 8, 250
BODY = {"ref": "refs/heads/other", "checkout_sha": "0" * 40, "padding": "x" * 2800}


def rows(real: bool) -> list[Row]:
    """Return rate and p95 of events that start no run."""
    if real:
        print(
            "receiver: the peer stays recorded: the real sink runs as a pod of an EventListener, which is not set up here"
        )
    from slipway.serve.api import Receiver
    from slipway.serve.config import Config, Project

    with tempfile.TemporaryDirectory() as folder:
        os.environ["SLIPWAY_STATE_DIR"] = folder
        manifests = str(Path(__file__).resolve().parents[2] / "examples" / "hello" / "pipeline")
        config = Config("127.0.0.1", 0, [Project("bench", [manifests], branches=["main"])])
        receiver = Receiver(config)
        receiver.start()
        try:
            taken, whole = _load(receiver.port)
        finally:
            receiver.stop()
            del os.environ["SLIPWAY_STATE_DIR"]
    rate, p95 = len(taken) / whole, statistics.quantiles(taken, n=20)[18] * 1000
    return [
        Row("receiver.rate", rate, 1580.0, "triggers", unit="1/s", better="higher", source="recorded"),
        Row("receiver.p95", p95, 13.5, "triggers", unit="ms", source="recorded"),
    ]


def _load(port: int) -> tuple[list[float], float]:
    taken: list[float] = []
    threads = [threading.Thread(target=_client, args=(port, taken)) for _number in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, time.perf_counter() - started


def _client(port: int, taken: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _number in range(EVENTS):
        headers = {
            "X-Gitlab-Event": "Push Hook",
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
            "Content-Type": "application/json",
        }
        started = time.perf_counter()
        connection.request("POST", "/", json.dumps(BODY), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise RuntimeError(f"the receiver answered {answer.status}")
        taken.append(time.perf_counter() - started)
    connection.close()
