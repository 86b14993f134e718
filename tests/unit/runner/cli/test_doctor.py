# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor: states, costs, mends, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway.cli import _boundary
from slipway.doctor import checks
from slipway.doctor.checks import Check


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))


def found(*checks_: Check) -> object:
    return lambda: list(checks_)


def test_what_is_required_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        checks, "run_all", found(Check("podman", "missing", "not installed", "less", "apt install podman"))
    )
    assert _boundary.call(["doctor"]) == 0
    monkeypatch.setattr(checks, "run_all", found(Check("ansible-core", "missing", "", "none", "pip", required=True)))
    assert _boundary.call(["doctor"]) == 10
    capsys.readouterr()


def test_a_lack_is_told_with_cost_and_mend(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        checks, "run_all", found(Check("podman", "missing", "not installed", "It costs.", "apt install it"))
    )
    _boundary.call(["doctor"])
    text = capsys.readouterr().out
    assert "It costs." in text
    assert "mend: apt install it" in text


def test_json_holds_the_same_facts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(checks, "run_all", found(Check("git", "ok", "2.39", required=True)))
    _boundary.call(["doctor", "--output", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["able"] is True
    assert told["checks"][0]["name"] == "git"


def test_an_empty_path_lacks_the_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [check().state for check in (checks.git, checks.buildah, checks.bubblewrap)] == ["missing"] * 3


def test_bubblewrap_that_cannot_isolate_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    check = checks.bubblewrap()
    assert check.state == "limited"
    assert "No permissions to create new namespace" in check.detail


def test_a_program_that_does_not_start_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(checks, "_tools", lambda: str(tmp_path))
    assert checks.git().state == "broken"


def test_a_state_directory_open_to_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    assert checks.state_directory().state == "limited"


def test_cluster_assets_are_found_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("SLIPWAY_ASSETS", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    assert checks.cluster_assets().state == "missing"
    for name in checks._CLUSTER:
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    assert checks.cluster_assets().state == "ok"
    (tmp_path / "kwok").unlink()
    check = checks.cluster_assets()
    assert (check.state, check.detail) == ("limited", "not there yet: kwok")
