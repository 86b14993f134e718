# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first case studies of the tutorial, with its own files: from one Task to a DAG, and workspaces.

The network is stood in for: `apk` and `curl` of tests/e2e/cases/bin come first in the PATH of the steps, and Git's
insteadOf maps the tutorial's repository to a loopback server. The files themselves run as given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from tests.e2e.cases import servers
from tests.e2e.cases.plays import PATH, WAYS, Call, Played, pipeline_run, play, stand_ins, task_run, vectors

CLOCK = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"


def first_case(state: Path) -> list[Call]:
    """All nine files of CS-01 in the tutorial's order; hello-params runs with its default and with an own value."""
    folder = vectors()
    common: dict[str, Any] = {
        "state_dir": str(state),
        "image_map": stand_ins("alpine:3.15"),
        "step_env": {"PATH": PATH, "TZ": "Asia/Shanghai"},
    }

    def task(name: str, file: str, **params: str) -> Call:
        source = str(folder / f"{file}.yaml")
        ref = file.split("Task-")[1]
        return Call("task_run", {**common, "src": [source], "task_run": task_run(name, ref), "params": params})

    def pipeline(run: object, *files: str, **more: Any) -> Call:
        sources = [str(folder / f"{file}.yaml") for file in files]
        return Call("pipeline_run", {**common, "src": sources, "pipeline_run": run, **more})

    return [
        task("cs01-hello", "TK-09-Task-hello"),
        task("cs01-params-default", "TK-10-Task-hello-params"),
        task("cs01-params-own", "TK-10-Task-hello-params", target="own value"),
        task("cs01-script", "TK-11-Task-script"),
        task("cs01-steps", "TK-12-Task-mulit-step"),
        task("cs01-logger", "TK-13-Task-logger", text="Welcome to Littleboy"),
        pipeline(
            "pipeline-demo-run-xxxx",
            *("TK-09-Task-hello", "TK-12-Task-mulit-step", "TK-14-Pipeline-pipeline-demo"),
            "TK-15-PipelineRun-pipeline-demo-run-xxxx",
        ),
        pipeline(
            pipeline_run("cs01-demo-02", "pipeline-demo-02"),
            *("TK-10-Task-hello-params", "TK-13-Task-logger", "TK-16-Pipeline-pipeline-demo-02"),
        ),
        pipeline(
            "piplinerun-params-xxx",
            *("TK-10-Task-hello-params", "TK-13-Task-logger", "TK-16-Pipeline-pipeline-demo-02"),
            "TK-17-PipelineRun-piplinerun-params-xxx",
        ),
    ]


def ordering(state: Path, meeting: str) -> Call:
    """TK-18: `logger` calls apk, whose stand-in waits at the meeting point in tasks b and c."""
    folder = vectors()
    files = ("TK-13-Task-logger", "TK-18-Pipeline-pipeline-task-ordering")
    return Call(
        "pipeline_run",
        {
            "state_dir": str(state),
            "src": [str(folder / f"{file}.yaml") for file in files],
            "pipeline_run": pipeline_run("cs01-ordering", "pipeline-task-ordering"),
            "image_map": stand_ins("alpine:3.15"),
            "step_env": {"PATH": PATH, "TZ": "Asia/Shanghai", "MEETING_POINT": meeting},
        },
    )


@pytest.fixture(scope="module", params=WAYS)
def case_1(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One play of all files, and the same play again."""
    if sandbox.available().name == "plain":
        # As root and without a sandbox the Task `logger` would overwrite this machine's own time zone.
        pytest.skip("the tutorial's logger writes /etc/localtime: this case runs only in a sandbox")
    folder = tmp_path_factory.mktemp("cs01")
    point = servers.MeetingPoint()
    with servers.serving(point.handler()) as address:
        calls = [*first_case(folder / "state"), ordering(folder / "state", address)]
        once = play(folder, request.param, calls)
        met = point.met
        yield {"once": once, "met": met, "again": play(folder, request.param, calls), "met_again": point.met}


def once(case: dict[str, Any]) -> Played:
    played: Played = case["once"]
    return played


def test_cs01_every_run_of_the_first_chapters_succeeds(case_1: dict[str, Any]) -> None:
    assert [result["status"] for result in once(case_1).results] == ["Succeeded"] * 10
    assert all(result["changed"] for result in once(case_1).results)


def test_cs01_a_task_greets_with_its_default_and_with_an_own_value(case_1: dict[str, Any]) -> None:
    played = once(case_1)
    assert played.lines("hello", "say-hello", "cs01-hello") == ["Hello World"]
    assert played.lines("hello-params", run_name="cs01-params-default") == ["icloud2native"]
    assert played.lines("hello-params", run_name="cs01-params-own") == ["own value"]


def test_cs01_a_script_without_a_shebang_runs_by_the_default_preamble(case_1: dict[str, Any]) -> None:
    lines = once(case_1).lines("script", "step-with-script")
    assert lines[0] == "step witk script start ..."
    assert lines[-2:] == ["Success", "All done"]


def test_cs01_steps_run_in_order_each_under_its_name(case_1: dict[str, Any]) -> None:
    played = once(case_1)
    assert [step.split("/")[1] for step in played.started() if step.startswith("cs01-steps/")] == ["first", "second"]
    assert played.lines("mulit-step", "second", "cs01-steps") == ["second step"]


def test_cs01_shell_substitutions_reach_the_shell_untouched(case_1: dict[str, Any]) -> None:
    lines = once(case_1).lines("logger", "log")
    assert re.fullmatch(rf"{CLOCK} - Welcome to Littleboy", lines[-1])


def test_cs01_the_second_task_starts_after_the_first(case_1: dict[str, Any]) -> None:
    mine = [step for step in once(case_1).started() if step.startswith("pipeline-demo-run-xxxx")]
    assert [step.split("/")[1] for step in mine] == ["say-hello", "first", "second"]


def test_cs01_pipeline_params_have_defaults_and_take_the_values_of_the_run(case_1: dict[str, Any]) -> None:
    played = once(case_1)
    assert played.lines("first-task", run_name="cs01-demo-02") == ["icloud2native"]
    assert played.lines("second-task", run_name="cs01-demo-02")[-1].endswith("- welcome to cloudnative")
    assert played.lines("first-task", run_name="piplinerun-params-xxx") == ["cute littleboy"]
    assert played.lines("second-task", run_name="piplinerun-params-xxx")[-1].endswith("- someting happend")


def test_cs01_b_and_c_run_side_by_side_between_a_and_d(case_1: dict[str, Any]) -> None:
    order = [step for step in once(case_1).started() if step.startswith("cs01-ordering")]
    assert (order[0], order[-1]) == ("cs01-ordering-task-a/log", "cs01-ordering-task-d/log")
    assert set(order[1:3]) == {"cs01-ordering-task-b/log", "cs01-ordering-task-c/log"}
    assert case_1["met"] == 1


def test_cs01_a_second_play_starts_nothing(case_1: dict[str, Any]) -> None:
    again: Played = case_1["again"]
    assert again.started() == []
    assert [result["changed"] for result in again.results] == [False] * 10
    assert [result["results"] for result in again.results] == [result["results"] for result in once(case_1).results]
    assert case_1["met_again"] == case_1["met"]


def test_cs01_the_time_of_the_engine_can_be_told_from_the_time_of_the_steps(
    case_1: dict[str, Any], record_property: Any
) -> None:
    singles = once(case_1).results[:6]
    steps = sum(step["seconds"] for result in singles for run in result["task_runs"] for step in run["steps"])
    engine = sum(result["seconds"] for result in singles) - steps
    record_property("engine overhead of six TaskRuns in seconds", round(engine, 3))
    assert steps > 0
    assert engine >= 0


def test_cs01_results_hold_only_what_ansible_keeps_without_a_warning(case_1: dict[str, Any]) -> None:
    assert "unsupported in variable storage" not in once(case_1).output
