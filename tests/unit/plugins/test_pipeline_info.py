# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pipeline_info and the lookup pipeline_result, through ansible-playbook, after a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .test_action import play, task_run


def info(tmp_path: Path, **options: Any) -> dict[str, Any]:
    return {"slipway.gitops.pipeline_info": {"state_dir": str(tmp_path / "state"), **options}}


def shown(tmp_path: Path, run: str, **options: str) -> dict[str, Any]:
    given = {**options, "state_dir": str(tmp_path / "state")}
    rest = ", ".join(f"{name}='{value}'" for name, value in given.items())
    return {
        "ansible.builtin.debug": {
            "msg": "{{ lookup('slipway.gitops.pipeline_result', 'RUN', REST) }}".replace("RUN", run).replace(
                "REST", rest
            )
        }
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("info")
    play(folder, task_run(folder), task_run(folder, "two", 3))
    return folder


def test_a_run_is_found_with_its_steps_and_logs_in_check_mode_too(folder: Path) -> None:
    for extra in ((), ("--check",)):
        _code, [found], _output = play(folder, info(folder, name="one", logs=True), extra=extra)
        [run] = found["runs"]
        step = run["task_runs"][0]["steps"][0]
        assert (found["changed"], run["status"], step["exit_code"], step["text"]) == (
            False,
            "Succeeded",
            0,
            "hello world\n",
        )


def test_runs_are_listed_by_status_and_a_missing_one_is_no_failure(folder: Path) -> None:
    _code, [failed, missing], _output = play(folder, info(folder, status="failed"), info(folder, name="three"))
    assert ([run["name"] for run in failed["runs"]], missing["runs"], missing.get("failed")) == (["two"], [], False)


def test_the_lookup_returns_one_result_or_all(folder: Path) -> None:
    _code, [one, every], _output = play(folder, shown(folder, "one", result="text"), shown(folder, "one"))
    assert (one["msg"], every["msg"]) == ("hello world\n", {"text": "hello world\n"})


def test_the_lookup_says_what_is_there_instead(folder: Path) -> None:
    _code, _results, output = play(folder, shown(folder, "one", result="txt"), shown(folder, "three"))
    assert "the run 'one' has no result 'txt' (it ended as Succeeded and has: text)" in output
    assert "there is no run 'three' (the last ones: two, one)" in output
