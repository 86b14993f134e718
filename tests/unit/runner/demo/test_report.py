# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demo tells is what the runs reported."""

from __future__ import annotations

from typing import Any

from slipway.demo.report import Delivered, as_json


def delivered(
    name: str, expected: str, phase: str, weights: list[int], *, image: str = "reg/a@sha256:1", sync: str = "Synced"
) -> Delivered:
    health = "Healthy" if phase == "Healthy" else "Degraded"
    rollout = {"phase": phase, "weights": weights, "analysis": None}
    application = {"info": {"sync": sync, "health": health, "revision": "r"}, "rollouts": [rollout]}
    result: dict[str, Any] = {
        "image": image,
        "config_commit": "r",
        "pipeline": {"status": "Succeeded"},
        "applications": [application],
    }
    return Delivered(name, "c", expected, "run", "/d", 1.0, "", result)


GOOD = delivered("good", "promoted", "Healthy", [20, 100, 0])
BAD = delivered("bad", "aborted", "Degraded", [20, 0], image="reg/a@sha256:2")
REVERT = delivered("revert", "promoted", "Healthy", [0])


def test_three_expected_ends_are_a_success() -> None:
    assert as_json([GOOD, BAD, REVERT])["result"] == "succeeded"


def test_a_bad_commit_that_was_promoted_is_a_failure() -> None:
    assert as_json([GOOD, delivered("bad", "aborted", "Healthy", [20, 100, 0]), REVERT])["result"] == "failed"


def test_a_revert_with_another_image_is_a_failure() -> None:
    other = delivered("revert", "promoted", "Healthy", [0], image="reg/a@sha256:3")
    assert as_json([GOOD, BAD, other])["result"] == "failed"


def test_an_application_out_of_sync_is_a_failure() -> None:
    assert as_json([delivered("good", "promoted", "Healthy", [0], sync="OutOfSync"), BAD, REVERT])["result"] == "failed"


def test_a_run_without_a_result_is_a_failure_and_not_a_crash() -> None:
    empty = Delivered("good", "c", "promoted", "run", "/d", 1.0, "it broke", {})
    assert as_json([empty, BAD, REVERT])["result"] == "failed"
