# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canaries: secrets that a run uses must be in nothing that it writes, in no encoding."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

from tests.e2e.conftest import BIN, ROOT, run

CANARY = "canary/Zq8+secret=value"
FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe=""))
TASKS = f"""
apiVersion: v1
kind: Secret
metadata:
  name: credentials
stringData:
  token: {CANARY}
---
apiVersion: tekton.dev/v1
kind: Task
metadata:
  name: leaky
spec:
  results:
  - name: echoed
  steps:
  - name: echo
    image: alpine:3.16
    env:
    - name: TOKEN
      valueFrom:
        secretKeyRef:
          name: credentials
          key: token
    script: |
      #!/bin/sh
      echo "the token is $TOKEN"
      printf %s "$TOKEN" | base64
      printf %s "$TOKEN" > "$(results.echoed.path)"
      exit 3
"""
RUN = {
    "apiVersion": "tekton.dev/v1",
    "kind": "TaskRun",
    "metadata": {"name": "leaky-run"},
    "spec": {"taskRef": {"name": "leaky"}},
}


def _playbook(folder: Path) -> Path:
    task = {
        "name": "Run a task that echoes a secret",
        "slipway.gitops.task_run": {
            "src": [str(folder / "tasks.yaml")],
            "task_run": RUN,
            "state_dir": str(folder / "state"),
        },
        "register": "outcome",
        "ignore_errors": True,
    }
    show = {"name": "Show it", "ansible.builtin.debug": {"var": "outcome"}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task, show]}
    file = folder / "play.json"
    file.write_text(json.dumps([play]))
    return file


def _leaks(folder: Path) -> list[str]:
    """Return the files below `folder`, the user's own input aside, that hold the canary."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and file.name != "tasks.yaml":
            content = file.read_bytes().decode("utf-8", "replace")
            found += [f"{file.relative_to(folder)}: {form}" for form in FORMS if form in content]
    return found


def test_a_secret_that_a_step_echoes_is_nowhere(tmp_path: Path) -> None:
    (tmp_path / "tasks.yaml").write_text(TASKS)
    state = tmp_path / "runner"
    done = run(
        str(BIN / "slipway"), "run", str(_playbook(tmp_path)),
        cwd=tmp_path, env={"SLIPWAY_STATE_DIR": str(state), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build")},
    )  # fmt: skip
    assert "the token is ********" in done.stdout + done.stderr
    assert not [form for form in FORMS if form in done.stdout + done.stderr]
    assert any(state.rglob("events.jsonl"))
    assert _leaks(tmp_path) == []


def test_what_a_run_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "tasks.yaml").write_text(TASKS)
    state = tmp_path / "runner"
    run(
        str(BIN / "slipway"), "run", str(_playbook(tmp_path)),
        cwd=tmp_path, env={"SLIPWAY_STATE_DIR": str(state), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build")},
    )  # fmt: skip
    for file in (state / "runs").rglob("*"):
        if not file.is_symlink():
            assert file.stat().st_mode & 0o077 == 0, f"{file} is open to others"
