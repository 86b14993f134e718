# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway serve` is killed while 1,000 events come in: what was accepted is handled, and once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway import state as places
from slipway.runs import processes
from slipway.runs.journal import Journal, NewRun
from slipway.runs.model import Policy, Status
from slipway.serve import api

EVENTS, CLIENTS, KILLS = 1000, 8, 3
LISTENER = """
apiVersion: triggers.tekton.dev/v1beta1
kind: EventListener
metadata: {name: numbers}
spec:
  triggers:
  - name: number
    interceptors:
    - ref: {name: cel}
      params: [{name: filter, value: "body.fires"}]
    bindings: [{name: number, value: "$(body.number)"}]
    template:
      spec:
        params: [{name: number}]
        resourcetemplates:
        - apiVersion: tekton.dev/v1
          kind: PipelineRun
          metadata: {generateName: run-}
          spec: {params: [{name: number, value: "$(tt.params.number)"}]}
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory whose project is busy with a run of this process: events become runs that only wait."""
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    places.private_dir(places.runs_dir())
    me = processes.identity(os.getpid())
    journal = Journal(places.journal_path())
    journal.add(NewRun("busy", "numbers", "-", Policy.QUEUE, places.runs_dir() / "busy", me))
    journal.claim("busy")
    return tmp_path


class Serving:
    """The receiver as a process of its own, on one port over all its lives."""

    def __init__(self, folder: Path) -> None:
        (folder / "numbers.yaml").write_text(LISTENER)
        self._config = folder / "serve.yaml"
        self._config.write_text("listen: 127.0.0.1:0\nprojects: [{name: numbers, manifests: [numbers.yaml]}]\n")
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "slipway", "serve", str(self._config)]
        if self.port:
            command += ["--listen", f"127.0.0.1:{self.port}"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        found = re.search(r":(\d+)/", self._process.stdout.readline())
        assert found
        self.port = int(found[1])
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    def end(self, number: int) -> None:
        self._process.send_signal(number)
        self._process.wait(20)


@pytest.fixture
def serving(state: Path) -> Iterator[Serving]:
    one = Serving(state)
    yield one
    with contextlib.suppress(ProcessLookupError):
        one.end(signal.SIGKILL)


def post_until_accepted(port: int, number: int, accepted: dict[int, str]) -> None:
    """Post an event as a patient sender does: the same delivery again until it is answered."""
    headers = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": f"delivery-{number}"}
    for _try in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/", json.dumps({"number": number, "fires": number % 4 == 0}), headers)
            answer = connection.getresponse()
            data = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)  # it is down: a sender waits before it tries again
            continue
        finally:
            connection.close()
        assert answer.status == 202
        accepted[number] = data["eventID"]
        return


def post_all(serving: Serving, accepted: dict[int, str]) -> list[threading.Thread]:
    def client(first: int) -> None:
        for number in range(first, EVENTS, CLIENTS):
            post_until_accepted(serving.port, number, accepted)

    threads = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return threads


def wait_until(condition: Any, what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_no_accepted_event_is_lost_and_none_runs_twice(serving: Serving) -> None:
    accepted: dict[int, str] = {}
    threads = post_all(serving, accepted)
    for kill in range(1, KILLS + 1):
        wait_until(lambda kill=kill: len(accepted) >= kill * EVENTS // (KILLS + 1), "events are accepted")
        serving.end(signal.SIGKILL)
        serving.start()
    for thread in threads:
        thread.join(120)
    store = api.store()
    wait_until(lambda: not store.open(limit=1), "every event is handled")

    events = store.listed(10 * EVENTS)
    journal = Journal(places.journal_path())

    def waiting() -> list[str]:
        return [run.event_id for run in journal.listed(statuses=[Status.QUEUED], limit=10 * EVENTS)]

    assert len(accepted) == EVENTS
    assert Counter(json.loads(event.body)["number"] for event in events) == Counter(range(EVENTS))
    assert {event.id for event in events} == set(accepted.values())
    assert Counter(event.status for event in events) == {"Started": EVENTS // 4, "Refused": EVENTS * 3 // 4}
    firing = [event.id for event in events if event.status == "Started"]
    wait_until(lambda: set(waiting()) >= set(firing), "every event that fires has its run")
    assert Counter(waiting()) == Counter(firing)
    assert {run.event_id for run in journal.listed(limit=10 * EVENTS) if run.started is not None} == {""}
