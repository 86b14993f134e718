# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod does next and what its status says, without any process."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from slipway.node import decide
from slipway.node.decide import Next, State, adopted


def pod(
    policy: str = "Always", inits: list[Manifest] | None = None, names: tuple[str, ...] = ("a",), **spec: Any
) -> Manifest:
    containers = [{"name": name, "image": "x"} for name in names]
    whole = {"restartPolicy": policy, "initContainers": inits or [], "containers": containers, **spec}
    return {"metadata": {"name": "p", "namespace": "n"}, "spec": whole}


def waiting(name: str = "a") -> State:
    return State(name)


def running(name: str = "a", *, ready: bool = True) -> State:
    return State(name, phase="running", ready=ready, started=True, reason="")


def ended(code: int, name: str = "a", restart_at: float = 0.0) -> State:
    return State(name, phase="terminated", exit_code=code, restart_at=restart_at, reason="")


def states(*every: State) -> dict[str, State]:
    return {state.name: state for state in every}


INIT = {"name": "i", "image": "x"}
SIDECAR = {**INIT, "restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("spec", "now", "expected"),
    [
        (pod(), states(waiting()), Next(start=("a",))),
        (pod(), states(running()), Next()),
        (pod(names=("a", "b")), states(waiting(), waiting("b")), Next(start=("a", "b"))),
        (pod("Never"), states(ended(0)), Next(end="Succeeded")),
        (pod("Never"), states(ended(1)), Next(end="Failed")),
        (pod("OnFailure"), states(ended(0)), Next(end="Succeeded")),
        (pod("OnFailure"), states(ended(1)), Next(start=("a",))),
        (pod("Always"), states(ended(0)), Next(start=("a",))),
        (pod("Always"), states(ended(1, restart_at=130.0)), Next(wake_at=130.0)),
        (pod("Never", names=("a", "b")), states(ended(1), running("b")), Next()),
        (pod("Never", names=("a", "b")), states(ended(1), ended(0, "b")), Next(end="Failed")),
        (pod(inits=[INIT]), states(waiting("i"), waiting()), Next(start=("i",))),
        (pod(inits=[INIT]), states(running("i"), waiting()), Next()),
        (pod(inits=[INIT]), states(ended(0, "i"), waiting()), Next(start=("a",))),
        (pod("Never", inits=[INIT]), states(ended(1, "i"), waiting()), Next(end="Failed")),
        (pod("Always", inits=[INIT]), states(ended(1, "i"), waiting()), Next(start=("i",))),
        (pod("OnFailure", inits=[INIT]), states(ended(0, "i"), ended(0)), Next(end="Succeeded")),
        (pod("Never", inits=[SIDECAR]), states(running("i"), ended(0)), Next(end="Succeeded")),
        (pod("Never", inits=[SIDECAR]), states(ended(1, "i"), running()), Next(start=("i",))),
        (pod(inits=[SIDECAR]), states(State("i", phase="running", started=False), waiting()), Next()),
    ],
)
def test_the_next_step_follows_from_the_states(spec: Manifest, now: dict[str, State], expected: Next) -> None:
    assert decide.next_actions(spec, now, 100.0) == expected


@pytest.mark.parametrize(
    ("spec", "now", "phase"),
    [
        (pod(), states(waiting()), "Pending"),
        (pod(), states(running()), "Running"),
        (pod(names=("a", "b")), states(running(), waiting("b")), "Pending"),
        (pod(), states(State("a", reason="CrashLoopBackOff", last={"terminated": {}})), "Running"),
        (pod(inits=[INIT]), states(running("i"), waiting()), "Pending"),
        (pod("Never"), states(ended(0)), "Succeeded"),
        (pod("Never"), states(ended(3)), "Failed"),
        (pod("Always"), states(ended(3)), "Running"),
    ],
)
def test_the_phase_is_the_kubelets(spec: Manifest, now: dict[str, State], phase: str) -> None:
    assert decide.phase(spec, now) == phase


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (1, 10), (2, 20), (5, 160), (6, 300), (60, 300)])
def test_restarts_back_off_up_to_five_minutes(failures: int, seconds: float) -> None:
    assert decide.backoff(failures) == seconds


def conditions(spec: Manifest, now: dict[str, State], **options: Any) -> dict[str, Manifest]:
    status = decide.status(spec, now, ip="127.64.0.1", host_ip="127.0.0.1", now=1000.0, **options)
    return {item["type"]: item for item in status["conditions"]}


def test_a_ready_pod_has_only_good_conditions() -> None:
    assert {item["status"] for item in conditions(pod(), states(running())).values()} == {"True"}


def test_an_unready_container_is_named() -> None:
    found = conditions(pod(names=("a", "b")), states(running(), running("b", ready=False)))
    assert found["Ready"]["reason"] == "ContainersNotReady"
    assert found["Ready"]["message"] == "containers with unready status: [b]"
    assert found["Initialized"]["status"] == "True"


def test_a_completed_pod_is_not_ready_because_it_completed() -> None:
    found = conditions(pod("Never"), states(ended(0)))
    assert (found["Ready"]["status"], found["Ready"]["reason"]) == ("False", "PodCompleted")


def test_a_closed_readiness_gate_keeps_the_pod_unready() -> None:
    spec = pod(readinessGates=[{"conditionType": "x/y"}])
    found = conditions(spec, states(running()))
    assert (found["Ready"]["reason"], found["ContainersReady"]["status"]) == ("ReadinessGatesNotReady", "True")
    spec["status"] = {"conditions": [{"type": "x/y", "status": "True"}]}
    found = conditions(spec, states(running()))
    assert found["Ready"]["status"] == "True"
    assert found["x/y"] == {"type": "x/y", "status": "True"}


def test_the_time_of_a_transition_stays_until_the_next_one() -> None:
    spec = pod()
    old = {"type": "Ready", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    spec["status"] = {"conditions": [old]}
    assert conditions(spec, states(running()))["Ready"]["lastTransitionTime"] == "2020-01-01T00:00:00Z"
    assert conditions(spec, states(running(ready=False)))["Ready"]["lastTransitionTime"] == "1970-01-01T00:16:40Z"


def test_a_pending_pod_tells_why_its_container_waits() -> None:
    state = State("a", reason="ErrImagePull", message="no route")
    status = decide.status(pod(), states(state), ip="", host_ip="127.0.0.1", now=0.0)
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "ErrImagePull", "message": "no route"}}
    assert "podIP" not in status


@pytest.mark.parametrize(
    ("known", "phase", "code"),
    [
        (None, "waiting", 0),
        ({"state": {"waiting": {}}}, "waiting", 0),
        ({"state": {"running": {"startedAt": "2020-01-01T00:00:00Z"}}, "restartCount": 2}, "terminated", 137),
        ({"state": {"terminated": {"exitCode": 4}}}, "terminated", 4),
    ],
)
def test_a_restarted_node_counts_lost_containers_as_killed(known: Manifest | None, phase: str, code: int) -> None:
    state = adopted(pod(), "a", "x", known)
    assert (state.phase, state.exit_code) == (phase, code)
