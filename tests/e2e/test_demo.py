# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, whole: `slipway demo` as a user runs it, and its JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIGEST = re.compile(r"^[^@]+@sha256:[0-9a-f]{64}$")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("demo") / "out.json"
    slipway = Path(sys.executable).with_name("slipway")
    command = [str(slipway), "demo", "--output", "json", "--out", str(out)]
    environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == json.loads(out.read_text())
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_all_three_deliveries_end_as_they_should(demo: dict[str, Any]) -> None:
    assert demo["result"] == "succeeded"
    assert len(demo["deliveries"]) == 3


def test_the_good_commit_is_promoted_step_by_step(demo: dict[str, Any]) -> None:
    good = demo["deliveries"][0]
    assert good["rollout"] == {"phase": "Healthy", "weights": [20, 50, 80, 100, 0], "analysis": "Successful"}
    assert (good["sync"]["status"], good["sync"]["health"]) == ("Synced", "Healthy")
    assert good["pipeline"]["status"] == "Succeeded"


def test_the_bad_commit_is_rolled_back_by_its_analysis(demo: dict[str, Any]) -> None:
    bad = demo["deliveries"][1]
    assert bad["rollout"] == {"phase": "Degraded", "weights": [20, 0], "analysis": "Failed"}
    assert bad["sync"]["health"] == "Degraded"
    assert bad["pipeline"]["status"] == "Succeeded"


def test_the_revert_gives_the_good_image_again_and_runs_no_step(demo: dict[str, Any]) -> None:
    good, bad, revert = demo["deliveries"]
    assert revert["image"] == good["image"] != bad["image"]
    assert revert["rollout"]["phase"] == "Healthy"
    assert revert["rollout"]["weights"] == [0]
    assert revert["rollout"]["analysis"] is None


def test_every_delivery_names_its_chain(demo: dict[str, Any]) -> None:
    for one in demo["deliveries"]:
        assert re.fullmatch(r"[0-9a-f]{40}", one["commit"])
        assert one["pipeline"]["results"]["commit"] == one["commit"]
        assert DIGEST.match(one["image"])
        assert one["image"].endswith(one["pipeline"]["results"]["image-digest"])
        assert one["sync"]["revision"] == one["config_commit"]
