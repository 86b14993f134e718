# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines in pipelines, custom tasks, runs that are asked to end, and the objects that runs leave. Real processes."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

RUN = """
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {name: run}
spec:
  %s
"""
CHILD = """
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: child}
spec:
  params: [{name: word}]
  workspaces: [{name: inner}]
  tasks:
  - name: write
    params: [{name: word, value: $(params.word)}]
    workspaces: [{name: w, workspace: inner}]
    taskSpec:
      params: [{name: word}]
      workspaces: [{name: w}]
      steps: [{name: s, image: alpine, script: "echo $(params.word) > $(workspaces.w.path)/word"}]
"""


def run(
    text: str, folder: Path, events: Recorder | None = None, cancel: Cancel | None = None, **more: Any
) -> api.Report:
    bundle = api.parse(yaml.load_all(text, "pipeline.yaml"))
    document = bundle.find("PipelineRun", "run")
    assert document is not None
    options = api.Options(state_dir=str(folder), **more)
    return api.run_pipeline(bundle, document, options, events or Recorder(), cancel or Cancel())


def objects(report: api.Report) -> dict[str, Any]:
    return {obj["metadata"]["name"]: obj for obj in report.objects}


def test_a_pipeline_in_a_pipeline_gets_params_and_workspaces(tmp_path: Path) -> None:
    spec = """
  workspaces: [{name: outer, volumeClaimTemplate: {spec: {}}}]
  pipelineSpec:
    workspaces: [{name: outer}]
    tasks:
    - {name: nested, pipelineRef: {name: child}, params: [{name: word, value: ship}], workspaces: [{name: inner, workspace: outer}]}
    - name: read
      runAfter: [nested]
      workspaces: [{name: w, workspace: outer}]
      taskSpec:
        workspaces: [{name: w}]
        results: [{name: word}]
        steps: [{name: s, image: alpine, script: "tr -d '\\\\n' < $(workspaces.w.path)/word > $(results.word.path)"}]
    results: [{name: word, value: $(tasks.read.results.word)}]"""
    report = run(CHILD + "---" + RUN % spec, tmp_path)
    assert (report.succeeded, report.results) == (True, {"word": "ship"}), report.message
    kinds = {name: obj["kind"] for name, obj in objects(report).items()}
    assert kinds == {
        "run": "PipelineRun",
        "run-nested": "PipelineRun",
        "run-nested-write": "TaskRun",
        "run-read": "TaskRun",
    }


def test_a_failed_pipeline_in_a_pipeline_fails_its_task(tmp_path: Path) -> None:
    inner = "{tasks: [{name: bad, taskSpec: {steps: [{name: s, image: alpine, script: exit 3}]}}]}"
    report = run(RUN % f"pipelineSpec: {{tasks: [{{name: nested, pipelineSpec: {inner}}}]}}", tmp_path)
    assert report.message == "Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 0"
    assert objects(report)["run-nested"]["status"]["conditions"][0]["reason"] == "Failed"


def test_a_pipeline_that_lies_in_itself_is_refused_before_anything_runs(tmp_path: Path) -> None:
    loop = (
        CHILD.replace("name: child}", "name: loop}").split("  params:")[0]
        + "  tasks: [{name: again, pipelineRef: {name: loop}}]\n"
    )
    with pytest.raises(Invalid, match="makes a cycle of Pipelines: loop -> loop"):
        run(loop + "---" + RUN % "pipelineRef: {name: loop}", tmp_path)


def test_a_custom_task_is_done_by_the_program_that_is_given_for_it(tmp_path: Path) -> None:
    program = tmp_path / "wait.py"
    program.write_text(
        "import json, sys\n"
        "run = json.load(sys.stdin)\n"
        "print('I am doing it', file=sys.stderr)\n"
        "value = {p['name']: p['value'] for p in run['spec']['params']}['word']\n"
        "json.dump({'results': [{'name': 'twice', 'value': value * 2}], 'message': 'done'}, sys.stdout)\n"
    )
    spec = """pipelineSpec:
    tasks:
    - {name: wait, taskRef: {apiVersion: example.dev/v1, kind: Wait}, params: [{name: word, value: ab}]}
    results: [{name: out, value: $(tasks.wait.results.twice)}]"""
    events = Recorder()
    entry = {"apiVersion": "example.dev/v1", "kind": "Wait", "command": [sys.executable, str(program)]}
    report = run(RUN % spec, tmp_path / "state", events, custom_tasks=[entry])
    assert (report.succeeded, report.results) == (True, {"out": "abab"}), report.message
    assert objects(report)["run-wait"]["spec"]["customRef"]["kind"] == "Wait"
    assert any(event.message == "I am doing it" for event in events.events)


def test_a_custom_task_fails_with_the_message_of_its_program(tmp_path: Path) -> None:
    spec = "pipelineSpec: {tasks: [{name: t, taskRef: {apiVersion: example.dev/v1, kind: Wait}}]}"
    command = ["sh", "-c", """cat >/dev/null; echo '{"reason": "TooLate", "message": "the tide is out"}'; exit 1"""]
    entry = {"apiVersion": "example.dev/v1", "kind": "Wait", "command": command}
    report = run(RUN % spec, tmp_path, custom_tasks=[entry])
    assert (report.task_runs[0]["status"], report.task_runs[0]["message"]) == ("TooLate", "the tide is out")


class Asking(Recorder):
    """Asks for an end as soon as a step writes."""

    def __init__(self, folder: Path, status: str) -> None:
        super().__init__()
        self._folder, self._status = folder, status

    def emit(self, *args: Any, **kwargs: Any) -> None:
        super().emit(*args, **kwargs)
        if kwargs.get("message") == "here":
            api.ask(str(self._folder), "run", self._status)


SLOW = """pipelineSpec:
    tasks:
    - {name: first, taskSpec: {steps: [{name: s, image: alpine, script: "echo here; sleep %s"}]}}
    - {name: second, runAfter: [first], taskSpec: {steps: [{name: s, image: alpine, script: "echo second"}]}}
    finally:
    - {name: last, taskSpec: {steps: [{name: s, image: alpine, script: "echo last"}]}}"""


@pytest.mark.parametrize(
    ("status", "seconds", "ran", "skipped"),
    [
        ("StoppedRunFinally", "1", {"first": "Succeeded", "last": "Succeeded"}, "PipelineRun was gracefully stopped"),
        (
            "CancelledRunFinally",
            "60",
            {"first": "TaskRunCancelled", "last": "Succeeded"},
            "PipelineRun was stopping",
        ),
        ("Cancelled", "60", {"first": "TaskRunCancelled"}, "PipelineRun was stopping"),
    ],
)
def test_a_run_ends_as_it_is_asked_to(
    status: str, seconds: str, ran: dict[str, str], skipped: str, tmp_path: Path
) -> None:
    report = run(RUN % (SLOW % seconds), tmp_path, Asking(tmp_path, status))
    assert {one["task"]: one["status"] for one in report.task_runs} == ran
    assert report.status == "Cancelled"
    assert [one["reason"] for one in report.skipped_tasks] == [skipped]


def test_a_pending_run_makes_nothing(tmp_path: Path) -> None:
    report = run(RUN % ("status: PipelineRunPending\n  " + SLOW % "60"), tmp_path)
    assert (report.status, report.pending, report.task_runs, report.changed) == ("PipelineRunPending", True, [], False)


def test_a_status_that_ends_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="StoppedRunFinally"):
        api.ask(str(tmp_path), "run", "Paused")


def test_the_objects_of_a_cancelled_play_say_so(tmp_path: Path) -> None:
    cancel, kept = Cancel(), {}

    def write(obj: Any) -> None:
        kept[obj["metadata"]["name"]] = obj["status"]["conditions"][0]
        if obj["kind"] == "TaskRun":
            threading.Timer(0.1, cancel.set, ["the play was stopped"]).start()

    with pytest.raises(Cancelled):
        run(RUN % (SLOW % "60"), tmp_path, cancel=cancel, write=write)
    assert (kept["run"]["reason"], kept["run-first"]["reason"]) == ("Cancelled", "TaskRunCancelled")


def test_the_object_of_a_task_run_has_owner_labels_and_the_history_of_its_attempts(tmp_path: Path) -> None:
    task = "{steps: [{name: s, image: alpine, script: exit 4}]}"
    report = run(RUN % f"pipelineSpec: {{tasks: [{{name: t, retries: 1, taskSpec: {task}}}]}}", tmp_path)
    found = objects(report)["run-t"]
    assert found["metadata"]["ownerReferences"][0]["name"] == "run"
    assert found["metadata"]["labels"]["tekton.dev/pipelineTask"] == "t"
    assert found["spec"]["managedBy"] == "slipway.dev/native"
    assert found["status"]["steps"][0]["terminated"]["exitCode"] == 4
    assert [one["conditions"][0]["reason"] for one in found["status"]["retriesStatus"]] == ["StepFailed"]
