# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whose Tasks, Pipelines and StepActions come through resolvers. Real processes, small ones."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.reference import Ask
from tests.unit.tekton.resolving import ACTION, PIPELINE, TASK, Repository, Web, annotated, bundle, git, tarred

pytestmark = pytest.mark.usefixtures("no_configuration")


def run(text: str, tmp_path: Path, **option: Any) -> api.Report:
    bundle = api.parse(yaml.load_all(text, "run.yaml"))
    options = api.Options(state_dir=str(tmp_path / "state"), resolvers=option)
    for kind, start in (("PipelineRun", api.run_pipeline), ("TaskRun", api.run_task)):
        for name in bundle.names(kind):
            document = bundle.find(kind, name)
            assert document is not None
            return start(bundle, document, options, Recorder(), Cancel())
    raise AssertionError("no run is given")


def failing(text: str, tmp_path: Path, **option: Any) -> SlipwayError:
    with pytest.raises(SlipwayError) as caught:
        run(text, tmp_path, **option)
    return caught.value


def reference(resolver: str, **params: str) -> dict[str, Any]:
    return {"resolver": resolver, "params": [{"name": name, "value": value} for name, value in params.items()]}


def task_run(reference: dict[str, Any], **spec: Any) -> str:
    return _run("TaskRun", {"taskRef": reference, **spec})


def pipeline_run(*tasks: dict[str, Any], **spec: Any) -> str:
    return _run("PipelineRun", {"pipelineSpec": {"tasks": list(tasks)}, **spec})


def _run(kind: str, spec: dict[str, Any]) -> str:
    return yaml.dump({"apiVersion": "tekton.dev/v1", "kind": kind, "metadata": {"name": "run"}, "spec": spec})


def status(report: api.Report, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(obj["status"] for obj in report.objects if obj["kind"] == kind)
    return found


def test_a_task_of_a_repository_runs_and_its_status_says_which_commit(repository: Repository, tmp_path: Path) -> None:
    report = run(task_run(reference("git", url=repository.url, pathInRepo="tasks/hello.yaml")), tmp_path)
    commit = git(repository.folder, "rev-parse", "HEAD")
    source = {"uri": f"git+{repository.url}", "digest": {"sha1": commit}, "entryPoint": "tasks/hello.yaml"}
    assert report.results == {"said": "hello world"}
    assert report.resolved == [{"resolver": "git", "kind": "Task", "name": "hello", "refSource": source}]
    assert status(report, "TaskRun")["provenance"] == {"refSource": source}


def test_params_of_a_task_run_are_filled_into_its_reference(repository: Repository, tmp_path: Path) -> None:
    wanted = reference("git", url=repository.url, pathInRepo="tasks/$(params.which).yaml")
    text = task_run(wanted, params=[{"name": "which", "value": "hello"}])
    assert run(text, tmp_path).succeeded


def test_a_pipeline_of_a_server_runs_with_the_params_of_the_run(web: Web, tmp_path: Path) -> None:
    web.pages["/moon.yaml"] = PIPELINE
    wanted = reference("http", url=f"{web.url}/$(params.who).yaml")
    report = run(_run("PipelineRun", {"pipelineRef": wanted, "params": [{"name": "who", "value": "moon"}]}), tmp_path)
    assert report.succeeded
    assert status(report, "PipelineRun")["provenance"]["refSource"]["uri"] == f"{web.url}/moon.yaml"


def test_params_are_not_propagated_to_a_task_that_was_resolved(web: Web, tmp_path: Path) -> None:
    web.pages["/t.yaml"] = TASK
    tasks = {"name": "one", "taskRef": reference("http", url=f"{web.url}/t.yaml")}
    report = run(pipeline_run(tasks, params=[{"name": "who", "value": "moon"}]), tmp_path)
    assert report.task_runs[0]["results"] == {"said": "hello world"}


def test_a_reference_is_asked_for_once_in_a_run(web: Web, tmp_path: Path) -> None:
    web.pages["/t.yaml"] = TASK
    wanted = reference("http", url=f"{web.url}/t.yaml")
    run(pipeline_run({"name": "one", "taskRef": wanted}, {"name": "two", "taskRef": wanted}), tmp_path)
    assert web.paths() == ["/t.yaml"]


def test_references_are_resolved_side_by_side(web: Web, tmp_path: Path) -> None:
    web.pages |= {"/a.yaml": "hold", "/b.yaml": "hold"}
    tasks = [{"name": name, "taskRef": reference("http", url=f"{web.url}/{name}.yaml")} for name in ("a", "b")]
    web.release_after = 2
    failing(pipeline_run(*tasks), tmp_path)
    assert sorted(web.paths()) == ["/a.yaml", "/b.yaml"]


def test_a_step_action_of_a_repository_runs_with_params_of_the_task(repository: Repository, tmp_path: Path) -> None:
    repository.commit("actions/speak.yaml", ACTION)
    spec = {
        "params": [{"name": "path", "default": "actions/speak.yaml"}],
        "results": [{"name": "said"}],
        "steps": [
            {
                "name": "speak",
                "ref": reference("git", url=repository.url, pathInRepo="$(params.path)"),
                "params": [{"name": "word", "value": "hi"}],
            },
            {"name": "keep", "image": "alpine", "script": "cat /workspace/word > $(results.said.path)"},
        ],
    }
    report = run(_run("TaskRun", {"taskSpec": spec}), tmp_path)
    assert report.results == {"said": "hi"}
    assert status(report, "TaskRun")["steps"][0]["provenance"]["refSource"]["entryPoint"] == "actions/speak.yaml"


def test_an_interrupted_run_goes_on_with_the_same_bytes(web: Web, tmp_path: Path) -> None:
    web.pages["/t.yaml"] = TASK
    text = pipeline_run(
        {"name": "one", "taskRef": reference("http", url=f"{web.url}/t.yaml")},
        {"name": "two", "taskRef": reference("http", url=f"{web.url}/t.yaml"), "runAfter": ["one"]},
    )
    run(text, tmp_path)
    for name in ("state.json", "tasks.jsonl"):
        (tmp_path / "state/run" / name).unlink()
    web.pages["/t.yaml"] = TASK.replace("hello $", "changed $")
    report = run(text, tmp_path)
    assert report.task_runs[0]["results"] == {"said": "hello world"}


def test_a_run_of_which_nothing_ran_asks_again(web: Web, tmp_path: Path) -> None:
    web.pages["/t.yaml"] = TASK.replace("printf", "nonsense").replace("image: alpine", "image: no.such/image")
    text = task_run(reference("http", url=f"{web.url}/t.yaml"))
    failing(text, tmp_path)
    web.pages["/t.yaml"] = TASK
    assert run(text, tmp_path).succeeded


def request_name(error: SlipwayError) -> str:
    """Return the name of the ResolutionRequest in the message: its hash depends on the port of the server."""
    found = re.search(r"default/http-[0-9a-f]{32}", error.message)
    assert found is not None, error.message
    return found[0]


def test_a_pipeline_that_cannot_be_had_is_told_as_tekton_tells_it(web: Web, tmp_path: Path) -> None:
    error = failing(_run("PipelineRun", {"pipelineRef": reference("http", url=f"{web.url}/no")}), tmp_path)
    assert error.reason == "CouldntGetPipeline"
    assert error.message == (
        "Error retrieving pipeline for pipelinerun default/run: resolver failed to get Pipeline : error requesting remote "
        f'resource: error getting "Http" "{request_name(error)}": requested URL \'{web.url}/no\' is not found'
    )


def test_a_task_that_cannot_be_had_is_told_as_tekton_tells_it(web: Web, tmp_path: Path) -> None:
    error = failing(pipeline_run({"name": "one", "taskRef": reference("http", url=f"{web.url}/no")}), tmp_path)
    assert error.reason == "CouldntGetTask"
    assert error.message == (
        "Pipeline default/run can't be Run; it contains Tasks that don't exist: Couldn't retrieve Task "
        f'"resolver type http\\nurl = {web.url}/no\\n": error requesting remote resource: '
        f'error getting "Http" "{request_name(error)}": requested URL \'{web.url}/no\' is not found'
    )


def test_requests_are_named_as_tekton_names_them() -> None:
    ask = Ask("a" * 29, {"foo": "bar"}, "Task")
    assert ask.request("default", "my-taskrun") == f"default/{'a' * 29}-da9d0a4501a276745547b4b4b21a2e77"


@pytest.mark.parametrize("place", ["taskRef", "step"])
def test_a_task_run_fails_in_resolution(web: Web, tmp_path: Path, place: str) -> None:
    wanted = reference("http", url=f"{web.url}/no")
    spec = {"taskRef": wanted} if place == "taskRef" else {"taskSpec": {"steps": [{"name": "s", "ref": wanted}]}}
    assert failing(_run("TaskRun", spec), tmp_path).reason == "TaskRunResolutionFailed"


def test_a_failure_names_the_line_of_the_reference(web: Web, tmp_path: Path) -> None:
    error = failing(pipeline_run({"name": "one", "taskRef": reference("http", url=f"{web.url}/no")}), tmp_path)
    assert (str(error.at), error.field) == ("run.yaml:9", "spec.tasks[0].taskRef")


def test_what_only_the_run_could_know_is_refused_by_field(tmp_path: Path) -> None:
    first = {"name": "one", "taskSpec": {"results": [{"name": "r"}], "steps": [{"image": "alpine", "script": "true"}]}}
    second = {"name": "two", "taskRef": reference("http", url="https://h/$(tasks.one.results.r)")}
    error = failing(pipeline_run(first, second), tmp_path)
    assert isinstance(error, Refused)
    assert "spec.tasks[1].taskRef.params use $(tasks.one.results.r)" in str(error)


def test_without_the_network_the_place_is_named(tmp_path: Path) -> None:
    error = failing(task_run(reference("http", url="https://h/t")), tmp_path, network=False)
    assert "spec.taskRef" in str(error) and "run.yaml" in str(error)


@pytest.mark.parametrize("kind", ["TaskRun", "PipelineRun"])
def test_a_plan_resolves_without_running(web: Web, kind: str) -> None:
    web.pages["/hello.yaml"] = TASK
    wanted = reference("http", url=f"{web.url}/$(params.t).yaml")
    pipeline = {"params": [{"name": "t", "default": "hello"}], "tasks": [{"name": "one", "taskRef": wanted}]}
    spec = {"pipelineSpec": pipeline}
    if kind == "TaskRun":
        spec = {"taskRef": wanted, "params": [{"name": "t", "value": "hello"}]}
    bundle = api.parse(yaml.load_all(_run(kind, spec)))
    document = bundle.find(kind, "run")
    assert document is not None
    found = api.resolve_all(api.with_resolvers(bundle, document, api.Options(), Cancel(), Recorder()), document)
    assert [(one["kind"], one["name"]) for one in found] == [("Task", "hello")]


def test_a_person_sees_what_is_resolved(web: Web, tmp_path: Path) -> None:
    web.pages["/t.yaml"] = TASK
    bundle, events = api.parse(yaml.load_all(task_run(reference("http", url=f"{web.url}/t.yaml")))), Recorder()
    document = bundle.find("TaskRun", "run")
    assert document is not None
    api.run_task(bundle, document, api.Options(state_dir=str(tmp_path)), events, Cancel())
    told = [event.message for event in events.events if event.reason == "ResolvingTaskRef"]
    assert told == [f"resolving Task: http url={web.url}/t.yaml"]


def test_a_pipeline_in_a_pipeline_comes_through_a_resolver(web: Web, tmp_path: Path) -> None:
    web.pages["/p.yaml"] = PIPELINE
    params = [{"name": "who", "value": "moon"}]
    report = run(
        pipeline_run({"name": "inner", "pipelineRef": reference("http", url=f"{web.url}/p.yaml"), "params": params}),
        tmp_path,
    )
    assert report.succeeded, report.message


def test_a_pipeline_in_a_pipeline_fails_alone_when_its_task_cannot_be_had(web: Web, tmp_path: Path) -> None:
    inner = {"tasks": [{"name": "one", "taskRef": reference("http", url=f"{web.url}/no")}]}
    text = pipeline_run({"name": "inner", "pipelineSpec": inner, "onError": "continue"})
    report = run(text, tmp_path)
    assert (report.succeeded, report.task_runs[0]["status"]) == (True, "CouldntGetTask")


def test_a_bundle_of_v1beta1_is_resolved_as_a_bundle(web: Web, tmp_path: Path) -> None:
    bundle(web, (annotated("hello"), tarred("hello", TASK)))
    wanted = {"name": "hello", "bundle": f"{web.host}/cat/tasks:1.0"}
    text = task_run(wanted).replace("tekton.dev/v1", "tekton.dev/v1beta1")
    assert run(text, tmp_path).results == {"said": "hello world"}


def test_what_is_still_resolved_when_a_run_fails_is_stopped(web: Web, tmp_path: Path) -> None:
    web.pages["/r.git/info/refs?service=git-upload-pack"] = "hold"
    slow = {"name": "slow", "taskRef": reference("git", url=f"{web.url}/r.git", pathInRepo="t.yaml")}
    failing(pipeline_run({"name": "one", "taskRef": reference("http", url=f"{web.url}/no")}, slow), tmp_path)
    assert not any(thread.name == "resolve" for thread in threading.enumerate())
