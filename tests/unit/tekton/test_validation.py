# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads when Tekton would refuse an object: the file, the line, the field and what to do.

The rules themselves are compared with upstream's tables in tests/conformance.
"""

from __future__ import annotations

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.document import check, locate
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.validate.flags import Flags

STEP = "{image: alpine, script: 'true'}"
PIPELINE = """apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: p}
spec:
  params:
  - {name: text}
  tasks:
  - name: first
    taskRef: {name: make}
    params:
    - {name: a, value: one}
    - {name: b, value: $(params.txet)}
"""
RUN = """apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {name: r}
spec:
  pipelineSpec:
    tasks:
    - name: a
      taskSpec:
        steps:
        - {image: alpine, script: "echo $(params.nobody)"}
"""


def refused(text: str, flags: Flags | None = None) -> str:
    document = yaml.load_all(text, "it.yaml")[0]
    with pytest.raises(Invalid) as caught:
        check(document) if flags is None else check(document, flags)
    return str(caught.value)


def task_run(rest: str) -> str:
    return f"apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {{name: t}}\nspec: {rest}\n"


def test_a_param_that_nobody_declares_is_found_by_its_line() -> None:
    expected = (
        "it.yaml:12 spec.tasks[0].params[1] refers to something that does not exist: $(params.txet) (known: text)"
    )
    assert refused(PIPELINE) == expected


def test_mistakes_of_inline_steps_have_the_place_that_upstream_leaves_out() -> None:
    path = "it.yaml:10 spec.pipelineSpec.tasks[0].taskSpec.steps[0].script"
    assert refused(RUN) == f"{path} refers to something that does not exist: $(params.nobody)"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{}", "spec needs exactly one of taskRef, taskSpec"),
        (f"{{taskRef: {{name: a}}, taskSpec: {{steps: [{STEP}]}}}}", "spec takes only one of taskRef, taskSpec"),
        ("{taskRef: {name: a}, status: Halted}", "spec.status Halted should be TaskRunCancelled or TaskRunPending"),
        ("{taskRef: {name: a}, timeout: soon}", "spec.timeout is not a duration: 'soon'"),
        ("{taskRef: {name: a}, params: [{value: x}]}", "spec.params[0].name is missing"),
        ("{taskRef: {name: a}, params: [{name: x}]}", "spec.params[0].value is missing"),
        (f"{{taskSpec: {{steps: [{STEP}], sidecars: [{{name: s}}]}}}}", "spec.taskSpec.sidecars[0].image is missing"),
        ("{taskSpec: {steps: [{image: a, args: [1]}]}}", "spec.taskSpec.steps[0].args[0] must be text, not 1"),
        (
            "{taskSpec: {steps: [{name: s, image: a}, {name: s, image: a}]}}",
            "spec.taskSpec.steps[1].name is used twice: 's'",
        ),
    ],
)
def test_messages_fit_behind_their_place(spec: str, message: str) -> None:
    assert message in refused(task_run(spec))


def test_our_engine_has_every_feature_on_and_a_cluster_only_what_its_flags_say() -> None:
    text = task_run("{taskSpec: {params: [{name: p, enum: [x]}], steps: [{image: a, args: [$(params.p)]}]}}")
    check(yaml.load_all(text)[0])
    assert "`enable-param-enum` should be set to true" in refused(text, Flags())


def test_upstreams_keys_and_spellings_are_found_in_the_object() -> None:
    data = {"spec": {"params": [{"name": "a"}, {"name": "b"}], "steps": [{"volumeMounts": [{"mountPath": "/x"}]}]}}
    assert locate(data, "spec.params[b].value") == "spec.params[1].value"
    assert locate(data, "spec.params.b.type") == "spec.params[1].type"
    assert locate(data, "spec.steps[0].volumeMount[0].MountPath") == "spec.steps[0].volumeMounts[0].mountPath"
    assert locate(data, "spec.tasks[0].name") == "spec.tasks[0].name"


def test_a_step_with_results_of_its_own_may_write_those_of_its_task() -> None:
    script = "echo a > $(results.all.path); echo b > $(step.results.mine.path)"
    step = f"{{image: a, results: [{{name: mine}}], script: '{script}'}}"
    check(yaml.load_all(task_run(f"{{taskSpec: {{results: [{{name: all}}], steps: [{step}]}}}}"))[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("taskRef: {name: a}\n  workspaces: []\n  taskref2: 1", "spec.taskref2 is not a field"),
        ("taskRef: {name: a, bundel: b}", "spec.taskRef.bundel is not a field"),
        ("taskRef: a", "spec.taskRef must be a mapping"),
        ("taskSpec: {steps: [{image: a, workspaces: [{name: w, path: /x}]}]}", "workspaces[0].path is not a field"),
    ],
)
def test_a_field_that_nobody_reads_is_refused_wherever_it_stands(text: str, expected: str) -> None:
    said = refused(f"apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {{name: t}}\nspec:\n  {text}\n")
    assert expected in said


def test_specs_of_task_runs_have_known_fields_only() -> None:
    text = "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: {name: r}\nspec:\n  pipelineRef: {name: p}\n"
    said = refused(text + "  taskRunSpecs: [{pipelineTaskName: a, serviceAcountName: b}]\n")
    assert "spec.taskRunSpecs[0].serviceAcountName is not a field of Tekton (did you mean serviceAccountName?)" in said


def step_action(rest: str) -> str:
    return f"apiVersion: tekton.dev/v1beta1\nkind: StepAction\nmetadata: {{name: a}}\nspec: {rest}\n"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("{script: id}", "spec.image is missing"),
        ("{image: a, script: id, command: [id]}", "spec.script script cannot be used with command"),
        ("{image: a, params: [{name: x}], script: 'echo $(params.x)'}", "param substitution in scripts is not allowed"),
        ("{image: a, args: [$(params.x)]}", "spec.args[0] refers to something that does not exist: $(params.x)"),
        ("{image: a, params: [{name: x, type: array}], args: ['a $(params.x[*])']}", "puts an array among other text"),
        ("{image: a, params: [{name: x, type: array}], env: [{name: E, value: $(params.x)}]}", "uses a whole array"),
        ("{image: a, volumeMounts: [{name: v, mountPath: /v}]}", "expect the Name to be a single param reference"),
        ("{image: a, script: 'id > $(step.results.gone.path)'}", "spec.script refers to something that does not exist"),
        ("{image: a, onError: continue}", "spec.onError is not a field of Tekton"),
        ("{image: a, params: [{name: x}, {name: x}]}", "spec.params"),
    ],
)
def test_a_step_action_is_checked_as_tekton_does(rest: str, expected: str) -> None:
    assert expected in refused(step_action(rest))


def test_a_good_step_action_is_taken() -> None:
    parts = "params: [{name: v}, {name: x, type: array}], results: [{name: r}], volumeMounts: [{name: $(params.v), mountPath: /v}]"
    text = step_action(f"{{image: a, {parts}, args: ['$(params.x[*])'], script: 'id > $(step.results.r.path)'}}")
    check(yaml.load_all(text, "it.yaml")[0])


def test_fields_in_another_case_are_read_as_go_reads_them() -> None:
    text = "{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: r}, spec: {TaskSpec: {Steps: [{Image: a}]}}}"
    document = api.parse(yaml.load_all(text)).find("TaskRun", "r")
    assert document is not None
    assert document.data["spec"]["taskSpec"]["steps"][0]["image"] == "a"
