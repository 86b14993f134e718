# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run needs in a cluster with Tekton, and what its pods say about the steps."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import remote


def obj(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


GIVEN = {
    ("Pipeline", "p"): obj(
        "Pipeline", "p", {"tasks": [{"taskRef": {"name": "t"}}], "finally": [{"taskRef": {"name": "f"}}]}
    ),
    ("Task", "t"): obj("Task", "t", {"steps": [{"ref": {"name": "a"}}]}),
    ("Task", "f"): obj("Task", "f", {"steps": []}),
    ("Task", "unused"): obj("Task", "unused", {"steps": []}),
    ("StepAction", "a"): obj("StepAction", "a", {"image": "i"}),
}


def needed(spec: dict[str, Any]) -> list[str]:
    found = remote.needed({"spec": spec}, lambda kind, name: GIVEN.get((kind, name)))
    return [f"{one['kind']} {one['metadata']['name']}" for one in found]


def test_a_run_needs_what_it_refers_to_and_that_comes_first() -> None:
    assert needed({"pipelineRef": {"name": "p"}}) == ["StepAction a", "Task t", "Task f", "Pipeline p"]


def test_what_a_resolver_finds_is_not_ours_to_apply() -> None:
    assert needed({"taskRef": {"resolver": "git", "name": "t"}}) == []


def test_what_is_not_given_is_looked_for_in_the_cluster() -> None:
    assert needed({"taskRef": {"name": "there"}}) == []


def test_given_values_win_over_params_of_the_run() -> None:
    run = {"spec": {"params": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}}
    assert remote.with_params(run, {"b": "3"})["spec"]["params"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "3"},
    ]


def test_a_step_has_begun_when_those_before_it_have_ended() -> None:
    running, done = {"running": {}}, {"terminated": {"exitCode": 0}}
    states = {"step-a": done, "step-b": running, "step-c": running}
    pod = {
        "spec": {"containers": [{"name": name} for name in states]},
        "status": {"containerStatuses": [{"name": name, "state": state} for name, state in states.items()]},
    }
    assert remote.started_steps(pod) == ["step-a", "step-b"]


def test_a_run_without_a_condition_is_not_done() -> None:
    assert not remote.condition({}).done
