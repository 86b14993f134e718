# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When objects are ready, what they lack, and when there is no hope."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.ready import ready
from ansible_collections.slipway.gitops.plugins.module_utils._kube.wait import Condition, evaluate

REF = ObjectRef("x/v1", "X", "x")


def obj(
    api_version: str, kind: str, spec: dict[str, Any] | None = None, generation: int = 1, **status: Any
) -> dict[str, Any]:
    meta = {"name": "x", "generation": generation}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": spec or {}, "status": status}


def deployment(wanted: int = 2, **status: Any) -> dict[str, Any]:
    return obj("apps/v1", "Deployment", {"replicas": wanted}, **{"observedGeneration": 1, **status})


def conditions(**states: str) -> list[dict[str, str]]:
    return [{"type": name, "status": status, "reason": "Because", "message": "text"} for name, status in states.items()]


WAITING = {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
STALLED = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}]
OPEN = [
    (deployment(observedGeneration=0), "seen generation 0 of 1"),
    (obj("apps/v1", "Deployment"), "seen generation 0 of 1"),
    (deployment(updatedReplicas=1), "1 of 2 replicas are updated"),
    (deployment(updatedReplicas=2, replicas=3), "1 old replicas"),
    (deployment(updatedReplicas=2, replicas=2, availableReplicas=1), "1 of 2 replicas are available"),
    (obj("apps/v1", "StatefulSet", {"replicas": 1}, observedGeneration=1), "0 of 1 replicas are ready"),
    (
        obj("apps/v1", "StatefulSet", {}, observedGeneration=1, readyReplicas=1, updatedReplicas=1, updateRevision="b",
            currentRevision="a"),
        "new revision",
    ),
    (obj("apps/v1", "DaemonSet", observedGeneration=1, desiredNumberScheduled=2), "0 of 2 pods are updated"),
    (obj("apps/v1", "ReplicaSet", {"replicas": 1}, observedGeneration=1), "0 of 1 replicas"),
    (obj("v1", "Pod", phase="Pending", containerStatuses=[WAITING]), "container c ImagePullBackOff"),
    (obj("v1", "Pod", phase="Pending", conditions=conditions(PodScheduled="False")), "Because: text"),
    (obj("batch/v1", "Job", {"completions": 3}, succeeded=1, active=2), "1 of 3 pods succeeded, 2 are active"),
    (obj("batch/v1", "Job", {"suspend": True}), "suspended"),
    (obj("v1", "PersistentVolumeClaim", phase="Pending"), "is Pending"),
    (obj("apiextensions.k8s.io/v1", "CustomResourceDefinition"), "not established"),
    (obj("v1", "Service", {"type": "LoadBalancer"}), "load balancer"),
    (obj("x.example/v1", "Thing", conditions=conditions(Ready="False")), "Ready is not True: Because: text"),
    (obj("x.example/v1", "Thing", generation=2, observedGeneration=1), "generation 1 of 2"),
    (obj("x.example/v1", "Thing", conditions=conditions(Reconciling="True", Ready="True")), "Because"),
]  # fmt: skip
DONE = [
    deployment(updatedReplicas=2, replicas=2, availableReplicas=2),
    deployment(0),
    obj("apps/v1", "StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, observedGeneration=1, readyReplicas=1),
    obj("apps/v1", "DaemonSet", observedGeneration=1),
    obj("v1", "Pod", phase="Succeeded"),
    obj("v1", "Pod", phase="Running", conditions=conditions(Ready="True")),
    obj("batch/v1", "Job", conditions=conditions(Complete="True")),
    obj("v1", "PersistentVolumeClaim", phase="Bound"),
    obj("v1", "Service", {"type": "ClusterIP"}),
    obj("v1", "Service", {"type": "LoadBalancer"}, loadBalancer={"ingress": [{"ip": "192.0.2.1"}]}),
    obj("v1", "ConfigMap"),
    obj("x.example/v1", "Thing"),
    obj("x.example/v1", "Thing", conditions=conditions(Available="True")),
]
HOPELESS = [
    (deployment(conditions=STALLED), "ProgressDeadlineExceeded: late"),
    (obj("v1", "Pod", phase="Failed", message="evicted"), "evicted"),
    (obj("batch/v1", "Job", conditions=conditions(Failed="True")), "Because: text"),
    (obj("v1", "PersistentVolumeClaim", phase="Lost"), "is Lost"),
    (obj("x.example/v1", "Thing", conditions=conditions(Stalled="True")), "Because: text"),
    (obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", conditions=conditions(NamesAccepted="False")), "text"),
]


@pytest.mark.parametrize(("one", "why"), OPEN)
def test_what_is_lacking_is_said(one: dict[str, Any], why: str) -> None:
    state = ready(one)
    assert not state.done and not state.failed and why in state.why


@pytest.mark.parametrize("one", DONE)
def test_ready_objects_are_ready(one: dict[str, Any]) -> None:
    assert ready(one).done


@pytest.mark.parametrize(("one", "why"), HOPELESS)
def test_terminal_states_end_the_wait(one: dict[str, Any], why: str) -> None:
    state = ready(one)
    assert state.failed and why in state.why


def test_an_object_that_is_being_deleted_is_not_ready() -> None:
    one = obj("v1", "ConfigMap")
    one["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    assert ready(one).why == "is being deleted"


def test_a_condition_of_an_older_generation_does_not_count() -> None:
    wanted = Condition(REF, "condition", "Ready")
    old = [{"type": "Ready", "status": "True", "observedGeneration": 1}]
    assert "generation 1, not 2" in evaluate(wanted, obj("x/v1", "X", generation=2, conditions=old)).why
    assert evaluate(wanted, obj("x/v1", "X", generation=1, conditions=old)).done
    late = obj("x/v1", "X", generation=2, observedGeneration=1, conditions=conditions(Ready="True"))
    assert not evaluate(wanted, late).done


def test_a_wanted_failure_is_no_failure() -> None:
    failed = obj("batch/v1", "Job", conditions=conditions(Failed="True"))
    assert evaluate(Condition(REF, "condition", "Failed"), failed).done
    assert evaluate(Condition(REF, "condition", "Complete"), failed).failed


@pytest.mark.parametrize("path", [".status.phase", "status.phase", "{.status.phase}"])
def test_a_field_may_be_written_in_three_ways(path: str) -> None:
    pod = obj("v1", "Pod", phase="Running")
    assert evaluate(Condition(REF, "field", path, "Running"), pod).done
    assert evaluate(Condition(REF, "field", path, "Succeeded"), pod).why == f"{path} is Running"
    assert "not set" in evaluate(Condition(REF, "field", path, "x"), obj("v1", "Pod")).why


def test_deletion_names_the_finalizers_it_waits_for() -> None:
    one = obj("v1", "ConfigMap")
    wanted = Condition(REF, "deleted")
    assert evaluate(wanted, None).done
    assert "nobody has asked" in evaluate(wanted, one).why
    one["metadata"].update(deletionTimestamp="2026-01-02T03:04:05Z", finalizers=["x.example/a"])
    assert "x.example/a" in evaluate(wanted, one).why
