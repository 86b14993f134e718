# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two ways from a hook to its runs: a playbook with trigger_event, and the receiver of `slipway serve`.

Both answer the same questions, so that every test asks them of both.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from slipway.runs import api as runs
from tests.e2e.cases import gitlab
from tests.e2e.conftest import BIN, ROOT, run

PLAYBOOK = Path(__file__).with_name("event.yml")
OPTIONS = ("claims", "image_map", "step_env", "service_accounts")


@dataclass(frozen=True, slots=True)
class Setup:
    """What both ways are told. `options` are those of task_run and pipeline_run."""

    folder: Path
    manifests: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    policy: str = "queue"

    @property
    def pipelines(self) -> Path:
        """Where the engine keeps its runs."""
        return self.folder / "state" / "pipelines"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run that an event started. `status` is the reason of its condition."""

    name: str
    status: str
    message: str
    started: float  # seconds since 1970
    ended: float

    @property
    def succeeded(self) -> bool:
        return self.status in ("Succeeded", "Completed")


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of an event."""

    reason: str
    runs: Sequence[Ran]


class Way(Protocol):
    """From a hook to the end of what it starts."""

    def send(self, hook: gitlab.Hook) -> Handled:
        """Deliver a hook and wait for its end."""

    def close(self) -> None:
        """End what was started for it."""


class Playbook:
    """ansible-playbook, once for each event."""

    def __init__(self, setup: Setup) -> None:
        self._setup, self._count = setup, 0

    def send(self, hook: gitlab.Hook) -> Handled:
        """Run the playbook with the event as a file."""
        self._count += 1
        folder = self._setup.folder / f"event-{self._count}"
        folder.mkdir()
        (folder / "event.json").write_text(json.dumps(gitlab.as_event(hook)))
        variables = {"manifests": list(self._setup.manifests), **self._setup.options}
        variables.update(event=str(folder / "event.json"), result_file=str(folder / "result.json"))
        (folder / "vars.json").write_text(json.dumps(variables))
        command = (str(BIN / "ansible-playbook"), "-i", "localhost,", str(PLAYBOOK), "-e", f"@{folder / 'vars.json'}")
        done = run(*command, cwd=folder, env=environment(self._setup))
        assert done.returncode == 0, done.stdout + done.stderr
        result = json.loads((folder / "result.json").read_text())
        reason = "; ".join(text for one in result["triggers"] for text in (one["reason"], *one["warnings"]))
        return Handled(reason, [_ran(self._setup, one) for one in result["runs"]])

    def close(self) -> None:
        """Nothing stays."""


class Receiver:
    """`slipway serve`, with the runs that it starts."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        project = {"name": "case", "manifests": list(setup.manifests), "policy": setup.policy}
        project["vars"] = {f"deliver_{name}": value for name, value in setup.options.items()}
        config = setup.folder / "serve.yaml"
        config.write_text(json.dumps({"listen": "127.0.0.1:0", "projects": [project]}))
        self._log = setup.folder / "serve.log"
        with open(self._log, "wb") as log:
            command = [sys.executable, "-P", "-m", "slipway", "serve", str(config)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment(setup)}
            )
        self._url = self._listening()

    def send(self, hook: gitlab.Hook) -> Handled:
        """POST, wait for the event's end and for the end of its runs."""
        return self.wait(self.post(hook))

    def post(self, hook: gitlab.Hook) -> str:
        """POST and return the id of the event."""
        request = urllib.request.Request(self._url, json.dumps(hook.body).encode(), hook.headers())
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 202, answer.status
            return str(json.loads(answer.read())["eventID"])

    def wait(self, event: str) -> Handled:
        """Return what became of an event, its runs included."""
        deadline = time.monotonic() + 60
        while (row := self._row(event))[0] == "Accepted":
            assert time.monotonic() < deadline, f"event {event} is not handled\n{self._log.read_text()}"
            time.sleep(0.05)
        return Handled(row[1], [self._ended(one) for one in row[2].split()])

    def close(self) -> None:
        """End the receiver."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)

    def _ended(self, name: str) -> Ran:
        ended = runs.wait(name, timeout=300)
        pipeline = (runs.result(ended) or {}).get("pipeline") or {}
        found = {"status": pipeline.get("status") or ended.status.value, "name": pipeline.get("name", "")}
        return _ran(self._setup, {**found, "msg": ended.why})

    def _row(self, event: str) -> tuple[str, str, str]:
        with sqlite3.connect(self._setup.folder / "state" / "events.sqlite3") as database:
            found = database.execute("SELECT status, reason, runs FROM events WHERE id = ?", (event,)).fetchone()
        return found[0], found[1], found[2]

    def _listening(self) -> str:
        deadline = time.monotonic() + 60
        while "listening on " not in (text := self._log.read_text()):
            assert self._process.poll() is None, text
            assert time.monotonic() < deadline, text
            time.sleep(0.05)
        return text.split("listening on ", 1)[1].split()[0]


WAYS: Mapping[str, type[Playbook] | type[Receiver]] = {"ansible-playbook": Playbook, "runner": Receiver}


def environment(setup: Setup) -> dict[str, str]:
    """Return the environment in which the collection of the checkout runs, with a state folder of its own."""
    paths = [str(ROOT / ".build"), str(ROOT / "runner")]
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SLIPWAY_STATE_DIR": str(setup.folder / "state"),
    }


def log_of(setup: Setup, ran: Ran, step: str) -> str:
    """Return what a step of a run wrote."""
    found = sorted((setup.pipelines / ran.name).rglob(f"{step}.log"))
    assert len(found) == 1, f"{len(found)} logs of step {step} in {ran.name}"
    return found[0].read_text()


def _ran(setup: Setup, one: Mapping[str, Any]) -> Ran:
    name = str(one.get("name", ""))
    times = [_written(setup.pipelines / name / file) for file in ("run.json", "state.json")]
    return Ran(name, str(one.get("status", "")), str(one.get("msg", "")), *times)


def _written(file: Path) -> float:
    """The engine writes run.json as it begins and state.json, for the last time, as it ends."""
    return file.stat().st_mtime if file.is_file() else 0.0
