# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be asked of runs: ended ones, one that goes on, one that was interrupted. Real processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api, going
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.going import held
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.store import Store

RUN = """
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {name: %s, labels: {team: %s}}
spec:
  pipelineRef: {name: build}
  params: [{name: who, value: world}, {name: api-token, value: "do-not-show-me"}]
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: build}
spec:
  params: [{name: who}, {name: api-token}]
  results: [{name: text, value: $(tasks.say.results.text)}]
  tasks:
  - name: say
    params: [{name: who, value: $(params.who)}]
    taskSpec:
      params: [{name: who}]
      results: [{name: text}]
      steps: [{name: s, image: alpine, script: "echo hello $(params.who) | tee $(results.text.path); exit %d"}]
  - name: never
    when: [{input: a, operator: in, values: [b]}]
    taskSpec: {steps: [{name: s, image: alpine, script: "true"}]}
"""


def run(folder: Path, name: str = "one", team: str = "red", code: int = 0) -> api.Report:
    bundle = api.parse(yaml.load_all(RUN % (name, team, code), "run.yaml"))
    document = bundle.find("PipelineRun", name)
    assert document is not None
    return api.run_pipeline(bundle, document, api.Options(state_dir=str(folder)), Recorder(), Cancel())


def begun(folder: Path, name: str = "going") -> None:
    """A run that has begun, saved one task, and written the log of another one."""
    store = Store(str(folder), name)
    store.begin({}, name, force=False)
    store.describe({"kind": "PipelineRun", "run": {"metadata": {"name": name}, "spec": {}}})
    step = {"name": "s", "exit_code": 0, "termination_reason": "Completed", "seconds": 0.5}
    end = {"succeeded": True, "reason": "Succeeded", "message": "", "results": {}, "steps": [step], "seconds": 0.5}
    store.keep("first", end)
    logs = folder / name / "tasks" / f"{name}-second" / "logs"
    logs.mkdir(parents=True)
    (logs / "build.log").write_text("half of it\n")


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    run(folder)
    run(folder, "two", "blue", code=3)
    return folder


def test_runs_are_listed_with_the_newest_first(ended: Path) -> None:
    assert names(api.runs(str(ended))) == ["two", "one"]


def test_a_row_says_what_ran_and_how_it_ended(ended: Path) -> None:
    row = api.runs(str(ended), api.Wanted(name="one"))[0]
    shown = {key: row[key] for key in ("kind", "target", "labels", "status", "succeeded", "results")}
    assert shown == {
        "kind": "PipelineRun",
        "target": "build",
        "labels": {"team": "red"},
        "status": "Completed",
        "succeeded": True,
        "results": {"text": "hello world\n"},
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (api.Wanted(status="failed"), ["two"]),
        (api.Wanted(status="succeeded"), ["one"]),
        (api.Wanted(status="completed"), ["one"]),
        (api.Wanted(labels={"team": "red"}), ["one"]),
        (api.Wanted(labels={"team": "red", "other": "x"}), []),
        (api.Wanted(target="build"), ["two", "one"]),
        (api.Wanted(target="deploy"), []),
        (api.Wanted(kind="TaskRun"), []),
        (api.Wanted(limit=1), ["two"]),
        (api.Wanted(name="nobody"), []),
    ],
)
def test_runs_can_be_chosen(ended: Path, wanted: api.Wanted, found: list[str]) -> None:
    assert names(api.runs(str(ended), wanted)) == found


def test_one_run_is_told_with_its_steps_and_their_logs(ended: Path) -> None:
    told = api.report("two", str(ended), logs=True)
    step = told["task_runs"][0]["steps"][0]
    assert (step["exit_code"], step["text"], Path(step["log"]).name) == (3, "hello world\n", "s.log")
    assert told["skipped_tasks"] == [{"task": "never", "reason": "PipelineRun was stopping"}]


def test_texts_of_logs_come_only_when_asked_for(ended: Path) -> None:
    assert "text" not in api.report("two", str(ended))["task_runs"][0]["steps"][0]


def test_a_param_that_sounds_like_a_secret_is_masked(ended: Path) -> None:
    params = api.report("one", str(ended))["params"]
    assert (params["who"], "do-not-show-me" in json.dumps(api.report("one", str(ended)))) == ("world", False)


def test_a_result_is_had_by_its_name(ended: Path) -> None:
    assert api.result("one", "text", str(ended)) == "hello world\n"


def test_all_results_are_had_without_a_name(ended: Path) -> None:
    assert api.result("one", "", str(ended)) == {"text": "hello world\n"}


def test_a_result_that_is_not_there_is_an_error_that_says_what_is(ended: Path) -> None:
    with pytest.raises(Invalid, match=r"the run 'one' has no result 'txt' .it ended as Completed and has: text."):
        api.result("one", "txt", str(ended))


def test_a_run_that_is_not_there_is_an_error_that_names_the_last_ones(ended: Path) -> None:
    with pytest.raises(Invalid, match=r"there is no run 'three' .the last ones: two, one."):
        api.report("three", str(ended))


def test_a_run_that_goes_on_is_running_and_shows_what_has_ended(tmp_path: Path) -> None:
    begun(tmp_path)
    with held(str(tmp_path / "going")):
        told = api.report("going", str(tmp_path), logs=True)
    rows = [(one["task"], one["status"], one["steps"][0].get("text")) for one in told["task_runs"]]
    assert (told["status"], rows) == ("Running", [("first", "Succeeded", ""), ("second", "Running", "half of it\n")])


def test_a_run_whose_process_is_gone_is_interrupted(tmp_path: Path) -> None:
    begun(tmp_path)
    assert api.runs(str(tmp_path))[0]["status"] == "Interrupted"


def test_a_run_that_has_not_ended_has_no_results(tmp_path: Path) -> None:
    begun(tmp_path)
    with held(str(tmp_path / "going")), pytest.raises(Invalid, match=r"'going' has not ended .wait for its end."):
        api.result("going", "text", str(tmp_path))


def test_a_run_that_goes_on_is_not_begun_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(going, "TRIES", 1)
    with held(str(tmp_path / "one")), pytest.raises(Refused, match="a run named 'one' is going on already"):
        run(tmp_path)


def test_a_damaged_run_does_not_hide_the_others(tmp_path: Path) -> None:
    begun(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{")
    assert names(api.runs(str(tmp_path))) == ["going"]


def test_a_task_that_ends_after_one_was_cut_off_is_kept(tmp_path: Path) -> None:
    begun(tmp_path)
    with (tmp_path / "going" / "tasks.jsonl").open("a") as stream:
        stream.write('{"task": "sec')
    store = Store(str(tmp_path), "going")
    store.keep("third", {"succeeded": True})
    assert list(store.begin({}, "going", force=False)["tasks"]) == ["first", "third"]


def test_there_are_no_runs_where_there_is_no_folder(tmp_path: Path) -> None:
    assert api.runs(str(tmp_path / "nothing")) == []
