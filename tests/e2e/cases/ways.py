# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways from a hook to its runs: a playbook with trigger_event, the receiver of `slipway serve`, the EDA source.

All answer the same questions, so that every test asks them of each.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml
from jinja2.nativetypes import NativeEnvironment

from slipway.runs import api as runs
from tests.e2e.cases import gitlab
from tests.e2e.conftest import BIN, ROOT, run

PLAYBOOK = Path(__file__).with_name("event.yml")
EDA = ROOT / "extensions" / "eda"
SOURCE = Path("plugins") / "event_source" / "gitlab_webhook.py"


@dataclass(frozen=True, slots=True)
class Setup:
    """What every way is told. `options` are those of task_run and pipeline_run."""

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
        self._url = until_listening(self._log, self._process)

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


class Source:
    """The EDA source, and what its rulebook does with an event. Stands in for ansible-rulebook, which needs Java."""

    def __init__(self, setup: Setup) -> None:
        self._setup, self._token = setup, setup.folder / "token"
        self._token.write_text(_token_of(setup.manifests))
        wanted = {"port": 0, "token_file": str(self._token), "event_types": _rulebook()["source"]["event_types"]}
        self._log = setup.folder / "source.log"
        with open(self._log, "wb") as log:
            command = [sys.executable, "-I", "-S", "-B", str(EDA / SOURCE), json.dumps(wanted)]
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self._url = until_listening(self._log, self._process)

    def send(self, hook: gitlab.Hook) -> Handled:
        """POST, take the event from the queue, and run the playbook of the rulebook's only rule."""
        request = urllib.request.Request(self._url, json.dumps(hook.body).encode(), hook.headers())
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                answer = json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return Handled(str(json.loads(error.read())["errorMessage"]), [])
        if not answer["accepted"]:
            return Handled(str(answer["reason"]), [])
        assert self._process.stdout is not None
        return self._deliver(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the source."""
        self._process.terminate()
        self._process.wait(10)

    def _deliver(self, event: Mapping[str, Any]) -> Handled:
        folder = self._setup.folder / event["meta"]["event_id"]
        folder.mkdir()
        known = {"event": event, "manifests": list(self._setup.manifests), "token_file": str(self._token)}
        variables = _rendered(_rulebook()["action"]["extra_vars"], known)
        variables.update({f"deliver_{name}": value for name, value in self._setup.options.items()})
        (folder / "vars.json").write_text(json.dumps(variables))
        command = (str(BIN / "ansible-playbook"), "-i", "localhost,", _rulebook()["action"]["name"])
        env = {**environment(self._setup), "SLIPWAY_RESULT": str(folder / "result.json")}
        done = run(*command, "-e", f"@{folder / 'vars.json'}", "-vvv", cwd=folder, env=env)
        assert self._token.read_text() not in done.stdout + done.stderr, "the token is in the output"
        ended = folder / "result.json"
        result = json.loads(ended.read_text()) if ended.exists() else {}
        assert done.returncode == 0 or result, done.stdout + done.stderr
        said = " ".join((done.stdout + done.stderr).split())
        return Handled(said, [_ran(self._setup, {**result["pipeline"], "msg": said})] if result else [])


def _rulebook() -> Mapping[str, Any]:
    """Return the source and the action of the shipped rulebook."""
    book = yaml.safe_load((EDA / "rulebooks" / "gitlab_deliver.yml").read_text())[0]
    (rule,) = book["rules"]
    return {"source": book["sources"][0]["slipway.gitops.gitlab_webhook"], "action": rule["action"]["run_playbook"]}


def _rendered(value: Any, known: Mapping[str, Any]) -> Any:
    """Fill in a value of a rulebook as ansible-rulebook does: Jinja, keeping the types."""
    if isinstance(value, dict):
        return {name: _rendered(item, known) for name, item in value.items()}
    return NativeEnvironment().from_string(value).render(known)


def _token_of(manifests: Sequence[str]) -> str:
    """Return the token of the Secret that the manifests hold."""
    files = [file for path in manifests for file in ([Path(path)] if Path(path).is_file() else Path(path).iterdir())]
    objects = [obj for file in files for obj in yaml.safe_load_all(file.read_text())]
    secret = next(obj for obj in objects if obj["metadata"]["name"] == "gitlab-webhook-token")
    return str(secret["stringData"]["webhookToken"])


WAYS: Mapping[str, type[Playbook] | type[Receiver] | type[Source]] = {
    "ansible-playbook": Playbook,
    "runner": Receiver,
    "eda": Source,
}


def until_listening(log: Path, process: subprocess.Popen[Any]) -> str:
    """Wait until a server says where it listens, and return that URL. One that does not is ended."""
    deadline = time.monotonic() + 60
    while "listening on " not in (text := log.read_text()) or not text.endswith("\n"):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"it does not listen: {text}")
        time.sleep(0.05)
    return text.split("listening on ", 1)[1].split()[0]


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
