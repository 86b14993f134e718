# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play that is killed at a random moment leaves no process, and the next run finishes the work."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import BIN, ROOT

MARK = "slipway-kill-test"
STEP = """
    - name: {name}
      params: [{{name: text, value: "{before}"}}]
      taskSpec:
        params: [{{name: text}}]
        results: [{{name: text}}]
        steps: [{{image: alpine, script: "sleep 0.4; printf %s $(params.text){name} > $(results.text.path)"}}]
"""
NAMES = ("a", "b", "c")
TASKS = "".join(
    STEP.format(name=name, before=f"$(tasks.{before}.results.text)" if before else "0")
    for before, name in zip((None, *NAMES), NAMES, strict=False)
)
PIPELINE = f"""
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {{name: killed}}
spec:
  pipelineSpec:
    results: [{{name: all, value: $(tasks.c.results.text)}}]
    tasks:{TASKS}
"""


def _playbook(folder: Path) -> list[str]:
    (folder / "run.yaml").write_text(PIPELINE)
    task = {"slipway.gitops.pipeline_run": {"src": ["run.yaml"], "state_dir": str(folder / "state")}, "register": "r"}
    show = {
        "ansible.builtin.copy": {
            "content": "{{ r.results | to_json }}",
            "dest": str(folder / "out.json"),
            "mode": "0600",
        }
    }
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task, show]}
    play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    (folder / "play.json").write_text(json.dumps([play]))
    return [str(BIN / "ansible-playbook"), "-i", "localhost,", str(folder / "play.json")]


def _environment(mark: str) -> dict[str, str]:
    return {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "SLIPWAY_TEST_MARK": mark}


def _alive(mark: str, folder: Path) -> list[str]:
    """Return the processes that carry the mark in their environment or name the folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and (f"SLIPWAY_TEST_MARK={mark}".encode() in text or str(folder).encode() in text):
            found.append(entry.name)
    return found


@pytest.mark.parametrize("round_number", range(4))
def test_kill_9_leaves_nothing_and_the_second_run_is_clean(tmp_path: Path, round_number: int) -> None:
    mark = f"{MARK}-{os.getpid()}-{round_number}"
    command, environment = _playbook(tmp_path), _environment(mark)
    pause = random.Random(round_number).uniform(0.3, 2.2)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as play:
        time.sleep(pause)
        play.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 4
    while _alive(mark, tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _alive(mark, tmp_path) == []
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "out.json").read_text()) == {"all": "0abc"}
