# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""slipway pipeline and task: what is read from flags and files, what the run becomes, what people see. Nothing is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api as tekton
from slipway.cli import _boundary
from slipway.core import Invalid, Refused, redact, yaml
from slipway.pipelines import again, params, sources, workspaces
from slipway.pipelines.prepare import CLAIMS, SOURCES, Prepared, Wish, prepare

PIPELINE = """
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: build}
spec:
  params:
  - {name: url, description: where the sources are}
  - {name: flags, type: array}
  - {name: image, default: hello}
  workspaces:
  - {name: source, description: the sources}
  - {name: cache, optional: true}
  results:
  - {name: commit, value: $(tasks.fetch.results.commit)}
  - {name: digest, value: $(tasks.image.results.digest)}
  tasks:
  - {name: fetch, taskRef: {name: t}, workspaces: [{name: source}]}
  - {name: unit, taskRef: {name: t}, runAfter: [fetch], workspaces: [{name: source}]}
  - name: image
    taskRef: {name: t}
    runAfter: [unit]
    params: [{name: tag, value: $(tasks.fetch.results.commit)}]
  finally:
  - {name: tell, taskRef: {name: t}}
---
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: t}
spec:
  results: [{name: commit}, {name: digest}]
  steps: [{name: s, image: alpine, script: "true"}]
"""
GIVEN = {"params": ["url=x", "flags=a,b"], "workspaces": ["name=source,emptyDir="]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with .tekton/, which is the current directory, and a state directory of its own."""
    project = tmp_path / "project"
    (project / ".tekton").mkdir(parents=True)
    (project / ".tekton" / "build.yaml").write_text(PIPELINE)
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(project)
    return project


def keep(tmp_path: Path, name: str, report: dict[str, Any], **spec: Any) -> None:
    """Keep a run of the pipeline as the engine does."""
    place = tmp_path / "state" / "pipelines" / name
    place.mkdir(parents=True)
    run = {"metadata": {"name": name}, "spec": {"pipelineRef": {"name": "build"}, **spec}}
    told = {"kind": "PipelineRun", "run": run, "created": 5.0, "plan": [], "runner": ""}
    (place / "run.json").write_text(json.dumps(told))
    (place / "state.json").write_text(json.dumps({"report": {"name": name, "seconds": 2.0, "message": "", **report}}))


def task_run(task: str, status: str = "Succeeded", **steps: int) -> dict[str, Any]:
    made = [
        {"name": n, "exit_code": c, "termination_reason": "Error" if c else "Completed", "seconds": 1.0}
        for n, c in steps.items()
    ]
    return {"task": task, "name": f"run-{task}", "status": status, "message": "why", "seconds": 1.5, "results": {}, "steps": made}  # fmt: skip


def start(**given: Any) -> Prepared:
    return prepare(Wish("Pipeline", **{**GIVEN, **given}))


# -- params


@pytest.mark.parametrize(
    ("text", "declared", "value"),
    [
        ("a=b=c", {"name": "a"}, "b=c"),
        ("a=x,y", {"name": "a", "type": "array"}, ["x", "y"]),
        ("a=", {"name": "a", "type": "array"}, []),
        ('a=["x,y","z"]', {"name": "a", "default": ["q"]}, ["x,y", "z"]),
        ('a={"k":"v"}', {"name": "a", "type": "object"}, {"k": "v"}),
        ("a=k:v, l:http://w", {"name": "a", "properties": {"k": {}}}, {"k": "v", "l": "http://w"}),
    ],
)
def test_a_param_is_read_by_its_declared_type(text: str, declared: dict[str, Any], value: object) -> None:
    assert params.read([text], [declared], "Task t") == {"a": value}


def test_an_unknown_param_is_refused_with_those_that_exist() -> None:
    with pytest.raises(Invalid, match=r"Pipeline build has no param 'ulr' \(params: flags, image, url\)"):
        start(params=["ulr=x"])


def test_all_that_is_missing_is_named_at_once_with_its_flag() -> None:
    with pytest.raises(Invalid) as caught:
        start(params=[], workspaces=[])
    assert str(caught.value).splitlines()[:4] == [
        "Pipeline build needs 2 params and 1 workspace more:",
        "  -p url=...                   where the sources are",
        "  -p flags=a,b",
        "  -w name=source,hostPath=DIR  the sources",
    ]


def test_on_a_terminal_a_missing_param_is_asked_for() -> None:
    asked: list[str] = []

    def ask(entry: Any) -> str:
        asked.append(entry["name"])
        return "typed"

    run = prepare(Wish("Pipeline", params=["flags=a"], workspaces=["name=source,emptyDir="]), ask).run
    assert (asked, run["spec"]["params"][-1]) == (["url"], {"name": "url", "value": "typed"})


# -- workspaces


@pytest.mark.parametrize(
    ("text", "binding"),
    [
        ('name=w,emptyDir=""', {"emptyDir": {}}),
        ("name=w,emptyDir=Memory", {"emptyDir": {"medium": "Memory"}}),
        ("name=w,claimName=c,subPath=d", {"subPath": "d", "persistentVolumeClaim": {"claimName": "c"}}),
        (
            "name=w,volumeClaimTemplate=2Gi",
            {
                "volumeClaimTemplate": {
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
                }
            },
        ),
        ("name=w,secret=s", {"secret": {"secretName": "s"}}),
        ("name=w,config=c,item=k=p", {"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}}),
    ],
)
def test_workspaces_are_spelled_as_for_tkn(text: str, binding: dict[str, Any]) -> None:
    assert workspaces.read([text]).entries == {"w": {"name": "w", **binding}}


def test_a_host_path_is_a_claim_whose_directory_is_told_apart(folder: Path) -> None:
    prepared = start(workspaces=["name=source,hostPath=."])
    assert prepared.run["spec"]["workspaces"] == [
        {"name": "source", "persistentVolumeClaim": {"claimName": "host-source"}}
    ]
    assert prepared.claims == {"host-source": str(folder)}


def test_a_host_path_is_refused_where_steps_do_not_see_this_machine() -> None:
    with pytest.raises(Refused, match="executor pods"):
        start(workspaces=["name=source,hostPath=."], executor="pods")


def test_a_claim_without_a_directory_gets_one_that_stays(tmp_path: Path) -> None:
    assert start(workspaces=["name=source,claimName=mine"]).claims == {"mine": str(tmp_path / "state/claims/mine")}


def test_a_claim_template_comes_from_a_file(folder: Path) -> None:
    (folder / "vct.yaml").write_text("spec: {accessModes: [ReadWriteOnce]}")
    found = workspaces.read(["name=w,volumeClaimTemplateFile=vct.yaml"]).entries["w"]
    assert found["volumeClaimTemplate"] == {"spec": {"accessModes": ["ReadWriteOnce"]}}


@pytest.mark.parametrize(
    "text", ["emptyDir=", "name=w", "name=w,emptyDir=,secret=s", "name=w,emptyDir=Disk", "name=w,hostPath=/nope"]
)
def test_a_workspace_that_says_nothing_clear_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="-w"):
        workspaces.read([text])


def test_an_unknown_workspace_is_refused() -> None:
    with pytest.raises(Invalid, match=r"has no workspace 'sauce' \(workspaces: source, cache\)"):
        start(workspaces=["name=sauce,emptyDir="])


def test_an_empty_dir_that_tasks_seem_to_share_is_told() -> None:
    assert "tasks fetch, unit each get an empty one" in start().notes[0]


# -- sources


def test_files_without_tekton_objects_are_passed_by(folder: Path) -> None:
    (folder / ".tekton" / "chart.yaml").write_text("a: {{ .Values.a }}\n")
    (folder / ".tekton" / "secret.yaml").write_text("{apiVersion: v1, kind: Secret, metadata: {name: s}}")
    (folder / ".tekton" / "pod.yaml").write_text("{apiVersion: v1, kind: Pod, metadata: {name: p}}")
    assert [Path(path).name for path in sources.load([]).files] == ["build.yaml", "secret.yaml"]


def test_without_a_folder_for_tekton_the_current_directory_is_looked_through(folder: Path) -> None:
    (folder / ".tekton" / "build.yaml").rename(folder / "b.yaml")
    (folder / ".tekton").rmdir()
    assert sources.load([]).where == "the current directory"


def test_a_name_is_needed_where_several_are_defined() -> None:
    found = sources.load([])
    found.bundle.objects["Pipeline", "other"] = yaml.Document({"metadata": {"name": "other"}})
    with pytest.raises(Invalid, match=r"which Pipeline\? .tekton/ holds 2 \(there: build, other\)"):
        found.pick("Pipeline", "")


# -- the run


def test_the_run_has_what_the_flags_say() -> None:
    run = start(
        service_account="sa",
        task_service_accounts={"unit": "tester"},
        labels={"a": "b"},
        timeouts={"pipeline": "1h"},
        pod_template={"nodeSelector": {"x": "y"}},
        prefix_name="mine",
    ).run
    assert run["metadata"]["name"].startswith("mine-") and run["metadata"]["labels"] == {"a": "b"}
    assert run["spec"]["taskRunTemplate"] == {"serviceAccountName": "sa", "podTemplate": {"nodeSelector": {"x": "y"}}}
    assert run["spec"]["taskRunSpecs"] == [{"pipelineTaskName": "unit", "serviceAccountName": "tester"}]
    assert run["spec"]["timeouts"] == {"pipeline": "1h"}


def test_a_task_run_carries_its_settings_itself() -> None:
    run = prepare(Wish("Task", name="t", service_account="sa", timeouts={"timeout": "5m"})).run
    assert run["spec"] == {"taskRef": {"name": "t"}, "serviceAccountName": "sa", "timeout": "5m"}


def test_a_run_in_a_file_is_taken_when_no_pipeline_is_defined(folder: Path) -> None:
    inline = {"tasks": [{"name": "a", "taskSpec": {"steps": [{"image": "alpine", "script": "true"}]}}]}
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"generateName": "hi-"}, "spec": {"pipelineSpec": inline}}  # fmt: skip
    (folder / "run.yaml").write_text(json.dumps(run))
    made = prepare(Wish("Pipeline", files=["run.yaml"])).run
    assert made["metadata"]["name"].startswith("hi-") and made["spec"]["pipelineSpec"] == inline


def test_a_run_beside_its_pipeline_gives_the_values_when_nothing_is_named(folder: Path) -> None:
    given = [{"name": "url", "value": "u"}, {"name": "flags", "value": ["f"]}]
    spec = {"pipelineRef": {"name": "build"}, "params": given, "workspaces": [{"name": "source", "emptyDir": {}}]}
    run = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": "mine"}, "spec": spec}
    (folder / ".tekton" / "run.yaml").write_text(json.dumps(run))
    assert prepare(Wish("Pipeline")).run["spec"]["params"] == given
    with pytest.raises(Invalid, match="Pipeline build needs"):
        prepare(Wish("Pipeline", name="build"))


def test_the_last_run_gives_values_that_flags_replace(tmp_path: Path) -> None:
    kept = [{"name": "url", "value": "old"}, {"name": "flags", "value": ["k"]}]
    keep(tmp_path, "build-run-1", {}, params=kept, workspaces=[{"name": "source", "emptyDir": {}}])
    run = prepare(Wish("Pipeline", last=True, params=["url=new"])).run
    assert run["spec"]["params"] == [{"name": "url", "value": "new"}, {"name": "flags", "value": ["k"]}]


def test_a_secret_of_the_last_run_must_be_given_again(tmp_path: Path) -> None:
    keep(tmp_path, "build-run-1", {}, params=[{"name": "url", "value": redact.MASK}])
    with pytest.raises(Invalid, match="param 'url' was not kept"):
        prepare(Wish("Pipeline", last=True))


def test_a_run_remembers_its_files_and_directories(folder: Path) -> None:
    told = start(workspaces=["name=source,hostPath=."]).run["metadata"]["annotations"]
    assert json.loads(told[CLAIMS]) == {"host-source": str(folder)}
    assert json.loads(told[SOURCES]) == [str(folder / ".tekton" / "build.yaml")]


# -- in the middle


def test_from_a_task_takes_what_was_done_before_it(tmp_path: Path) -> None:
    runs = [task_run("fetch"), task_run("unit", "StepFailed")]
    keep(tmp_path, "build-run-1", {"task_runs": runs}, workspaces=[{"name": "source", "emptyDir": {}}])
    reuse = start(from_="unit").reuse
    assert reuse == tekton.Reuse("build-run-1", ["fetch"])


def test_only_a_task_leaves_out_what_waits_for_it(tmp_path: Path) -> None:
    keep(tmp_path, "build-run-1", {"task_runs": [task_run("fetch")]})
    made = start(only="unit").definition[0]["spec"]
    assert [task["name"] for task in made["tasks"]] == ["fetch", "unit"]
    assert "finally" not in made
    assert [result["name"] for result in made["results"]] == ["commit"]


def test_only_a_task_is_refused_when_what_it_needs_did_not_succeed(tmp_path: Path) -> None:
    keep(tmp_path, "build-run-1", {"task_runs": [task_run("fetch", "StepFailed")]})
    with pytest.raises(Refused, match=r"task unit waits for fetch, which did not succeed .*--from fetch"):
        start(only="unit")


def test_a_workspace_that_the_earlier_run_removed_cannot_be_used_again(tmp_path: Path) -> None:
    bound = [{"name": "source", "volumeClaimTemplate": {}}]
    keep(tmp_path, "build-run-1", {"task_runs": [task_run("fetch")]}, workspaces=bound)
    with pytest.raises(Refused, match="workspace source of run build-run-1 is gone, and task fetch had filled it"):
        start(from_="unit", workspaces=[])


def test_a_workspace_that_a_failed_run_left_is_bound_again(tmp_path: Path) -> None:
    bound = [{"name": "source", "volumeClaimTemplate": {}}]
    keep(tmp_path, "build-run-1", {"task_runs": [task_run("fetch")]}, workspaces=bound)
    left = tmp_path / "state/pipelines/build-run-1/volumes/claims/source"
    left.mkdir(parents=True)
    assert start(from_="unit", workspaces=[]).claims == {"left-source": str(left)}


def test_what_waits_for_a_task_is_found_through_others() -> None:
    plan = [
        {"task": "a", "after": []},
        {"task": "b", "after": ["a"]},
        {"task": "c", "after": ["b"]},
        {"task": "d", "after": []},
    ]
    assert (again.below(plan, "b"), again.above(plan, "b")) == ({"b", "c"}, {"a", "b"})


# -- commands


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = _boundary.call(arguments)
    return code, *capsys.readouterr()


def test_the_list_says_what_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "pipeline", "list")
    assert (code, out.splitlines()[1].split()[:6]) == (0, ["build", "url*", "flags*", "image", "source*", "cache"])


def test_explain_gives_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    out = call(capsys, "p", "explain", "build")[1]
    assert "  image  Task t\n    runAfter unit\n    uses result commit of fetch in params.tag\n" in out
    assert "  tell  Task t\n    after all tasks, whatever became of them\n" in out


def test_a_dry_run_prints_the_run_and_starts_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ["-p", "url=x", "-p", "flags=a,b", "-w", "name=source,hostPath=."]
    code, out, _ = call(capsys, "pipeline", "start", "build", *given, "--dry-run")
    run = yaml.load_all(out)[0].data
    assert (code, run["kind"], run["spec"]["params"][1]["value"]) == (0, "PipelineRun", ["a", "b"])
    assert not (tmp_path / "state" / "runs").exists()


def test_what_is_missing_is_invalid_input_and_no_question(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = call(capsys, "pipeline", "start", "build")
    assert (code, error.splitlines()[0]) == (15, "slipway: Pipeline build needs 2 params and 1 workspace more:")


def test_runs_are_listed_described_and_deleted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = {
        "succeeded": True,
        "status": "Succeeded",
        "task_runs": [task_run("fetch", clone=0)],
        "results": {"commit": "abc"},
    }
    keep(tmp_path, "build-run-1", report)
    assert call(capsys, "pr", "ls")[1].splitlines()[1].split()[:3] == ["build-run-1", "build", "Succeeded"]
    assert "commit  abc" in call(capsys, "pr", "describe")[1]
    assert call(capsys, "pipelinerun", "delete", "build-run-1")[1] == "PipelineRun deleted: build-run-1\n"
    assert call(capsys, "pr", "list")[2] == "no runs\n"


def test_deleting_many_wants_force_where_nobody_can_be_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keep(tmp_path, "build-run-1", {"status": "Succeeded"})
    assert call(capsys, "pr", "delete", "--all")[0] == 15
    assert call(capsys, "pr", "delete", "--all", "-f")[0] == 0


def test_logs_come_from_the_files_of_the_steps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    keep(tmp_path, "build-run-1", {"status": "Succeeded", "task_runs": [task_run("fetch", clone=0, check=0)]})
    for step in ("clone", "check"):
        path = tmp_path / f"state/pipelines/build-run-1/tasks/run-fetch/logs/{step}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{step} it\n")
    assert call(capsys, "pipeline", "logs", "build")[1] == "[fetch : clone] clone it\n[fetch : check] check it\n"
    assert call(capsys, "pr", "logs", "-s", "check", "--no-prefix")[1] == "check it\n"
