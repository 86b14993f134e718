# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run goes on and ends where upstream's tables say nothing. Real processes, small ones."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import gojson_errors, yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel, Linked
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder, Subject
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.executor import TaskEnd
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import child_status, ending, facts
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.children import ResolvedTask
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.facts import Timing
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.timeouts import Timeouts
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.loop import Loop


def run(spec: str, tmp_path: Path) -> tuple[api.Report, list[str]]:
    text = f"apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: {{name: run}}\nspec:\n{spec}"
    bundle, events = api.parse(yaml.load_all(text, "run.yaml")), Recorder()
    document = bundle.find("PipelineRun", "run")
    assert document is not None
    report = api.run_pipeline(bundle, document, api.Options(state_dir=str(tmp_path)), events, Cancel())
    return report, [event.message for event in events.events if event.phase == "Log"]


def test_tasks_that_are_out_of_time_are_stopped_and_finally_runs(tmp_path: Path) -> None:
    started = time.monotonic()
    report, lines = run(
        """
  timeouts: {pipeline: 60s, tasks: 500ms}
  pipelineSpec:
    tasks:
    - {name: slow, taskSpec: {steps: [{name: s, image: alpine, script: "sleep 30"}]}}
    - {name: after, runAfter: [slow], taskSpec: {steps: [{name: s, image: alpine, script: "echo after"}]}}
    finally:
    - {name: last, taskSpec: {steps: [{name: s, image: alpine, script: "echo last $(tasks.slow.reason)"}]}}
""",
        tmp_path,
    )
    assert time.monotonic() - started < 10
    assert (report.status, report.message) == (
        "PipelineRunTimeout",
        'PipelineRun "run" failed due to tasks failed to finish within "500ms"',
    )
    assert lines == ["last TaskRunCancelled"]
    slow = next(one for one in report.task_runs if one["task"] == "slow")
    said = "TaskRun cancelled as the PipelineRun it belongs to has timed out."
    assert slow["message"] == f'TaskRun "run-slow" was cancelled. {said}'


def test_a_missing_result_ends_the_run_at_once_and_finally_runs(tmp_path: Path) -> None:
    report, lines = run(
        """
  pipelineSpec:
    tasks:
    - {name: a, taskSpec: {results: [{name: r}], steps: [{name: s, image: alpine, script: "true"}]}}
    - name: b
      params: [{name: p, value: $(tasks.a.results.r)}]
      taskSpec: {params: [{name: p}], steps: [{name: s, image: alpine, script: "echo b"}]}
    - {name: c, runAfter: [b], taskSpec: {steps: [{name: s, image: alpine, script: "echo c"}]}}
    finally:
    - {name: last, taskSpec: {steps: [{name: s, image: alpine, script: "echo last"}]}}
""",
        tmp_path,
    )
    assert (report.status, lines) == ("PipelineValidationFailed", ["last"])
    why = 'task "a" completed successfully but did not emit the result "r", which is referenced by task "b"'
    assert report.message.endswith(f"Skipped: 1, Failed Validation: 1 ({why})")
    assert report.skipped_tasks == [{"task": "c", "reason": "PipelineRun was stopping"}]


def test_a_step_is_skipped_by_its_when_and_the_next_one_runs(tmp_path: Path) -> None:
    report, lines = run(
        """
  pipelineSpec:
    tasks:
    - name: a
      taskSpec:
        steps:
        - name: one
          image: alpine
          results: [{name: word}]
          script: "printf no > $(step.results.word.path)"
        - name: two
          image: alpine
          when: [{input: $(steps.one.results.word), operator: in, values: [yes please]}]
          script: "echo two"
        - name: three
          image: alpine
          env: [{name: WORD, value: "$(steps.one.results.word)"}]
          script: "echo three $WORD; cat $(steps.step-two.exitCode.path)"
""",
        tmp_path,
    )
    assert (report.status, lines) == ("Succeeded", ["three no", "0"])
    assert [step["termination_reason"] for step in report.task_runs[0]["steps"]] == [
        "Completed",
        "Skipped",
        "Completed",
    ]


def test_what_finally_takes_does_not_count_for_the_timeout_of_tasks() -> None:
    done = {"metadata": {"name": "r"}, "status": {"conditions": [{"type": "Succeeded", "status": "True"}]}}
    timing = Timing(now=100, start=0, tasks_end=5, finally_start=5, pipeline=1000, tasks=10)
    tasks = [ResolvedTask({"name": name}, runs=(done,)) for name in ("a", "last")]
    found = facts.of(tasks, tasks=[{"name": "a"}], final=[{"name": "last"}], timing=timing)
    assert ending.condition(found, "run").reason == "Succeeded"


def test_a_long_name_keeps_the_start_of_its_parent_and_its_end() -> None:
    name = child_status.child_name("p" * 60, "-build")
    assert (len(name), name[:25], name[-6:]) == (63, "p" * 25, "-build")


def test_a_linked_token_is_set_from_above_and_not_upwards() -> None:
    above = Cancel()
    one, two = Linked(above), Linked(above)
    one.set("late")
    assert (one.is_set(), two.is_set(), above.is_set()) == (True, False, False)
    above.set("stop")
    assert (two.is_set(), two.reason) == (True, "stop")


def test_wrong_json_is_reported_in_the_words_of_go() -> None:
    words = {
        "fake": "invalid character 'k' in literal false (expecting 'l')",
        "invalid": "invalid character 'i' looking for beginning of value",
        '{"a":1': "unexpected end of JSON input",
        "[1 2]": "invalid character '2' after array element",
        '{"a":1 "b"}': "invalid character '\"' after object key:value pair",
        "{} x": "invalid character 'x' after top-level value",
        "{a}": "invalid character 'a' looking for beginning of object key string",
        "[]": "",
    }
    assert {text: gojson_errors.problem(text) for text in words} == words


def test_artifacts_of_a_task_reach_the_next_one(tmp_path: Path) -> None:
    report, lines = run(
        """
  pipelineSpec:
    tasks:
    - name: make
      taskSpec:
        steps:
        - image: alpine
          env:
          - name: MADE
            value: '{"outputs": [{"name": "image", "values": [{"uri": "pkg:x", "digest": {"sha256": "1"}}]}]}'
          script: echo "$MADE" > /tekton/artifacts/provenance.json
    - name: use
      runAfter: [make]
      taskSpec: {steps: [{image: alpine, script: "echo '$(tasks.make.outputs.image)'"}]}
""",
        tmp_path,
    )
    assert (report.status, lines) == ("Succeeded", ['[{"digest":{"sha256":"1"},"uri":"pkg:x"}]'])


@pytest.mark.skipif(sandbox.available().name != "bwrap", reason="a plain process may write everywhere")
def test_a_step_cannot_write_to_the_folder_of_another(tmp_path: Path) -> None:
    report, _lines = run(
        """
  pipelineSpec:
    tasks:
    - name: a
      taskSpec:
        steps:
        - {name: one, image: alpine, script: "true"}
        - {name: two, image: alpine, script: "echo 1 > /tekton/steps/0/exitCode"}
""",
        tmp_path,
    )
    assert [step["termination_reason"] for step in report.task_runs[0]["steps"]] == ["Completed", "Error"]


def test_cel_is_evaluated_once_its_results_are_there(tmp_path: Path) -> None:
    asked: list[str] = []

    def cel(text: str) -> object:
        asked.append(text)
        return text == "'x' == 'x'"

    when = [{"cel": "'$(tasks.a.results.r)' == 'x'"}]
    tasks = [{"name": "a"}, {"name": "b", "when": when}, {"name": "c", "when": [{"cel": "false"}]}]
    end = TaskEnd(True, "Succeeded", "", {"r": "x"})
    loop = Loop("run", tasks, [], Timeouts(0, 0, 0), lambda _task, _given, _cancel: end, lambda _task, _end: None,
                Recorder(), Subject("PipelineRun", "", "run"), Cancel(), cel=cel)  # fmt: skip
    found = loop.run()
    assert [task.successful for task in found.state] == [True, True, False]
    assert [entry["reason"] for entry in child_status.skipped_tasks(found)] == ["When Expressions evaluated to false"]
    assert set(asked) == {"'x' == 'x'", "false"}
