# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway lint`: what a person reads, what a program gets, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway.cli import _boundary

TASK = """apiVersion: tekton.dev/v1
kind: Task
metadata: {name: say}
spec:
  params: [{name: who}, {name: unused}]
  steps:
  - name: say
    image: alpine:3
    script: echo $(params.who)
"""


@pytest.fixture
def task(tmp_path: Path) -> str:
    file = tmp_path / "task.yaml"
    file.write_text(TASK)
    return str(file)


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = _boundary.call(["lint", *arguments])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_finding_is_a_line_with_its_place_and_the_corrected_step_below(
    capsys: pytest.CaptureFixture[str], task: str
) -> None:
    code, out = lint(capsys, task)
    assert code == 0
    assert f"{task}:9 warning: Task say spec.steps[0].script puts $(params.who) into a program" in out
    assert '      script: echo "${WHO}"' in out


def test_the_last_line_counts(capsys: pytest.CaptureFixture[str], task: str) -> None:
    assert lint(capsys, task)[1].splitlines()[-1] == "1 warning, 1 note"


def test_json_holds_the_same_facts(capsys: pytest.CaptureFixture[str], task: str) -> None:
    found = json.loads(lint(capsys, task, "-o", "json")[1])
    assert [(one["rule"], one["where"]) for one in found] == [
        ("unused-param", f"{task}:5"),
        ("script-injection", f"{task}:9"),
    ]


def test_strict_exits_2_for_a_warning(capsys: pytest.CaptureFixture[str], task: str) -> None:
    assert lint(capsys, task, "--strict")[0] == 2


def test_strict_does_not_mind_notes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TASK.replace("echo $(params.who)", "id"))
    assert lint(capsys, str(tmp_path), "--strict")[0] == 0


def test_nothing_found_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n")
    assert lint(capsys, str(tmp_path)) == (0, "nothing found\n")


def test_what_tekton_refuses_exits_15_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TASK.replace("steps:", "stepz:"))
    code, out = lint(capsys, str(tmp_path))
    assert (code, f"{tmp_path}/t.yaml:6 spec.stepz is not a field of Tekton" in out) == (15, True)


def test_objects_of_a_list_are_looked_at(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    body = "\n".join(f"  {line}" for line in TASK.splitlines())
    (tmp_path / "t.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n-{body[1:]}\n")
    assert "[script-injection]" in lint(capsys, str(tmp_path))[1]


def test_a_rule_that_there_is_not_is_wrong_usage(capsys: pytest.CaptureFixture[str], task: str) -> None:
    code, out = lint(capsys, task, "--ignore", "unpined-image")
    assert (code, "there is no rule 'unpined-image'" in out) == (15, True)


def test_an_ignored_warning_does_not_count(capsys: pytest.CaptureFixture[str], task: str) -> None:
    assert lint(capsys, task, "--strict", "--ignore", "script-injection")[0] == 0
