# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people see of a pipeline: live lines, the tree at the end, what records tell of a run without a report."""

from __future__ import annotations

import io
from typing import Any

import click

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.core import Event, Subject
from slipway.pipelines import sketch, tree
from slipway.pipelines.view import StepLines, instance


def task_run(task: str, status: str = "Succeeded", **steps: int) -> dict[str, Any]:
    made = [
        {"name": n, "exit_code": c, "termination_reason": "Error" if c else "Completed", "seconds": 1.0}
        for n, c in steps.items()
    ]
    return {"task": task, "name": f"run-{task}", "status": status, "message": "why", "seconds": 1.5, "results": {}, "steps": made}  # fmt: skip


def event(kind: str, name: str, phase: str, message: str = "", time: float = 1.0, **data: Any) -> Event:
    return Event(1, time, "r", Subject(kind, "", name), phase, str(data.pop("reason", "")), message, data)


RECORDS = [
    event("TaskRun", "run-fetch", "Progress", "step clone", 1.0, task="fetch", step="clone"),
    event("TaskRun", "run-fetch", "Log", "cloning\x1b[31m", 2.0, task="fetch", step="clone"),
    event("TaskRun", "run-many-1", "Log", "one of many", 2.0, task="many", step="s"),
    event("PipelineRun", "run", "Failed", "fetch: boom", 4.0, task="fetch", seconds=3.0, reason="StepFailed"),
    event("PipelineRun", "run", "Skipped", "unit: PipelineRun was stopping", 4.0, task="unit"),
    event("AnsibleTask", "Run the PipelineRun", "Failed", "noise"),
]


def drawn(**options: Any) -> list[str]:
    out = io.StringIO()
    shown = StepLines(out, **options)
    for record in RECORDS:
        shown.show(record)
    return out.getvalue().splitlines()


def test_live_lines_have_task_and_step_and_tasks_say_how_they_ended() -> None:
    assert drawn() == [
        "[fetch : clone] cloning",
        "[many-1 : s] one of many",
        "✗ fetch failed in 3.0s: boom",
        "– unit skipped: PipelineRun was stopping",
    ]


def test_logs_can_be_those_of_one_task() -> None:
    assert drawn(tasks=("many",), status=False) == ["[many-1 : s] one of many"]


def test_only_a_number_makes_an_instance() -> None:
    assert (instance("a", "run-a-3"), instance("a", "run-a"), instance("a", "run-a-b")) == ("a-3", "a", "a")


def plain(run: tekton.Kept) -> list[str]:
    return [click.unstyle(line).rstrip() for line in tree.lines(run)]


def kept(report: dict[str, Any], **more: Any) -> tekton.Kept:
    full = {"name": "run", "succeeded": False, "status": "Failed", "message": "1 failed", "seconds": 3.0, **report}
    return tekton.Kept("run", "PipelineRun", "/x", 0.0, more.pop("run", {}), report=full, **more)


def test_the_tree_has_steps_times_and_reasons_in_the_order_of_the_plan() -> None:
    plan = [{"task": name} for name in ("fetch", "unit", "image")]
    report = {
        "task_runs": [task_run("unit", "StepFailed", lint=0, test=3), task_run("fetch", clone=0)],
        "skipped_tasks": [{"task": "image", "reason": "PipelineRun was stopping"}],
    }
    assert plain(kept(report, plan=plan)) == [
        "├─ fetch     Succeeded     1.5s",
        "│  └─ clone  Completed     1.0s",
        "├─ unit      StepFailed    1.5s  why",
        "│  ├─ lint   Completed     1.0s",
        "│  └─ test   Error         1.0s  exit code 3",
        "└─ image     Skipped             PipelineRun was stopping",
    ]


def test_the_tree_says_what_was_taken_over() -> None:
    run = {"metadata": {"annotations": {tree.TAKEN: '["fetch"]'}}}
    assert plain(kept({"task_runs": [task_run("fetch", clone=0)]}, run=run)) == [
        "└─ fetch  Taken          done by the earlier run"
    ]


def test_a_run_without_a_report_is_told_from_its_records() -> None:
    records = [*RECORDS, event("TaskRun", "other-run", "Progress", time=99.0, task="x", step="y")]
    told = sketch.report(records, "run", "Cancelled", "stop")
    assert [(run["task"], run["status"], run["seconds"]) for run in told["task_runs"]] == [
        ("fetch", "StepFailed", 3.0),
        ("many", "Cancelled", 2.0),
    ]
    assert told["skipped_tasks"] == [{"task": "unit", "reason": "PipelineRun was stopping"}]
