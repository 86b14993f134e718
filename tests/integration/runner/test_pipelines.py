# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""slipway pipeline and task as a person uses them: real commands, real runs, no cluster."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from slipway.pipelines import debug
from slipway.pipelines.prepare import Wish, prepare
from slipway.pipelines.start import How

TEKTON = """
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: fetch}
spec:
  results: [{name: commit}]
  workspaces: [{name: source}]
  steps:
  - name: clone
    image: alpine
    script: |
      echo "from $(params.url)"
      printf abc > $(results.commit.path)
      echo filled > $(workspaces.source.path)/file
  params: [{name: url, description: where the sources are}]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: check}
spec:
  params: [{name: code, default: "0"}, {name: words, type: array, default: [one]}]
  workspaces: [{name: source}]
  steps:
  - name: look
    image: alpine
    args: ["$(params.words[*])"]
    script: |
      #!/bin/sh
      cat $(workspaces.source.path)/file
      echo "words: $@"
      exit $(params.code)
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: build}
spec:
  params: [{name: url}, {name: code, default: "0"}]
  workspaces: [{name: source}]
  results: [{name: commit, value: $(tasks.fetch.results.commit)}]
  tasks:
  - {name: fetch, taskRef: {name: fetch}, params: [{name: url, value: $(params.url)}], workspaces: [{name: source}]}
  - name: check
    runAfter: [fetch]
    taskRef: {name: check}
    params: [{name: code, value: $(params.code)}]
    workspaces: [{name: source}]
"""
SLOW = """
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {generateName: slow-}
spec:
  pipelineSpec:
    tasks:
    - name: wait
      taskSpec: {steps: [{name: s, image: alpine, script: "echo begun; sleep 600"}]}
"""
CLAIM = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "project"
    (project / ".tekton").mkdir(parents=True)
    (project / ".tekton" / "build.yaml").write_text(TEKTON)
    (project / "slow.yaml").write_text(SLOW)
    (project / "claim.yaml").write_text(CLAIM)
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(project)
    return project


def slipway(*arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "slipway", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def until_logged(text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in slipway("pr", "logs"):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


def test_a_pipeline_is_started_listed_described_and_deleted(folder: Path) -> None:
    out = slipway("pipeline", "start", "build", "-p", "url=here", "-w", "name=source,hostPath=.", "--showlog")
    name = out.splitlines()[0].removeprefix("PipelineRun started: ")
    assert "[fetch : clone] from here\n" in out and "[check : look] filled\n" in out
    assert f"✓ PipelineRun {name} Succeeded in " in out
    assert (folder / "file").read_text() == "filled\n"
    assert [run["status"] for run in json.loads(slipway("pr", "list", "-o", "json"))] == ["Succeeded"]
    assert "commit  abc" in slipway("pr", "describe", name)
    assert slipway("pr", "logs", "-t", "check").splitlines() == ["[check : look] filled", "[check : look] words: one"]
    slipway("pr", "delete", name)
    assert json.loads(slipway("pr", "list", "-o", "json")) == []


def test_a_failed_pipeline_exits_10_and_goes_on_from_the_task_that_failed(folder: Path) -> None:
    given = ["-p", "url=x", "-p", "code=3", "-w", "name=source,volumeClaimTemplateFile=claim.yaml"]
    out = slipway("pipeline", "start", "build", *given, "--junit", "j.xml", "--svg", "d.svg", code=10)
    assert '"step-look" exited with code 3' in out
    assert ET.parse(folder / "j.xml").getroot().get("failures") == "1"
    assert "StepFailed" in (folder / "d.svg").read_text()
    again = slipway("pipeline", "start", "build", "--from", "check", "-p", "code=0", "--showlog")
    assert "[fetch : clone]" not in again and "[check : look] filled\n" in again
    assert "done by the earlier run" in slipway("pr", "describe")


def test_a_task_is_started_with_an_array(folder: Path) -> None:
    (folder / "file").write_text("own\n")
    out = slipway("task", "start", "check", "-w", "name=source,hostPath=.", "-p", "words=a,b", "--showlog")
    assert "[look] own\n[look] words: a b\n" in out


def test_a_run_in_the_background_is_cancelled() -> None:
    name = slipway("pipeline", "start", "-f", "slow.yaml", "-d").strip()
    until_logged("[wait : s] begun")
    assert "Running" in slipway("pr", "describe", name)
    assert "Cancelled" in slipway("pr", "cancel", name)
    assert json.loads(slipway("pr", "list", "-o", "json"))[0]["status"] == "Cancelled"
    slipway("pr", "cancel", name, code=15)


def test_a_run_gives_up_when_its_group_is_full() -> None:
    group = ["-f", "slow.yaml", "--concurrency-group", "g"]
    name = slipway("pipeline", "start", *group, "-d").strip()
    until_logged("[wait : s] begun")
    out = slipway("pipeline", "start", *group, "--concurrency-policy", "cancel", code=13)
    assert f"group g is full: {name}" in out
    slipway("pr", "cancel", name)


def test_a_playbook_writes_the_files_that_it_names(folder: Path) -> None:
    options = {"src": ["slow.yaml"], "junit": str(folder / "p.xml"), "svg": str(folder / "p.svg")}
    (folder / "slow.yaml").write_text(SLOW.replace("sleep 600", "exit 4"))
    tasks = [{"name": "Run it", "slipway.gitops.pipeline_run": options}]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    slipway("run", "play.yml", code=10)
    assert "exit code 4" in (folder / "p.xml").read_text()
    assert "StepFailed" in (folder / "p.svg").read_text()


def test_a_step_that_fails_can_be_looked_at_before_the_run_goes_on(folder: Path) -> None:
    wish = Wish("Pipeline", "build", params=["url=x", "code=3"], workspaces=["name=source,hostPath=."])
    seen: list[tuple[str, int]] = []
    report = debug.run(prepare(wish), How(), lambda _event: None, lambda step: seen.append((step.step, step.exit_code)))
    assert (seen, report.status) == ([("look", 3)], "Failed")
    assert json.loads(slipway("pr", "list", "-o", "json"))[0]["name"] == report.name


def test_a_shell_is_refused_without_a_terminal() -> None:
    slipway("pipeline", "start", "-f", "slow.yaml", "--debug", code=15)


def test_a_time_out_of_tekton_exits_12() -> None:
    assert "PipelineRunTimeout" in slipway("pipeline", "start", "-f", "slow.yaml", "--pipeline-timeout", "1s", code=12)
