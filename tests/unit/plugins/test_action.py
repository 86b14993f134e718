# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller side of the plugins, through ansible-playbook: run with the lowest and the newest supported core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.filter.results import from_results, image_reference

ROOT = Path(__file__).resolve().parents[3]
TASK = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {name: %s}
spec:
  params: [{name: who, value: world}]
  taskSpec:
    params: [{name: who}]
    results: [{name: text}]
    steps: [{name: say, image: alpine, script: "echo hello $(params.who) | tee $(results.text.path); exit %d"}]
"""


def play(tmp_path: Path, *tasks: dict[str, Any], extra: tuple[str, ...] = (), **env: str) -> tuple[int, list[Any], str]:
    """Run tasks on localhost; return the code, what each task returned, and the output."""
    file = tmp_path / "play.json"
    named = [{**task, "register": f"r{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
    out = tmp_path / "out.json"
    values = "{{ [" + ", ".join(f"r{number}" for number in range(len(tasks))) + "] | to_json }}"
    keep = {"ansible.builtin.copy": {"content": values, "dest": str(out), "mode": "0600"}, "check_mode": False}
    base = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    base["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    file.write_text(json.dumps([{**base, "tasks": [*named, keep]}]))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        **env,
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", *extra, str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(out.read_text()) if out.is_file() else [], done.stdout + done.stderr


def task_run(tmp_path: Path, name: str = "one", code: int = 0, **options: Any) -> dict[str, Any]:
    (tmp_path / f"{name}.yaml").write_text(TASK % (name, code))
    return {"slipway.gitops.task_run": {"src": [f"{name}.yaml"], "state_dir": str(tmp_path / "state"), **options}}


def test_a_task_runs_and_its_lines_are_shown_while_it_runs(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    code, results, output = play(tmp_path, task_run(tmp_path), SLIPWAY_EVENTS=str(events), SLIPWAY_RUN="run-1")
    assert (code, results[0]["changed"], results[0]["results"]) == (0, True, {"text": "hello world\n"})
    assert "one/say: hello world" in output
    records = [json.loads(line) for line in events.read_text().splitlines()]
    assert {record["run"] for record in records} == {"run-1"}
    assert [record["phase"] for record in records][-1] == "Succeeded"


def test_a_failing_step_is_a_structured_failure(tmp_path: Path) -> None:
    _code, results, output = play(tmp_path, task_run(tmp_path, code=4))
    assert results[0]["failed"]
    assert results[0]["failure"]["reason"] == "StepFailed"
    assert '"step-say" exited with code 4: Error' in results[0]["msg"]
    assert "Traceback" not in output


def test_values_of_ansible_reach_the_engine_as_plain_data(tmp_path: Path) -> None:
    wanted = task_run(tmp_path, params={"who": "{{ 'templated' | upper }}"})
    _code, results, _output = play(tmp_path, wanted)
    assert results[0]["results"] == {"text": "hello TEMPLATED\n"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nonsense": 1}, "Supported parameters include"),
        ({"executor": "elsewhere"}, "value of executor must be one of"),
        ({"src": ["gone.yaml"]}, "does not exist"),
        ({"image_map": [{"toolset": "host"}]}, "image_map[0].image is missing"),
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    _code, results, _output = play(tmp_path, task_run(tmp_path, **options))
    assert results[0]["failed"]
    assert results[0]["failure"]["reason"] == "Invalid"
    assert message in results[0]["msg"]


def test_wrong_yaml_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: Task\nspec:\n  a: 1\n  a: 2\n")
    _code, results, _output = play(tmp_path, {"slipway.gitops.task_run": {"src": ["bad.yaml"]}})
    assert "bad.yaml:4 key 'a' is given twice" in results[0]["msg"]


def test_check_mode_runs_nothing(tmp_path: Path) -> None:
    code, results, output = play(tmp_path, task_run(tmp_path), extra=("--check",))
    assert (code, results[0]["changed"], (tmp_path / "state").exists()) == (0, True, False)
    assert "hello world" not in output


def test_check_mode_shows_what_the_lint_finds_and_goes_on(tmp_path: Path) -> None:
    code, results, output = play(tmp_path, task_run(tmp_path), extra=("--check",))
    found = {one["rule"]: one for one in results[0]["lint"]}
    assert code == 0
    assert 'echo hello "${WHO}"' in found["script-injection"]["rewrite"]
    assert "puts $(params.who) into a program" in output


def test_a_connection_that_is_not_local_is_refused_with_the_remedy(tmp_path: Path) -> None:
    wanted = {**task_run(tmp_path), "vars": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1"}}
    _code, results, _output = play(tmp_path, wanted)
    assert "add delegate_to: localhost" in results[0]["msg"]


def test_without_the_variable_no_event_file_is_written(tmp_path: Path) -> None:
    play(tmp_path, task_run(tmp_path))
    assert not list(tmp_path.rglob("events.jsonl"))


def test_entries_are_filled_from_results() -> None:
    given = [{"name": "hello", "digest_from": "image-digest", "new_tag_from": None}]
    assert from_results(given, {"image-digest": "sha256:ab"}) == [{"name": "hello", "digest": "sha256:ab"}]
    with pytest.raises(Exception, match="the pipeline has no result 'gone'"):
        from_results([{"digest_from": "gone"}], {"there": "1"})


@pytest.mark.parametrize(
    ("url", "wanted"),
    [("reg:5000/a/b:v1", "reg:5000/a/b@sha256:ab"), ("reg:5000/a/b", "reg:5000/a/b@sha256:ab"), ("", "")],
)
def test_an_image_is_named_with_its_digest(url: str, wanted: str) -> None:
    assert image_reference({"image-url": url, "image-digest": "sha256:ab"}) == wanted
