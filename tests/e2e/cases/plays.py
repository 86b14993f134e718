# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays for case studies: the same calls of our modules under ansible-playbook and under the runner.

Knows how a play is started and what it leaves; must not know any case.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import BIN, ROOT, run

WAYS = ("ansible-playbook", "slipway run")
STAND_INS = Path(__file__).with_name("bin")
INSIDE = "/stand-ins"
PATH = f"{INSIDE}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Call:
    """One task of a play: a module of ours with its options."""

    module: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Played:
    """What a play left: the registered results in order, the events, everything that was printed."""

    results: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    output: str

    def lines(self, task: str, step: str = "", run_name: str = "") -> list[str]:
        """Return the log lines of a task, of one step or of one run when named."""
        found = [one for one in self.events if one["phase"] == "Log" and one["data"].get("task") == task]
        found = [one for one in found if not step or one["data"]["step"] == step]
        return [one["message"] for one in found if one["subject"]["name"].startswith(run_name)]

    def started(self) -> list[str]:
        """Return the steps that were started, as `taskrun/step`."""
        found = [one for one in self.events if one["reason"] == "StepStarted"]
        return [f"{one['subject']['name']}/{one['data']['step']}" for one in found]


def vectors() -> Path:
    """Return the folder of the tutorial's files. They are read where they lie and never copied."""
    given = os.environ.get("SLIPWAY_TEST_VECTORS", "")
    folder = Path(given or "/nowhere") / "tutorial"
    if not folder.is_dir():
        pytest.skip("the tutorial's files are not here: set SLIPWAY_TEST_VECTORS to a vectors directory")
    return folder


def play(folder: Path, way: str, calls: Sequence[Call], environment: Mapping[str, str] | None = None) -> Played:
    """Play the calls once, keep their results. The play must succeed."""
    folder.mkdir(parents=True, exist_ok=True)
    state, out = folder / "runner", folder / "results.json"
    events = folder / "events.jsonl"
    for file in (out, events, *state.glob("runs/*/events.jsonl")):
        file.unlink(missing_ok=True)
    given = {**(environment or {}), **surroundings(folder)}
    if way == "ansible-playbook":
        given["SLIPWAY_EVENTS"] = str(events)
    done = run(*_command(way, write(folder, calls)), cwd=folder, env=given)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-4000:]
    files = [events] if way == "ansible-playbook" else sorted(state.glob("runs/*/events.jsonl"))
    seen = [json.loads(line) for file in files if file.is_file() for line in file.read_text().splitlines()]
    return Played(json.loads(out.read_text()), seen, output)


def surroundings(folder: Path) -> dict[str, str]:
    """Return the variables of a play in this folder: a state directory of its own, the collection of the checkout."""
    return {
        "SLIPWAY_STATE_DIR": str(folder / "runner"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }


def _command(way: str, playbook: Path) -> list[str]:
    if way == "ansible-playbook":
        return [str(BIN / "ansible-playbook"), "-i", "localhost,", str(playbook)]
    return [str(BIN / "slipway"), "run", str(playbook)]


def write(folder: Path, calls: Sequence[Call]) -> Path:
    """Write the playbook of these calls; it keeps their results in results.json beside itself."""
    out = folder / "results.json"
    tasks: list[dict[str, Any]] = [
        {
            "name": f"Call {number}",
            f"slipway.gitops.{call.module}": dict(call.options),
            "register": f"result_{number}",
        }
        for number, call in enumerate(calls)
    ]
    names = ", ".join(f"result_{number}" for number in range(len(calls)))
    keep = {"content": f"{{{{ [{names}] | to_json }}}}", "dest": str(out), "mode": "0600"}
    tasks.append({"name": "Keep the results", "ansible.builtin.copy": keep})
    play = {
        "name": "A case study",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": tasks,
    }
    file = folder / "play.json"
    file.write_text(json.dumps([play], indent=1))
    return file


def stand_ins(*images: str, **extra: str) -> list[dict[str, Any]]:
    """Return an image map in which steps of these images find the programs of `bin` first (with PATH as their path)."""
    mounts = {f"{INSIDE}/bin": str(STAND_INS), **{f"{INSIDE}/{name}": path for name, path in extra.items()}}
    return [{"image": image, "toolset": _toolset(image), "tools": mounts} for image in images]


def _toolset(image: str) -> str:
    return "busybox" if image.startswith("alpine") or "kubectl" in image else "host"


def task_run(name: str, task: str, **spec: Any) -> dict[str, Any]:
    """Return a TaskRun of a given Task."""
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "TaskRun",
        "metadata": {"name": name},
        "spec": {"taskRef": {"name": task}, **spec},
    }


def pipeline_run(name: str, pipeline: str, **spec: Any) -> dict[str, Any]:
    """Return a PipelineRun of a given Pipeline."""
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {"name": name},
        "spec": {"pipelineRef": {"name": pipeline}, **spec},
    }
