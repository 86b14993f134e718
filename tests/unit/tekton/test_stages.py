# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stages of substitution as a whole run sees them. Real processes, small ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

RUN = """
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {name: run}
spec:
"""
ACTION = """
---
apiVersion: tekton.dev/v1beta1
kind: StepAction
metadata: {name: greet}
spec:
  image: alpine
  params: [{name: who, default: nobody}, {name: words, type: array, default: [dear]}]
  args: ["$(params.words[*])", "$(params.who)"]
  script: 'echo "hello $@"'
"""


def run(spec: str, tmp_path: Path, more: str = "") -> tuple[api.Report, list[str]]:
    indented = "\n".join(f"  {line}" for line in spec.strip().splitlines())
    documents = yaml.load_all(f"{RUN}{indented}\n{more}", "run.yaml")
    bundle, events = api.parse(documents), Recorder()
    document = bundle.find("PipelineRun", "run")
    assert document is not None
    report = api.run_pipeline(bundle, document, api.Options(state_dir=str(tmp_path)), events, Cancel())
    return report, [event.message for event in events.events if event.phase == "Log"]


def test_defaults_of_a_pipeline_use_each_other_and_beat_those_of_an_inline_task(tmp_path: Path) -> None:
    _report, lines = run(
        """
pipelineSpec:
  params: [{name: image, default: "$(params.registry)/app"}, {name: registry, default: example.org}]
  tasks:
  - name: say
    taskSpec:
      params: [{name: image, default: inner}]
      steps: [{image: alpine, script: "echo $(params.image)"}]
""",
        tmp_path,
    )
    assert lines == ["example.org/app"]


def test_a_step_action_gets_the_params_of_its_step_and_its_own_defaults(tmp_path: Path) -> None:
    report, lines = run(
        """
params: [{name: name, value: world}]
pipelineSpec:
  params: [{name: name}]
  tasks:
  - name: say
    taskSpec:
      steps:
      - {name: all, ref: {name: greet}, params: [{name: who, value: $(params.name)}, {name: words, value: [big, wide]}]}
      - {name: none, ref: {name: greet}}
""",
        tmp_path,
        ACTION,
    )
    assert (report.succeeded, lines) == (True, ["hello big wide world", "hello dear nobody"])


def test_a_step_action_that_is_not_given_is_named_before_anything_runs(tmp_path: Path) -> None:
    spec = "pipelineSpec: {tasks: [{name: a, taskSpec: {steps: [{ref: {name: gone}}]}}]}"
    with pytest.raises(Invalid, match=r"steps\[0\]\.ref\.name names a StepAction that is not given: 'gone'"):
        run(spec, tmp_path)


def test_a_workspace_reaches_an_inline_task_that_mentions_it(tmp_path: Path) -> None:
    _report, lines = run(
        """
params: [{name: sub, value: here}]
workspaces: [{name: w, subPath: $(params.sub), volumeClaimTemplate: {spec: {}}}]
pipelineSpec:
  workspaces: [{name: w}]
  tasks:
  - {name: write, taskSpec: {steps: [{image: alpine, script: "echo kept > $(workspaces.w.path)/file"}]}}
  - {name: read, runAfter: [write], taskSpec: {steps: [{image: alpine, script: "cat $(workspaces.w.path)/file"}]}}
""",
        tmp_path,
    )
    assert lines == ["kept"]


def test_a_run_fails_when_a_result_of_it_cannot_be_had(tmp_path: Path) -> None:
    report, _lines = run(
        """
pipelineSpec:
  results: [{name: r, value: "$(tasks.a.results.list[3])"}]
  tasks:
  - name: a
    taskSpec:
      results: [{name: list, type: array}]
      steps: [{image: alpine, script: "printf '[\\"x\\"]' > $(results.list.path)"}]
""",
        tmp_path,
    )
    assert (report.status, report.results) == ("CouldntGetPipelineResult", {})
    assert "invalid pipelineresults [r], the referenced results don't exist" in report.message


@pytest.mark.parametrize(
    ("params", "reason", "message"),
    [
        ("[]", "ParameterMissing", "PipelineRun missing parameters: [list]"),
        ("[{name: list, value: x}]", "ParameterTypeMismatch", "parameters have inconsistent types : [list]"),
        (
            "[{name: list, value: [x]}]",
            "ParamArrayIndexingInvalid",
            "non-existent param references:[$(params.list[2])]",
        ),
    ],
)
def test_bad_params_end_a_run_with_the_reason_of_upstream(
    params: str, reason: str, message: str, tmp_path: Path
) -> None:
    spec = f"""
params: {params}
pipelineSpec:
  params: [{{name: list, type: array}}]
  tasks: [{{name: a, params: [{{name: p, value: "$(params.list[2])"}}], taskSpec: {{steps: [{{image: alpine, script: x}}]}}}}]
"""
    with pytest.raises(Invalid) as caught:
        run(spec, tmp_path)
    assert (caught.value.reason, caught.value.message) == (reason, message)


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        (
            "{name: b, taskSpec: {steps: [{image: alpine, script: 'echo $(tasks.a.results.gone)'}]}}",
            "InvalidTaskResultReference",
            'invalid result reference in pipeline task "b": "gone" is not a named result returned by pipeline task "a"',
        ),
        (
            "{name: b, workspaces: [{name: w, workspace: w}], taskSpec: {workspaces: [{name: w}], steps: [{image: alpine}]}}",
            "RequiredWorkspaceMarkedOptional",
            'pipeline workspace "w" is marked optional but pipeline task "b" requires it be provided',
        ),
    ],
)
def test_what_tasks_cannot_get_of_each_other_is_refused(spec: str, reason: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        run(
            f"""
pipelineSpec:
  workspaces: [{{name: w, optional: true}}]
  tasks:
  - {{name: a, taskSpec: {{results: [{{name: r}}], steps: [{{image: alpine, script: "true"}}]}}}}
  - {spec}
""",
            tmp_path,
        )
    assert (caught.value.reason, caught.value.message) == (reason, message)


def test_a_matrix_runs_every_combination_and_gives_lists_of_results(tmp_path: Path) -> None:
    report, lines = run(
        """
pipelineSpec:
  results: [{name: all, value: "$(tasks.build.results.name[*])"}]
  tasks:
  - name: build
    matrix:
      params: [{name: os, value: [linux, mac]}, {name: cpu, value: [arm, x86]}]
      include: [{name: extra, params: [{name: os, value: mac}, {name: flag, value: -v}]}]
    taskSpec:
      params: [{name: os}, {name: cpu}, {name: flag, default: none}]
      results: [{name: name}]
      steps: [{image: alpine, script: "printf '%s' $(params.os)-$(params.cpu)$(params.flag) > $(results.name.path)"}]
  - name: use
    params: [{name: names, value: "$(tasks.build.results.name[*])"}, {name: count, value: $(tasks.build.matrix.length)}]
    taskSpec:
      params: [{name: names, type: array}, {name: count}]
      steps: [{image: alpine, args: ["$(params.names[*])"], script: 'echo "$(params.count): $@"'}]
""",
        tmp_path,
    )
    built = ["linux-armnone", "mac-arm-v", "linux-x86none", "mac-x86-v"]
    assert (report.succeeded, report.results) == (True, {"all": built})
    assert lines == [f"4: {' '.join(built)}"]
    assert [one["name"] for one in report.task_runs] == [*(f"run-build-{index}" for index in range(4)), "run-use"]


def test_an_object_of_an_inline_task_keeps_the_keys_of_the_pipeline(tmp_path: Path) -> None:
    _report, lines = run(
        """
params: [{name: repo, value: {url: outer, commit: abc}}]
pipelineSpec:
  tasks:
  - name: say
    params: [{name: repo, value: {url: inner, branch: main}}]
    taskSpec:
      steps: [{image: alpine, script: "echo $(params.repo.url) $(params.repo.commit) $(params.repo.branch)"}]
""",
        tmp_path,
    )
    assert lines == ["inner abc main"]


def test_a_workspace_that_one_step_lists_is_hidden_from_the_others(tmp_path: Path) -> None:
    _report, lines = run(
        """
workspaces: [{name: w, emptyDir: {}}]
pipelineSpec:
  workspaces: [{name: w}]
  tasks:
  - name: a
    workspaces: [{name: w}]
    taskSpec:
      workspaces: [{name: w}]
      steps:
      - {image: alpine, workspaces: [{name: w, mountPath: /mine}], script: "test -d $(workspaces.w.path) && echo $(workspaces.w.path)"}
      - {image: alpine, script: "test -d /workspace/w || echo hidden"}
""",
        tmp_path,
    )
    assert lines == ["/mine", "hidden"]


def test_volumes_of_the_pod_template_can_be_mounted(tmp_path: Path) -> None:
    report, _lines = run(
        """
taskRunTemplate: {podTemplate: {volumes: [{name: v, emptyDir: {}}]}}
pipelineSpec:
  tasks:
  - name: a
    taskSpec:
      steps:
      - {image: alpine, volumeMounts: [{name: v, mountPath: /v}], script: "echo x > /v/file"}
      - {image: alpine, volumeMounts: [{name: v, mountPath: /w}], script: "cat /w/file"}
""",
        tmp_path,
    )
    assert report.succeeded
