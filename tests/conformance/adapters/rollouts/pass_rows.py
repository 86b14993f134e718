# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about single decisions of a pass over a Rollout: Services, pauses, drains, promotion, history."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import (
    blue_green,
    canary,
    conditions,
    drain,
    pauses,
    promotion,
    replicas,
    sets,
    weights,
    workload,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide.actions import Scale
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model import replicaset
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.replicaset import (
    DEADLINE,
    DESIRED,
    HASH_LABEL,
    ReplicaSet,
)
from tests.conformance.adapters.rollouts import calls, fixtures
from tests.conformance.adapters.rollouts.fixtures import made, replica_set, rollout, status
from tests.conformance.registry import Row, Skip, adapter

CANARY, PAUSE, SETS = "rollout/canary_test.go", "rollout/pause_test.go", "rollout/replicaset_test.go"
SYNC, TRAFFIC = "rollout/sync_test.go", "rollout/trafficrouting_test.go"


def blue_green_rollout(replicas_: int, **settings: Any) -> dict[str, Any]:
    return {"metadata": {"name": "foo"}, "spec": {"replicas": replicas_, "strategy": {"blueGreen": settings}}}


def one(name: str, spec: int, available: int, **annotations: str) -> ReplicaSet:
    return replicaset.of(made(name, spec, available, annotations={DESIRED: str(spec), **annotations}))


@adapter("rollouts", CANARY, "TestCanaryRolloutWithMaxWeightInTrafficRouting")
def max_weight(row: Row) -> None:
    routing = {"maxTrafficWeight": row.value("maxWeight"), "nginx": {}}
    ro = rollout(fixtures.canary(10, [{"setWeight": row.value("setWeight")}], trafficRouting=routing))
    state = {"currentPodHash": "canary", "stableRS": "stable"}
    found = replicas.with_traffic(ro, state, one("canary", 0, 0), one("stable", 10, 10), None)
    assert found == (row.value("expectedUpdatedReplicas"), 10), str(found)


def selected(row: Row, *, managed: bool, aborted: bool) -> str:
    obj = fixtures.canary(2, [], stableService="stable", canaryService="canary")
    new = replica_set(made("new", row.value("canaryReplicas"), row.value("canaryAvailReplicas")))
    old = replica_set(made("old", row.value("canaryReplicas"), row.value("canaryAvailReplicas")))
    state = {"currentPodHash": "new", "stableRS": "old", "abort": aborted}
    selectors = {"stable": "old", "canary": ""}
    known = {"stable", "canary"} if managed else set()
    actions = canary.services(rollout(obj), state, new, old, selectors, known)
    return next((action.hash for action in actions if action.service == "canary"), "")


@adapter("rollouts", CANARY, "TestCanarySVCSelectors")
def selectors_of_new(row: Row) -> None:
    found = selected(row, managed=False, aborted=False)
    assert found == ("new" if row.value("shouldTargetNewRS") else ""), found


@adapter("rollouts", CANARY, "TestCanarySVCSelectorsBasicCanaryAbortServiceSwitchBack")
def selectors_after_abort(row: Row) -> None:
    found = selected(row, managed=True, aborted=row.value("shouldAbortRollout"))
    assert found == ("new" if row.value("shouldTargetNewRS") else "old"), found


@adapter("rollouts", CANARY, "TestIsDynamicallyRollingBackToStable")
def rolling_back(row: Row) -> None:
    routing = None if row.value("trafficRoutingDisabled") else {}
    dynamic = not row.value("dynamicStableScalingDisabled")
    ro = rollout(fixtures.canary(10, [], trafficRouting=routing, dynamicStableScale=dynamic))
    state = row.fields["status"]
    if row.fields.get("trafficWeights") is not None:
        state = {**state, "canary": {"weights": row.fields["trafficWeights"]}}
    available = row.fields.get("rsAvailableReplicas", 1)  # the test makes the ReplicaSet with one pod
    wanted = replica_set(made(row.value("rsHash"), 10, available))
    found = weights.rolling_back_to_stable(ro, state, wanted)
    assert (found is not None) is row.value("expectedResult"), str(found)


def pause_calls(now: float) -> calls.Calls:
    def blue_green_over(recv: Any) -> bool:
        obj = recv["rollout"]
        return pauses.blue_green_over(rollout(obj), status(obj), now, recv.get("addPauseReasons") or [])

    def step_over(recv: Any, pause: Any) -> bool:
        return pauses.step_over(status(recv["rollout"]), pause, now)

    return {
        "rollout.pauseContext.HasAddPause": lambda recv: bool(recv.get("addPauseReasons")),
        "rollout.pauseContext.CompletedBlueGreenPause": blue_green_over,
        "rollout.pauseContext.CompletedCanaryPauseStep": step_over,
        "rollout.requiresManualAction": lambda reason, obj: pauses.needs_a_person(rollout(obj), status(obj), reason),
    }


@adapter(
    "rollouts", PAUSE,
    "TestHasAddPause", "TestHasAddPauseNoReasons", "TestCompletedBlueGreenPause",
    "TestCompletedBlueGreenPauseAutoPromotionDisabled", "TestCompletedCanaryPauseStep",
    "TestCompletedCanaryPauseStepInProgress", "TestRequiresManualAction_InconclusiveAnalysis",
    "TestRequiresManualAction_InconclusiveExperiment", "TestRequiresManualAction_CanaryPauseStep_IndefinitePause",
    "TestRequiresManualAction_CanaryPauseStep_TimedPause", "TestRequiresManualAction_BlueGreen_AutoPromotionDisabled",
    "TestRequiresManualAction_BlueGreen_AutoPromotionEnabled",
)  # fmt: skip
def paused(row: Row) -> None:
    # The test reads the clock again after it made the pause: some time has passed.
    calls.run(row, pause_calls(parse_rfc3339(row.now) + 0.001))


@adapter("rollouts", SETS, "TestGetReplicaSetsForRollouts")
def claimed(_row: Row) -> None:
    raise Skip("tests that a Kubernetes client adopts and releases ReplicaSets; owner references decide with us")


@adapter("rollouts", SETS, "TestReconcileNewReplicaSet")
def new_set(row: Row) -> None:
    now, delay = parse_rfc3339(row.now), row.value("abortScaleDownDelaySeconds")
    ends = now - delay if row.value("abortScaleDownDelayPassed") else now + delay
    annotated = {DEADLINE: rfc3339(ends)} if delay > 0 and row.value("abortScaleDownAnnotated") else {}
    settings = {"abortScaleDownDelaySeconds": delay} if delay >= 0 else {}
    ro = rollout(blue_green_rollout(row.value("rolloutReplicas"), **settings))
    new = one("foo-v2", row.value("newReplicas"), 0, **annotated)
    stable = one("foo-v1", row.value("newReplicas"), row.value("rolloutReplicas"))
    state = {"abort": row.value("abort")}
    found = drain.new_set(ro, state, new, stable, blue_green.new_size(ro, state, new, [new, stable]), now)
    if row.value("failRSUpdate"):
        assert any(isinstance(action, Scale) and action.deadline for action in found.actions), str(found)
        return
    sizes = [action.replicas for action in found.actions if action.replicas not in (None, new.spec)]
    assert sizes == ([row.value("expectedNewReplicas")] if row.value("scaleExpected") else []), str(found)


@adapter("rollouts", SETS, "TestReconcileOldReplicaSet")
def old_set(row: Row) -> None:
    # The test allows no ReplicaSet to wait for its delay (scaleDownDelayRevisionLimit: 0).
    ro = rollout(blue_green_rollout(row.value("rolloutReplicas"), scaleDownDelayRevisionLimit=0))
    old = one("foo-old", row.value("oldReplicas"), row.value("readyPodsFromOldRS"))
    found = drain.old_sets_of_blue_green(ro, {}, [old], {}, parse_rfc3339(row.now), keep=False)
    sizes = [action.replicas for action in found.actions if action.replicas not in (None, old.spec)]
    assert sizes == ([row.value("expectedOldReplicas")] if row.value("scaleExpected") else []), str(found)


@adapter("rollouts", SETS, "TestIsReplicaSetReferenced")
def referenced(row: Row) -> None:
    if row.value("activeService"):
        settings = {"activeService": row.value("activeService"), "previewService": row.value("previewService")}
        ro = rollout(blue_green_rollout(1, **settings))
    else:
        services = {"canaryService": row.value("canaryService"), "stableService": row.value("stableService")}
        ro = rollout(fixtures.canary(1, [], **services))
    known = {
        service["metadata"]["name"]: (service["spec"].get("selector") or {}).get(HASH_LABEL, "")
        for service in row.value("services")
    }
    wanted = replicaset.of({"metadata": {"labels": {HASH_LABEL: row.value("rsHash")}}})
    assert sets.referenced(ro, row.fields.get("status") or {}, wanted, known) is row.value("expectedResult")


@adapter("rollouts", SETS, "TestScaleDownProgressively")
def progressively(row: Row) -> None:
    ro = rollout({"spec": {"replicas": row.value("rolloutReplicas"), "workloadRef": {"scaleDown": "progressively"}}})
    revision, ready = int(row.value("newRSRevision") or 0), row.value("rolloutReadyReplicas")
    shrinking, before = row.value("newRSReplicas") > ro.replicas, row.value("deploymentReplicas")
    wanted = workload.while_taking_over(ro, revision, ready=ready, shrinking=shrinking)
    size = None if wanted is None else workload.deployment_size(wanted, {"spec": {"replicas": before}})
    found = before if size is None else size
    assert found == row.value("expectedDeploymentReplicas"), str(found)


@adapter("rollouts", "rollout/scale_utils_test.go", "TestScaleDeployment")
def deployment(row: Row) -> None:
    if not row.value("deploymentExists") or row.fields.get("updateError") is not None:
        raise Skip("tests that an error of the Kubernetes client is passed on")
    found = workload.deployment_size(row.value("targetScale", 0), {"spec": {"replicas": 5}})
    assert (5 if found is None else found) == row.value("expectedCount"), str(found)


@adapter("rollouts", SYNC, "TestReconcileRevisionHistoryLimit")
def history(row: Row) -> None:
    limit = row.fields.get("revisionHistoryLimit")
    ro = rollout({"spec": {} if limit is None else {"revisionHistoryLimit": limit}})
    found = sets.beyond_history(ro, row.value("replicaSets"))
    assert set(found) == {name for name, gone in row.value("expectedDeleted").items() if gone}, str(found)


@adapter("rollouts", SYNC, "TestSendStateChangeEvents")
def events(row: Row) -> None:
    found = conditions.state_changes(row.fields.get("prevStatus") or {}, row.fields.get("newStatus") or {})
    assert found == (row.fields.get("expectedEventReasons") or []), str(found)


@adapter("rollouts", SYNC, "TestRollbackWindow")
def rollback_window(row: Row) -> None:
    ro = rollout({"spec": {"rollbackWindow": {"revisions": row.value("revisionWindow")}}})
    everything = fixtures.replica_sets(row.table["context"]["replicaSets"])
    new, stable = replica_set(row.fields.get("newRS")), replica_set(row.fields.get("stableRS"))
    assert sets.within_rollback_window(ro, new, stable, everything) is row.value("expectedWithin")


def promoted(row: Row, replicas_: int, available: int) -> str:
    threshold = row.fields.get("threshold")
    ro = rollout(fixtures.canary(replicas_, [{"setWeight": 50}], replicaProgressThreshold=threshold))
    state = {"currentPodHash": "canary", "stableRS": "stable", "currentStepIndex": 1}
    new, stable = one("canary", replicas_, available), one("stable", replicas_, replicas_)
    return promotion.reason(ro, state, new, stable, in_window=False)


@adapter("rollouts", SYNC, "TestShouldFullPromoteWithReplicaProgressThreshold")
def promotion_by_threshold(row: Row) -> None:
    found = promoted(row, 10, row.value("availableReplicas"))
    assert found == row.value("expectedPromotionMessage"), found


@adapter("rollouts", SYNC, "TestShouldFullPromoteCanaryAvailableVsDesired")
def promotion_by_count(row: Row) -> None:
    found = promoted(row, row.value("rolloutReplicas"), row.value("canaryAvailableReplicas"))
    assert found == row.value("expectedPromotionMessage"), found


@adapter("rollouts", TRAFFIC, "TestCheckReplicasAvailableWithReplicaProgressThreshold")
def carries_by_threshold(row: Row) -> None:
    # The test's Rollout has 10 pods and asks for a weight of 50.
    threshold = row.fields.get("threshold")
    ro = rollout(fixtures.canary(10, [], trafficRouting={}, replicaProgressThreshold=threshold))
    assert replicas.can_carry(ro, one("foo", 5, row.value("availableReplicas")), 50) is row.value("expectedResult")


@adapter("rollouts", TRAFFIC, "TestCheckReplicasAvailableWithCustomMaxTrafficWeight")
def carries(row: Row) -> None:
    most = row.value("maxTrafficWeight")
    routing = {"maxTrafficWeight": most} if most else {}
    ro = rollout(fixtures.canary(row.value("totalReplicas"), [], trafficRouting=routing))
    found = replicas.can_carry(ro, one("foo", 1, row.value("availableReplicas")), row.value("desiredWeight"))
    assert found is row.value("expectedResult")


@adapter("rollouts", TRAFFIC, "TestTrafficRoutingErrorsWhenNewCanaryHasNoReplicas")
def router_errors(_row: Row) -> None:
    raise Skip("tests that an error of the router's client is passed on; the loop lets it end the pass")
