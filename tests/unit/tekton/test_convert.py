# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between v1beta1 and v1. The cases are those of tektoncd/pipeline pkg/apis/pipeline/v1beta1/*_conversion_test.go
(v1.15) with data of our own, and what only our conversion does: ClusterTasks and the report."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.convert import V1, V1BETA1, convert, to_v1
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.parse import parse

BETA = {"apiVersion": V1BETA1}
DEPRECATIONS = "tekton.dev/v1beta1.task-deprecations"
RESOURCES = "tekton.dev/v1beta1Resources"


def beta(text: str) -> dict[str, Any]:
    return {"apiVersion": V1BETA1, **yaml.load_all(text)[0].data}


def back(obj: dict[str, Any]) -> dict[str, Any]:
    return convert(convert(obj).obj, V1BETA1).obj


TASK = """
kind: Task
metadata: {name: build, namespace: ci, labels: {team: one}}
spec:
  displayName: Build
  description: builds it
  params:
  - {name: url, type: string, default: x, description: where}
  - {name: parts, type: object, properties: {a: {type: string}}}
  workspaces: [{name: source, mountPath: /src, readOnly: true, optional: true}]
  results: [{name: digest, type: object, properties: {sha: {type: string}}, description: d}]
  volumes: [{name: cache, emptyDir: {}}]
  stepTemplate: {image: alpine, env: [{name: A, value: b}], resources: {limits: {cpu: 1}}}
  sidecars: [{name: db, image: postgres, resources: {requests: {memory: 1Gi}}, ports: [{containerPort: 5432}]}]
  steps:
  - name: compile
    image: golang
    script: go build
    timeout: 1m
    onError: continue
    resources: {requests: {cpu: 500m}}
    workspaces: [{name: source, mountPath: /w}]
    stdoutConfig: {path: /tmp/out}
    results: [{name: r, type: string}]
    when: [{input: a, operator: in, values: [a]}]
  - ref: {resolver: git, params: [{name: url, value: x}]}
    params: [{name: p, value: v}]
"""
OLD_STEPS = """
kind: Task
metadata: {name: foo}
spec:
  stepTemplate: {name: template, image: alpine, tty: true}
  steps:
  - {name: first, image: alpine, ports: [{name: port, containerPort: 0}], livenessProbe: {initialDelaySeconds: 1}}
  - {name: second, image: alpine, stdin: true, stdinOnce: true, terminationMessagePath: path}
"""
PIPELINE = """
kind: Pipeline
metadata: {name: p}
spec:
  displayName: P
  params: [{name: a, type: array, default: [x]}]
  workspaces: [{name: w, optional: true}]
  results: [{name: r, type: string, value: $(tasks.one.results.r)}]
  tasks:
  - name: one
    displayName: One
    taskRef: {name: build, kind: Task}
    matrix: {params: [{name: os, value: [a, b]}], include: [{name: i, params: [{name: os, value: a}]}]}
    retries: 2
    timeout: 5m
  - name: two
    runAfter: [one]
    when: [{input: x, operator: notin, values: [y]}]
    workspaces: [{name: s, workspace: w, subPath: d}]
    taskSpec: {metadata: {labels: {a: b}}, steps: [{image: alpine, resources: {limits: {memory: 1Gi}}}]}
  finally:
  - name: last
    taskSpec: {steps: [{image: alpine, resources: {limits: {memory: 2Gi}}}]}
"""
PIPELINE_RUN = """
kind: PipelineRun
metadata: {name: r, namespace: n}
spec:
  pipelineRef: {name: p}
  serviceAccountName: robot
  podTemplate: {nodeSelector: {label: value}}
  timeouts: {pipeline: 25m, tasks: 10m, finally: 15m}
  status: PipelineRunPending
  params: [{name: a, value: [x]}]
  workspaces: [{name: w, emptyDir: {}}]
  taskRunSpecs:
  - pipelineTaskName: one
    taskServiceAccountName: other
    taskPodTemplate: {securityContext: {runAsNonRoot: true}}
    stepOverrides: [{name: s, resources: {requests: {memory: 1Gi}}}]
    sidecarOverrides: [{name: c, resources: {requests: {memory: 1Gi}}}]
    computeResources: {requests: {cpu: 2}}
    metadata: {labels: {a: b}}
status:
  pipelineResults: [{name: r, value: {k: v}}]
  skippedTasks: [{name: two, reason: Results were missing}]
  childReferences: [{kind: TaskRun, name: t, pipelineTaskName: one}]
  pipelineSpec: {tasks: [{name: one, taskSpec: {steps: [{image: alpine, resources: {limits: {cpu: 1}}}]}}]}
"""
TASK_RUN = """
kind: TaskRun
metadata: {name: t}
spec:
  taskSpec: {steps: [{name: s, image: alpine, resources: {limits: {cpu: 1}}}]}
  serviceAccountName: robot
  retries: 1
  timeout: 1m
  podTemplate: {hostNetwork: true}
  stepOverrides: [{name: s, resources: {limits: {memory: 1Gi}}}]
  sidecarOverrides: [{name: c, resources: {limits: {memory: 1Gi}}}]
  debug: {breakpoints: {onFailure: enabled}}
status:
  podName: pod
  taskResults: [{name: r, type: string, value: v}]
  cloudEvents: [{target: http://sink, status: {condition: Unknown}}]
  resourcesResult: [{key: digest, value: "sha256:1"}]
  retriesStatus: [{taskResults: [{name: r, value: old}]}]
  taskSpec: {resources: {inputs: [{name: in, type: git}]}, steps: [{name: s, image: alpine, resources: {}}]}
"""


@pytest.mark.parametrize("text", [TASK, OLD_STEPS, PIPELINE, PIPELINE_RUN, TASK_RUN])
def test_there_and_back_again_changes_nothing(text: str) -> None:
    assert back(beta(text)) == beta(text)


@pytest.mark.parametrize("text", [TASK, OLD_STEPS, PIPELINE, PIPELINE_RUN, TASK_RUN])
def test_what_was_given_is_not_touched(text: str) -> None:
    given = beta(text)
    before = copy.deepcopy(given)
    convert(given)
    assert given == before


def test_resources_of_steps_sidecars_and_the_template_become_compute_resources() -> None:
    spec = convert(beta(TASK)).obj["spec"]
    found = [spec["steps"][0], spec["sidecars"][0], spec["stepTemplate"]]
    assert [("resources" in entry, "computeResources" in entry) for entry in found] == [(False, True)] * 3


def test_the_fields_of_an_entry_keep_their_order() -> None:
    step = convert(beta(TASK)).obj["spec"]["steps"][0]
    assert list(step).index("computeResources") == list(beta(TASK)["spec"]["steps"][0]).index("resources")


def test_deprecated_fields_of_steps_go_to_the_annotation_as_go_writes_them() -> None:
    meta = convert(beta(OLD_STEPS)).obj["metadata"]
    assert meta["annotations"][DEPRECATIONS] == (
        '{"foo":{"deprecatedSteps":[{"name":"","ports":[{"name":"port","containerPort":0}],"resources":{},'
        '"livenessProbe":{"initialDelaySeconds":1}},{"name":"","resources":{},"terminationMessagePath":"path",'
        '"stdin":true,"stdinOnce":true}],"deprecatedStepTemplate":{"name":"template","resources":{},"tty":true}}}'
    )


def test_deprecated_fields_are_gone_from_the_steps() -> None:
    assert convert(beta(OLD_STEPS)).obj["spec"]["steps"] == [
        {"name": "first", "image": "alpine"},
        {"name": "second", "image": "alpine"},
    ]


def test_deprecated_fields_of_several_tasks_of_a_pipeline_are_kept_apart() -> None:
    task = "{name: %s, taskSpec: {steps: [{image: alpine, tty: true}]}}"
    text = f"kind: Pipeline\nmetadata: {{name: p}}\nspec: {{tasks: [{task % 'a'}, {task % 'b'}]}}"
    kept = json.loads(convert(beta(text)).obj["metadata"]["annotations"][DEPRECATIONS])
    assert (list(kept), back(beta(text))) == (["a", "b"], beta(text))


def test_an_annotation_that_does_not_fit_the_steps_is_an_error() -> None:
    stable = convert(beta(OLD_STEPS)).obj
    stable["spec"]["steps"].pop()
    with pytest.raises(Invalid, match="has 2 steps for a Task of 1: 'foo'"):
        convert(stable, V1BETA1)


@pytest.mark.parametrize("kind", ["Task", "TaskRun", "PipelineRun"])
def test_pipeline_resources_are_kept_in_an_annotation(kind: str) -> None:
    given = {**BETA, "kind": kind, "metadata": {"name": "x"}, "spec": {"resources": {"inputs": [{"name": "in"}]}}}
    stable = convert(given).obj
    kept = stable["metadata"]["annotations"][RESOURCES]
    assert ("resources" in stable["spec"], json.loads(kept)) == (False, given["spec"]["resources"])
    assert convert(stable, V1BETA1).obj == given


def test_pipeline_resources_of_a_pipeline_are_dropped_and_told() -> None:
    given = {**BETA, "kind": "Pipeline", "metadata": {"name": "x"}, "spec": {"resources": [{"name": "in"}]}}
    converted = convert(given)
    assert converted.obj["spec"] == {}
    assert ("spec", "resources", "") in [(change.path, change.old, change.new) for change in converted.changes]


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("Task", {"resources": {"inputs": []}}, "spec.resources"),
        ("TaskRun", {"taskSpec": {"resources": {"inputs": []}}}, "spec.taskSpec.resources"),
        ("Pipeline", {"tasks": [{"name": "a", "resources": {"inputs": []}}]}, r"spec.tasks\[0\].resources"),
    ],
)
def test_the_engine_refuses_pipeline_resources_by_their_path(kind: str, spec: Any, path: str) -> None:
    with pytest.raises(Refused, match=f"{path}: PipelineResources"):
        to_v1({**BETA, "kind": kind, "metadata": {"name": "x"}, "spec": spec})


def test_the_old_timeout_is_that_of_the_pipeline() -> None:
    given = {**BETA, "kind": "PipelineRun", "metadata": {"name": "r"}, "spec": {"timeout": "10m10s"}}
    assert back(given)["spec"] == {"timeouts": {"pipeline": "10m10s"}}


def test_the_old_timeout_beside_the_new_ones_is_an_error_with_its_line() -> None:
    text = f"apiVersion: {V1BETA1}\nkind: PipelineRun\nmetadata: {{name: r}}\nspec:\n  timeout: 1h\n"
    text += "  timeouts: {pipeline: 1h}\n  pipelineRef: {name: p}\n"
    with pytest.raises(Invalid, match=r"r.yaml:4 .*takes only one of timeout, timeouts"):
        parse(yaml.load_all(text, "r.yaml"))


def test_account_and_pod_template_move_to_the_template_of_task_runs() -> None:
    assert convert(beta(PIPELINE_RUN)).obj["spec"]["taskRunTemplate"] == {
        "podTemplate": {"nodeSelector": {"label": "value"}},
        "serviceAccountName": "robot",
    }


def test_specs_of_task_runs_lose_their_prefixes() -> None:
    assert list(convert(beta(PIPELINE_RUN)).obj["spec"]["taskRunSpecs"][0]) == [
        "pipelineTaskName",
        "serviceAccountName",
        "podTemplate",
        "stepSpecs",
        "sidecarSpecs",
        "computeResources",
        "metadata",
    ]


def test_overrides_of_a_task_run_become_specs() -> None:
    spec = convert(beta(TASK_RUN)).obj["spec"]
    assert spec["stepSpecs"] == [{"name": "s", "computeResources": {"limits": {"memory": "1Gi"}}}]


@pytest.mark.parametrize(("kind", "name"), [("Pipeline", "pipelineRef"), ("Task", "taskRef")])
def test_a_bundle_becomes_a_resolver_of_its_kind(kind: str, name: str) -> None:
    given = {**BETA, "kind": f"{kind}Run", "spec": {name: {"name": "n", "bundle": "example.com/b:1"}}}
    assert convert(given).obj["spec"][name] == {
        "resolver": "bundles",
        "params": [
            {"name": "bundle", "value": "example.com/b:1"},
            {"name": "name", "value": "n"},
            {"name": "kind", "value": kind},
        ],
    }


def test_results_in_the_status_lose_their_prefixes() -> None:
    runs = [convert(beta(text)).obj["status"] for text in (TASK_RUN, PIPELINE_RUN)]
    assert [list(run.get("results") or []) for run in runs] == [
        [{"name": "r", "type": "string", "value": "v"}],
        [{"name": "r", "value": {"k": "v"}}],
    ]


def test_attempts_are_converted_too() -> None:
    assert "results" in convert(beta(TASK_RUN)).obj["status"]["retriesStatus"][0]


def test_the_reason_of_a_step_is_copied_from_its_container() -> None:
    status = {"steps": [{"name": "s", "terminated": {"reason": "Completed", "exitCode": 0}}]}
    given = {**BETA, "kind": "TaskRun", "metadata": {"name": "t"}, "spec": {}, "status": status}
    assert convert(given).obj["status"]["steps"][0]["terminationReason"] == "Completed"
    assert back(given) == given


def test_a_step_action_has_no_v1() -> None:
    given = {"apiVersion": "tekton.dev/v1alpha1", "kind": "StepAction", "metadata": {"name": "a"}, "spec": {}}
    assert convert(given).obj["apiVersion"] == V1BETA1


@pytest.mark.parametrize("kind", ["StepAction", "CustomRun"])
def test_the_highest_version_stays(kind: str) -> None:
    given = {**BETA, "kind": kind, "metadata": {"name": "a"}, "spec": {"image": "alpine"}}
    assert convert(given).obj == given


def test_other_objects_pass() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {}}
    assert convert(secret).changes == ()


def test_a_cluster_task_becomes_a_task() -> None:
    given = {**BETA, "kind": "ClusterTask", "metadata": {"name": "c"}, "spec": {"steps": [{"image": "alpine"}]}}
    assert {key: convert(given).obj[key] for key in ("apiVersion", "kind")} == {"apiVersion": V1, "kind": "Task"}


def test_a_reference_to_a_given_cluster_task_names_the_task() -> None:
    given = {**BETA, "kind": "TaskRun", "spec": {"taskRef": {"name": "c", "kind": "ClusterTask"}}}
    assert convert(given, V1, ["c"]).obj["spec"]["taskRef"] == {"name": "c", "kind": "Task"}


def test_a_reference_to_another_cluster_task_becomes_a_cluster_resolver() -> None:
    given = {**BETA, "kind": "TaskRun", "spec": {"taskRef": {"name": "c", "kind": "ClusterTask"}}}
    assert convert(given).obj["spec"]["taskRef"] == {
        "resolver": "cluster",
        "params": [{"name": "kind", "value": "task"}, {"name": "name", "value": "c"}],
    }


def test_a_set_with_a_cluster_task_finds_it_as_a_task() -> None:
    text = f"""
apiVersion: {V1BETA1}
kind: ClusterTask
metadata: {{name: c}}
spec: {{steps: [{{image: alpine, script: 'true'}}]}}
---
apiVersion: {V1BETA1}
kind: TaskRun
metadata: {{name: r}}
spec: {{taskRef: {{name: c, kind: ClusterTask}}}}
"""
    bundle = parse(yaml.load_all(text))
    run = bundle.find("TaskRun", "r")
    assert run is not None
    assert (bundle.names("Task"), run.data["spec"]["taskRef"]) == (["c"], {"name": "c", "kind": "Task"})


def test_a_task_and_a_cluster_task_of_one_name_are_an_error() -> None:
    one = "{apiVersion: %s, kind: %s, metadata: {name: c}, spec: {steps: [{image: alpine, script: 'true'}]}}"
    with pytest.raises(Invalid, match="is the name of a Task and of a ClusterTask: 'c'"):
        parse(yaml.load_all(f"{one % (V1BETA1, 'ClusterTask')}\n---\n{one % (V1, 'Task')}"))


def test_the_report_names_every_change_in_the_order_of_the_work() -> None:
    given = {
        **BETA,
        "kind": "PipelineRun",
        "metadata": {"name": "r"},
        "spec": {"pipelineRef": {"name": "p"}, "serviceAccountName": "a", "timeout": "1h"},
    }
    assert convert(given).report() == [
        {"path": "", "from": "apiVersion=tekton.dev/v1beta1", "to": "apiVersion=tekton.dev/v1", "note": ""},
        {"path": "spec", "from": "timeout", "to": "timeouts.pipeline", "note": ""},
        {"path": "spec", "from": "serviceAccountName", "to": "taskRunTemplate.serviceAccountName", "note": ""},
    ]


def test_an_object_of_the_wanted_version_has_an_empty_report() -> None:
    assert convert({"apiVersion": V1, "kind": "Task", "metadata": {"name": "t"}, "spec": {}}).report() == []


def test_a_step_action_of_v1_is_refused_with_the_version_that_there_is() -> None:
    text = f"apiVersion: {V1}\nkind: StepAction\nmetadata: {{name: a}}\nspec: {{image: alpine}}"
    with pytest.raises(
        Invalid, match=r"a.yaml:1 StepAction a apiVersion StepAction has no v1 .write tekton.dev/v1beta1."
    ):
        parse(yaml.load_all(text, "a.yaml"))


@pytest.mark.parametrize("version", ["tekton.dev/v1alpha1", "tekton.dev/v2"])
def test_a_version_that_tekton_does_not_have_is_an_error_with_the_right_one(version: str) -> None:
    text = f"apiVersion: {version}\nkind: Task\nmetadata: {{name: a}}\nspec: {{steps: [{{image: a}}]}}"
    with pytest.raises(Invalid, match=rf"a.yaml:1 apiVersion Tekton has no Task of {version} .write tekton.dev/v1,"):
        parse(yaml.load_all(text, "a.yaml"))


def test_a_policy_for_signatures_passes() -> None:
    text = "apiVersion: tekton.dev/v1alpha1\nkind: VerificationPolicy\nmetadata: {name: a}\nspec: {}"
    assert parse(yaml.load_all(text)).names("VerificationPolicy") == ["a"]


def test_a_kind_that_is_gone_is_an_error_that_says_what_to_use_instead() -> None:
    text = "apiVersion: tekton.dev/v1alpha1\nkind: PipelineResource\nmetadata: {name: a}\nspec: {}"
    with pytest.raises(Invalid, match="use params, workspaces and results"):
        parse(yaml.load_all(text))
