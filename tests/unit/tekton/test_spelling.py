# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Field names in another case are read as Tekton's own reader does, and told; other names are still refused."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

TASK = """apiVersion: tekton.dev/v1
kind: Task
metadata: {name: t}
spec:
  workspaces: [{name: w}]
  steps:
  - image: alpine:3
    script: id
    workspaces:
    - name: w
      %s: /w
"""


def parse(text: str) -> api.Bundle:
    return api.parse(yaml.load_all(text, "it.yaml"))


def spec(text: str, kind: str, name: str) -> object:
    found = parse(text).find(kind, name)
    assert found is not None
    return found.data["spec"]


def test_a_field_is_found_without_regard_to_case() -> None:
    assert spec(TASK % "mountpath", "Task", "t") == spec(TASK % "mountPath", "Task", "t")


def test_it_is_a_note_at_its_line() -> None:
    [one] = api.lint(parse(TASK % "mountpath"))
    assert (one.severity, one.rule, one.where, one.field) == (
        "note",
        "field-case",
        "it.yaml:11",
        "spec.steps[0].workspaces[0].mountpath",
    )


def test_the_right_spelling_is_no_note() -> None:
    assert api.lint(parse(TASK % "mountPath")) == []


def test_old_names_are_found_too() -> None:
    text = "apiVersion: tekton.dev/v1beta1\nkind: PipelineRun\nmetadata: {name: r}\n"
    text += "spec: {pipelineref: {name: p}, serviceaccountname: a}"
    assert spec(text, "PipelineRun", "r") == {
        "pipelineRef": {"name": "p"},
        "taskRunTemplate": {"serviceAccountName": "a"},
    }


def test_both_spellings_are_an_error() -> None:
    with pytest.raises(Invalid, match=r"it.yaml:11 .*mountpath is mountPath in another case, which is there too"):
        parse(TASK % "mountpath" + "      mountPath: /v\n")


def test_another_name_is_still_no_field() -> None:
    with pytest.raises(Invalid, match="is not a field of Tekton"):
        parse(TASK % "mountpoint")


def test_the_spec_of_a_custom_task_is_left_alone() -> None:
    custom = "{name: a, taskSpec: {apiVersion: example.com/v1, kind: Mine, spec: {STEPS: 1}}}"
    text = f"apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {{name: p}}\nspec: {{tasks: [{custom}]}}"
    assert "STEPS" in str(spec(text, "Pipeline", "p"))
