# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines run as Tekton runs them, as local processes. Real processes, small ones."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

TASKS = """
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: make}
spec:
  params: [{name: text, default: hello}]
  results: [{name: out}, {name: list, type: array}]
  workspaces: [{name: w, optional: true}]
  steps:
  - name: write
    image: alpine
    script: |
      printf '%s' "$(params.text)" > "$(results.out.path)"
      printf '["a","b"]' > $(results.list.path)
      if [ "$(workspaces.w.bound)" = true ]; then echo "$(params.text)" >> "$(workspaces.w.path)/all"; fi
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: fail}
spec:
  steps: [{name: nope, image: alpine, script: "exit 7"}, {name: never, image: alpine, script: "echo never"}]
"""


def run(pipeline: str, tmp_path: Path, cancel: Cancel | None = None, **options: Any) -> tuple[api.Report, Recorder]:
    documents = yaml.load_all(TASKS + "---\n" + pipeline, "pipeline.yaml")
    bundle, events = api.parse(documents), Recorder()
    document = bundle.find("PipelineRun", bundle.names("PipelineRun")[0])
    assert document is not None
    wanted = api.Options(state_dir=str(tmp_path), **options)
    return api.run_pipeline(bundle, document, wanted, events, cancel or Cancel()), events


def pipeline_run(tasks: str, rest: str = "") -> str:
    indented = "\n".join(f"    {line}" for line in tasks.strip().splitlines())
    return f"""
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {{name: run}}
spec:
{rest}
  pipelineSpec:
{indented}
"""


def test_results_flow_from_task_to_task_and_out_of_the_pipeline(tmp_path: Path) -> None:
    report, _events = run(
        pipeline_run("""
tasks:
- {name: b, taskRef: {name: make}, params: [{name: text, value: "$(tasks.a.results.out)-$(tasks.a.results.list[1])"}]}
- {name: a, taskRef: {name: make}}
results: [{name: last, value: $(tasks.b.results.out)}, {name: all, value: "$(tasks.a.results.list[*])"}]
"""),
        tmp_path,
    )
    assert (report.status, report.results) == ("Succeeded", {"last": "hello-b", "all": ["a", "b"]})
    assert report.message == "Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0"


def test_a_failure_stops_what_comes_after_and_finally_still_runs(tmp_path: Path) -> None:
    report, events = run(
        pipeline_run("""
tasks:
- {name: bad, taskRef: {name: fail}}
- {name: after, runAfter: [bad], taskRef: {name: make}}
finally:
- {name: last, taskSpec: {steps: [{name: say, image: alpine, script: "echo $(tasks.status) $(tasks.bad.status)"}]}}
"""),
        tmp_path,
    )
    assert (report.status, report.succeeded) == ("Failed", False)
    assert report.skipped_tasks == [{"task": "after", "reason": "PipelineRun was stopping"}]
    bad = next(one for one in report.task_runs if one["task"] == "bad")
    assert (bad["status"], bad["message"]) == ("StepFailed", '"step-nope" exited with code 7: Error')
    assert [step["termination_reason"] for step in bad["steps"]] == ["Error", "Skipped"]
    assert "Failed Failed" in [event.message for event in events.events if event.phase == "Log"]


def test_when_skips_a_task_and_lets_ordering_dependents_run(tmp_path: Path) -> None:
    report, _events = run(
        pipeline_run("""
tasks:
- {name: a, when: [{input: x, operator: in, values: [y]}], taskRef: {name: make}}
- {name: b, runAfter: [a], taskRef: {name: make}}
- {name: c, taskRef: {name: make}, params: [{name: text, value: $(tasks.a.results.out)}]}
"""),
        tmp_path,
    )
    reasons = {entry["task"]: entry["reason"] for entry in report.skipped_tasks}
    assert (report.status, reasons) == (
        "Completed",
        {"a": "When Expressions evaluated to false", "c": "Results were missing"},
    )


def test_a_claim_is_shared_by_the_tasks_of_a_run(tmp_path: Path) -> None:
    claim = tmp_path / "claim"
    claim.mkdir()
    text = pipeline_run(
        """
workspaces: [{name: w}]
tasks:
- {name: a, taskRef: {name: make}, params: [{name: text, value: one}], workspaces: [{name: w}]}
- {name: b, runAfter: [a], taskRef: {name: make}, params: [{name: text, value: two}], workspaces: [{name: w}]}
""",
        "  workspaces: [{name: w, persistentVolumeClaim: {claimName: data}}]",
    )
    with pytest.raises(Refused, match="the claim 'data' has no directory on this machine"):
        run(text, tmp_path / "state")
    report, _events = run(text, tmp_path / "state", claims={"data": str(claim)}, force=True)
    assert (report.succeeded, (claim / "all").read_text()) == (True, "one\ntwo\n")


def test_retries_and_on_error_continue_and_step_timeouts(tmp_path: Path) -> None:
    report, _events = run(
        pipeline_run("""
tasks:
- name: flaky
  retries: 1
  taskSpec: {steps: [{name: s, image: alpine, script: "exit $((1 - $(context.task.retry-count)))"}]}
- {name: ignored, onError: continue, taskRef: {name: fail}}
- name: step
  taskSpec:
    steps:
    - {name: one, image: alpine, onError: continue, script: "exit 3"}
    - {name: two, image: alpine, script: "cat $(steps.step-one.exitCode.path)"}
- {name: slow, onError: continue, taskSpec: {steps: [{name: s, image: alpine, timeout: 300ms, script: "sleep 20"}]}}
"""),
        tmp_path,
    )
    reasons = {one["task"]: [step["termination_reason"] for step in one["steps"]] for one in report.task_runs}
    assert report.succeeded
    assert reasons["flaky"] == ["Completed"]
    assert reasons["step"] == ["Continued", "Completed"]
    assert reasons["slow"] == ["TimeoutExceeded"]
    assert "(Ignored: 2)" in report.message


def test_a_finished_run_is_reported_and_not_repeated(tmp_path: Path) -> None:
    text = pipeline_run("tasks: [{name: a, taskRef: {name: make}}]")
    first, _events = run(text, tmp_path)
    again, events = run(text, tmp_path)
    assert (first.changed, again.changed, again.results, events.events) == (True, False, first.results, [])
    with pytest.raises(Refused, match="exists already with a different spec"):
        run(pipeline_run("tasks: [{name: b, taskRef: {name: make}}]"), tmp_path)


def test_a_cancelled_run_stops_its_steps(tmp_path: Path) -> None:
    cancel = Cancel()
    threading.Timer(0.4, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run(
            pipeline_run("tasks: [{name: a, taskSpec: {steps: [{image: alpine, script: 'sleep 30'}]}}]"),
            tmp_path,
            cancel,
        )
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ("tasks: [{name: a, runAfter: [biuld], taskRef: {name: make}}]", r"pipeline\.yaml:\d+ .*runAfter\[0\] names a task that does not exist"),
        ("tasks: [{name: n, taskRef: {name: make}}]", "must be text, not false"),
        ("tasks: [{name: a, taskRef: {name: gone}}]", "names a Task that is not given: 'gone'"),
        ("tasks: [{name: a, retires: 1, taskRef: {name: make}}]", "is not a field of Tekton .did you mean retries"),
        ("tasks: [{name: a, runAfter: [b], taskRef: {name: make}}, {name: b, runAfter: [a], taskRef: {name: make}}]", "is part of a cycle"),
        ("tasks: [{name: a, taskSpec: {steps: [{image: nobody/knows, script: x}]}}]", "has no meaning for local processes"),
        ("tasks: [{name: a, taskSpec: {steps: [{image: alpine, script: x, securityContext: {privileged: true}}]}}]", "never privileged"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_said_before_anything_runs(tasks: str, message: str, tmp_path: Path) -> None:
    with pytest.raises((Invalid, Refused), match=message):
        run(pipeline_run(tasks), tmp_path)


RUN = "apiVersion: tekton.dev/{}\nkind: PipelineRun\nmetadata: {{name: r}}\nspec: {{pipelineRef: {{name: p}}, {}}}"


def test_v1beta1_gives_the_same_plan() -> None:
    old = RUN.format("v1beta1", "timeout: 1h0m0s, serviceAccountName: me")
    new = RUN.format("v1", "timeouts: {pipeline: 1h0m0s}, taskRunTemplate: {serviceAccountName: me}")
    found = [api.parse(yaml.load_all(text)).find("PipelineRun", "r") for text in (old, new)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].data == found[1].data


def test_a_custom_task_is_refused_by_name(tmp_path: Path) -> None:
    tasks = "tasks: [{name: a, taskSpec: {apiVersion: example.dev/v1, kind: Foo, spec: {x: y}}}]"
    with pytest.raises(Refused, match=r"nothing here does custom tasks of kind Foo"):
        run(pipeline_run(tasks), tmp_path)


def test_a_param_that_a_task_does_not_allow_is_refused_before_anything_runs(tmp_path: Path) -> None:
    pipeline = """
params: [{name: v, enum: [one, two]}]
tasks:
- name: a
  params: [{name: v, value: $(params.v)}]
  taskSpec:
    params: [{name: v, enum: [one]}]
    steps: [{name: s, image: alpine, script: "echo $(params.v)"}]
"""
    with pytest.raises(Invalid, match=r'pipeline param "v" enum: \[one two\] is not a subset') as caught:
        run(pipeline_run(pipeline, "  params: [{name: v, value: one}]"), tmp_path)
    assert caught.value.reason == "PipelineValidationFailed"
