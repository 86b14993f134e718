# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary, pass by pass: what was seen gives what happens next. No cluster, no time."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import blue_green, canary, hashes, pauses
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide.actions import (
    Analyse,
    Create,
    Scale,
    Select,
    SetWeight,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide.seen import Analysis, Seen
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.pause import pause_seconds
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.replicaset import ReplicaSet
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.rollout import Rollout, read


def rollout(steps: list[dict[str, Any]], **canary_spec: Any) -> Rollout:
    routing = {"istio": {"virtualService": {"name": "vs"}}}
    strategy = {"stableService": "st", "canaryService": "ca", "trafficRouting": routing, "steps": steps, **canary_spec}
    return read(
        {
            "metadata": {"name": "r", "namespace": "ns", "generation": 1, "uid": "u"},
            "spec": {
                "replicas": 10,
                "selector": {"matchLabels": {"app": "a"}},
                "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c"}]}},
                "strategy": {"canary": strategy},
            },
        }
    )


class World:
    """Does at once what a pass asks for: pods are ready as soon as they are wanted."""

    def __init__(self, ro: Rollout) -> None:
        self.ro, self.status, self.weight, self.now = ro, dict[str, Any](), 0, 1000.0
        self.sets: dict[str, ReplicaSet] = {}
        self.selectors = {"st": "", "ca": ""}
        self.weights: list[int] = []
        self.analyses: list[Analysis] = []
        self.verdict = "Successful"

    def run(self, pod_hash: str, passes: int = 80) -> None:
        for _number in range(passes):
            seen = Seen(list(self.sets.values()), pod_hash, self.weight, dict(self.selectors), list(self.analyses))
            out = canary.decide(self.ro, seen, self.status, self.now)
            same = out.status == self.status
            self.status = out.status
            for action in out.actions:
                self.act(action)
            if not out.actions and same:
                if out.due is None:
                    return
                self.now = out.due

    def act(self, action: Any) -> None:
        if isinstance(action, Create):
            self.sets[action.hash] = ReplicaSet(action.hash, action.hash, action.revision, 0, 0, 0, 0, 10)
        elif isinstance(action, Scale):
            old = self.sets[action.name]
            size = old.spec if action.replicas is None else action.replicas
            deadline = parse_rfc3339(action.deadline) if action.deadline else None
            number = action.revision or old.revision
            self.sets[action.name] = ReplicaSet(old.name, old.hash, number, size, size, size, size, 10, deadline)
        elif isinstance(action, Select):
            self.selectors[action.service] = action.hash
        elif isinstance(action, SetWeight):
            self.weight = action.weight
            self.weights.append(action.weight)
        elif isinstance(action, Analyse):
            self.analyses.append(Analysis(action.kind, action.step, self.verdict, "it was bad"))


STEPS: list[dict[str, Any]] = [{"setWeight": 20}, {"analysis": {}}, {"setWeight": 50}, {"pause": {"duration": "5s"}}]


def deployed(steps: list[dict[str, Any]], **spec: Any) -> World:
    world = World(rollout(steps, **spec))
    world.run("one")
    return world


def test_a_first_deployment_runs_no_steps() -> None:
    world = deployed(STEPS)
    assert (world.weights, world.sets["one"].spec, world.status["stableRS"]) == ([], 10, "one")
    assert world.selectors == {"st": "one", "ca": "one"}


def test_a_new_template_goes_through_the_steps_and_the_weight_returns_to_zero() -> None:
    world = deployed(STEPS)
    world.run("two")
    assert world.weights == [20, 50, 100, 0]
    assert (world.status["stableRS"], world.sets["two"].spec, world.sets["one"].spec) == ("two", 10, 0)
    assert world.now > 1005


def test_a_failed_analysis_aborts_and_the_old_version_stays() -> None:
    world = deployed(STEPS)
    world.verdict = "Failed"
    world.run("two")
    assert world.weights == [20, 0]
    assert (world.status["abort"], world.status["stableRS"], world.status["currentStepIndex"]) == (True, "one", 0)
    assert world.selectors == {"st": "one", "ca": "one"}


def test_going_back_to_the_stable_template_after_an_abort_runs_no_steps() -> None:
    world = deployed(STEPS)
    world.verdict = "Failed"
    world.run("two")
    world.weights.clear()
    world.run("one")
    assert (world.weights, world.status.get("abort"), world.status["currentStepIndex"]) == ([], None, len(STEPS))


def test_an_indefinite_pause_waits_for_a_promotion() -> None:
    world = deployed([{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}])
    world.run("two")
    assert (world.weights, world.status["pauseConditions"][0]["reason"]) == ([20], pauses.STEP)
    del world.status["pauseConditions"]
    world.run("two")
    assert world.weights == [20, 60, 100, 0]


def test_changed_steps_alone_begin_anew() -> None:
    world = deployed([{"setWeight": 20}, {"pause": {}}])
    world.run("two")
    world.ro = rollout([{"setWeight": 30}, {"pause": {}}])
    world.run("two")
    assert world.weights == [20, 0, 30]


def test_traffic_never_goes_to_a_canary_without_pods() -> None:
    ro = rollout(STEPS)
    sets = [ReplicaSet("one", "one", 1, 10, 10, 10, 10, 10), ReplicaSet("two", "two", 2, 2, 2, 0, 0, 10)]
    status = {
        "stableRS": "one",
        "currentPodHash": "two",
        "currentStepHash": hashes.step_hash(ro.steps),
        "currentStepIndex": 0,
    }
    out = canary.decide(ro, Seen(sets, "two", 0, {"st": "one", "ca": "one"}), status, 0.0)
    assert not [action for action in out.actions if isinstance(action, SetWeight)]


def test_a_scale_down_delay_keeps_the_old_pods_for_a_while() -> None:
    world = deployed([{"setWeight": 50}], scaleDownDelaySeconds=30)
    before = world.now
    world.run("two")
    assert world.sets["one"].spec == 0
    assert world.now >= before + 30


def test_the_basic_canary_ends_with_all_new_pods() -> None:
    world = World(rollout([{"setWeight": 20}], trafficRouting=None, stableService=None, canaryService=None))
    world.weight = None  # type: ignore[assignment]
    world.run("one")
    world.run("two")
    assert (world.sets["two"].spec, world.sets["one"].spec, world.status["stableRS"]) == (10, 0, "two")


@pytest.mark.parametrize(("text", "seconds"), [(30, 30), ("30", 30), ("1m", 60), (None, None), ("1d", -1)])
def test_pauses_are_read_as_upstream_reads_them(text: Any, seconds: int | None) -> None:
    assert pause_seconds({"duration": text} if text is not None else {}) == seconds


def test_what_is_not_executed_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"steps\[0\]\.experiment is not executed yet"):
        rollout([{"experiment": {}}])
    with pytest.raises(Invalid, match="SetWeight needs to be between 0 and 100"):
        rollout([{"setWeight": 101}])


def test_a_failed_post_promotion_analysis_gives_the_traffic_back_even_without_all_new_pods() -> None:
    settings = {"activeService": "act", "postPromotionAnalysis": {"templates": [{"templateName": "t"}]}}
    ro = read(
        {
            "metadata": {"name": "r", "namespace": "ns", "generation": 1, "uid": "u"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "a"}},
                "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c"}]}},
                "strategy": {"blueGreen": settings},
            },
        }
    )
    old, new = ReplicaSet("one", "one", 1, 2, 2, 2, 2, 2), ReplicaSet("two", "two", 2, 2, 2, 1, 1, 2)
    status = {"stableRS": "one", "currentPodHash": "two", "blueGreen": {"activeSelector": "two"}}
    seen = Seen([old, new], "two", None, {"act": "two"}, [Analysis("post", 0, "Failed", "bad")], {"act"})
    first = blue_green.decide(ro, seen, status, 0.0)
    assert (first.status["abort"], first.status["stableRS"]) == (True, "one")
    second = blue_green.decide(ro, seen, first.status, 1.0)
    assert Select("act", "one") in second.actions
