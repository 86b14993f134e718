# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a pipeline and its runs: the plan with reasons, JUnit, the drawing, runs that were kept."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import redact, yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import dag, explain
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.report.layout import layout

SPEC: dict[str, Any] = {
    "tasks": [
        {"name": "a", "taskRef": {"name": "make"}},
        {"name": "b", "taskSpec": {"steps": [{"script": "echo $(tasks.a.results.out)"}]}},
        {
            "name": "c",
            "taskRef": {"resolver": "git"},
            "runAfter": ["b"],
            "params": [{"name": "x", "value": "$(tasks.a.results.list[*])"}],
            "when": [{"input": "$(params.y)", "operator": "in", "values": ["1", "2"]}, {"cel": "'a' == 'b'"}],
        },
    ],
    "finally": [{"name": "z", "taskRef": {"name": "make"}, "params": [{"name": "x", "value": "$(tasks.a.results.out)"}]}],
}  # fmt: skip


def test_the_plan_says_why_each_task_waits() -> None:
    told = {row.task: (row.wave, row.why) for row in explain.rows(SPEC)}
    assert told == {
        "a": (0, []),
        "b": (1, ["uses result out of a in taskSpec"]),
        "c": (2, ["runAfter b", "uses result list of a in params.x"]),
        "z": (3, ["finally", "uses result out of a in params.x"]),
    }


def test_the_plan_says_what_runs_and_when() -> None:
    row = {row.task: row for row in explain.rows(SPEC)}["c"]
    assert (row.runs, row.when) == ("Task by git", ["$(params.y) in [1, 2]", "'a' == 'b'"])


def test_the_plan_names_what_a_matrix_goes_over() -> None:
    task = {"name": "m", "taskRef": {"name": "t"}, "matrix": {"params": [{"name": "os", "value": ["a", "b"]}]}}
    assert explain.rows({"tasks": [task]})[0].runs == "Task t, matrix over os"


def test_tasks_of_a_cycle_are_in_no_wave() -> None:
    tasks = [{"name": "a"}, {"name": "b", "runAfter": ["c"]}, {"name": "c", "runAfter": ["a", "b"]}]
    assert dag.order(tasks) == [["a"]]


def test_waves_keep_the_order_of_the_pipeline() -> None:
    tasks = [{"name": "z"}, {"name": "d", "runAfter": ["y"]}, {"name": "c", "runAfter": ["z"]}, {"name": "y"}]
    assert dag.order(tasks) == [["z", "y"], ["d", "c"]]


def step(name: str, reason: str = "Completed", code: int = 0) -> dict[str, Any]:
    return {"name": name, "exit_code": code, "termination_reason": reason, "seconds": 0.5}


def task_run(task: str, status: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"task": task, "name": f"r-{task}", "status": status, "message": "m<", "seconds": 1.0, "results": {}, "steps": list(steps)}  # fmt: skip


REPORT = {
    "name": "r",
    "status": "Failed",
    "seconds": 2.0,
    "task_runs": [
        task_run("a", "Succeeded", step("one")),
        task_run("b", "StepFailed", step("one"), step("two", "Error", 3), step("three", "Skipped")),
        task_run("d", "TaskRunTimeout", step("one")),
    ],
    "skipped_tasks": [{"task": "c", "reason": "PipelineRun was stopping"}],
}


def test_junit_counts_steps_failures_and_skipped_ones() -> None:
    root = ET.fromstring(api.junit(REPORT))
    assert root.attrib == {"name": "r", "tests": "7", "failures": "2", "skipped": "2", "time": "2.000"}
    assert [suite.get("name") for suite in root] == ["a", "b", "d", "c"]


def test_junit_holds_the_log_of_a_failed_step_without_control_characters() -> None:
    root = ET.fromstring(api.junit(REPORT, {("r-b", "two"): "one < two\x00\x1b[31m & red"}))
    failure = root.find("./testsuite[@name='b']/testcase[@name='two']/failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("exit code 3: Error", "one < two & red")


def test_junit_tells_a_task_that_failed_without_a_failed_step() -> None:
    failure = ET.fromstring(api.junit(REPORT)).find("./testsuite[@name='d']/testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("TaskRunTimeout", "m<")


def plan() -> list[dict[str, Any]]:
    return [row.as_dict() for row in explain.rows(SPEC)]


def test_the_drawing_is_xml_with_every_task_and_its_state() -> None:
    text = api.svg(plan(), REPORT, "p & q")
    root = ET.fromstring(text)
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"p & q", "a", "b", "c", "z", "finally", "Succeeded · 1.0 s", "StepFailed · 1.0 s", "Skipped"} <= set(words)
    assert "prefers-color-scheme: dark" in text


def test_the_drawing_of_a_plan_needs_no_run() -> None:
    assert "Task make" in api.svg(plan(), None, "p")


def test_the_drawing_of_a_task_run_has_its_steps() -> None:
    report = {**REPORT, "task_runs": [REPORT["task_runs"][1]], "skipped_tasks": []}  # type: ignore[index]
    assert "exit 3 · Error" in api.svg([], report, "t")


def test_a_line_that_another_way_says_already_is_not_drawn() -> None:
    assert len(layout([row for row in plan() if not row["final"]]).edges) == 2


def test_a_long_line_passes_the_columns_between_without_a_task_in_its_way() -> None:
    rows = [
        {"task": "a", "wave": 0, "after": []},
        {"task": "b", "wave": 1, "after": ["a"]},
        {"task": "c", "wave": 2, "after": ["b"]},
        {"task": "x", "wave": 0, "after": []},
        {"task": "y", "wave": 2, "after": ["x", "b"]},
    ]
    found = layout(rows)
    long = next(edge for edge in found.edges if len(edge) == 3)
    assert long[1] not in found.tasks.values()


TASKS = """
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: make}
spec:
  results: [{name: out}]
  params: [{name: token, default: ""}]
  steps: [{name: s, image: alpine, script: "printf %s-$(context.taskRun.name) hello | tee $(results.out.path)"}]
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: show}
spec:
  params: [{name: text}, {name: code, default: "0"}]
  steps: [{name: s, image: alpine, script: "echo $(params.text); exit $(params.code)"}]
---
"""


def pipeline_run(name: str, code: int, token: str = "") -> str:
    return f"""
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {{name: {name}}}
spec:
  params: [{{name: api-token, value: "{token}"}}]
  pipelineSpec:
    params: [{{name: api-token}}]
    tasks:
    - {{name: make, taskRef: {{name: make}}}}
    - name: show
      taskRef: {{name: show}}
      params: [{{name: text, value: "got $(tasks.make.results.out)"}}, {{name: code, value: "{code}"}}]
"""


def run(text: str, tmp_path: Path, **options: Any) -> api.Report:
    bundle = api.parse(yaml.load_all(TASKS + text))
    document = bundle.find("PipelineRun", bundle.names("PipelineRun")[0])
    assert document is not None
    return api.run_pipeline(bundle, document, api.Options(state_dir=str(tmp_path), **options), Recorder(), Cancel())


def test_a_run_is_kept_with_plan_report_and_logs(tmp_path: Path) -> None:
    run(pipeline_run("first", 0), tmp_path)
    kept = api.kept_run("first", str(tmp_path))
    assert (kept.kind, kept.report["status"], [row["task"] for row in kept.plan]) == (
        "PipelineRun",
        "Succeeded",
        ["make", "show"],
    )
    assert [(log.task, log.step, Path(log.path).read_text()) for log in api.step_logs(kept)] == [
        ("make", "s", "hello-first-make\n"),
        ("show", "s", "got hello-first-make\n"),
    ]


def test_a_removed_run_is_gone(tmp_path: Path) -> None:
    run(pipeline_run("first", 0), tmp_path)
    api.remove_run(api.kept_run("first", str(tmp_path)))
    with pytest.raises(Invalid, match=r"there is no run 'first' \(the last ones: none\)"):
        api.kept_run("first", str(tmp_path))


def test_the_value_of_a_param_that_sounds_like_a_secret_is_not_kept(tmp_path: Path) -> None:
    run(pipeline_run("first", 0, "planted-canary"), tmp_path)
    assert api.kept_run("first", str(tmp_path)).run["spec"]["params"][0]["value"] == redact.MASK
    assert "planted-canary" not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))


def test_a_run_starts_on_the_results_of_an_earlier_one(tmp_path: Path) -> None:
    assert not run(pipeline_run("first", 3), tmp_path).succeeded
    report = run(pipeline_run("second", 0), tmp_path, reuse=api.Reuse("first", ["make"]))
    assert report.succeeded
    assert (tmp_path / "second/tasks/second-show/logs/s.log").read_text() == "got hello-first-make\n"
    assert not (tmp_path / "second/tasks/second-make").exists()


def test_a_task_that_failed_is_not_used_again(tmp_path: Path) -> None:
    run(pipeline_run("first", 3), tmp_path)
    with pytest.raises(Refused, match="task show did not succeed there"):
        run(pipeline_run("second", 0), tmp_path, reuse=api.Reuse("first", ["show"]))


def test_a_result_that_was_masked_is_not_used_again(tmp_path: Path) -> None:
    run(pipeline_run("first", 0), tmp_path)
    path = tmp_path / "first" / "state.json"
    state = json.loads(path.read_text())
    state["report"]["task_runs"][0]["results"]["out"] = redact.MASK
    path.write_text(json.dumps(state))
    with pytest.raises(Refused, match="results of task make hold a secret"):
        run(pipeline_run("second", 0), tmp_path, reuse=api.Reuse("first", ["make"]))


def test_logs_of_a_run_that_left_no_report_are_found_by_their_files(tmp_path: Path) -> None:
    run(pipeline_run("first", 0), tmp_path)
    (tmp_path / "first" / "state.json").write_text("{}")
    kept = api.kept_run("first", str(tmp_path))
    assert [(log.task, log.step) for log in api.step_logs(kept)] == [("make", "s"), ("show", "s")]
