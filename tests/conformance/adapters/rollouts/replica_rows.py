# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about the sizes of ReplicaSets and the weight in force."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import (
    metadata,
    replicas,
    sets,
    steps,
    weights,
)
from tests.conformance.adapters.rollouts import calls
from tests.conformance.adapters.rollouts.calls import Many
from tests.conformance.adapters.rollouts.fixtures import canary, given, made, replica_set, replica_sets, rollout, status
from tests.conformance.registry import Row, Skip, adapter

FILE = "utils/replicaset/canary_test.go"


@adapter("rollouts", FILE, "TestCalculateReplicaCountsForCanary")
def counts(row: Row) -> None:
    step = {"setWeight": row.value("setWeight"), "setCanaryScale": row.fields.get("setCanaryScale")}
    obj = canary(
        row.value("rolloutSpecReplicas"), [{key: value for key, value in step.items() if value is not None}],
        surge=row.fields.get("maxSurge", 0), unavailable=row.fields.get("maxUnavailable", 0),
        trafficRouting=row.fields.get("trafficRouting"), minPodsPerReplicaSet=row.fields.get("minPodsPerReplicaSet"),
        abortScaleDownDelaySeconds=row.fields.get("abortScaleDownDelaySeconds"),
    )  # fmt: skip
    state = {**obj["status"], "promoteFull": row.value("promoteFull"), "abort": row.value("statusAbort")}
    ro = rollout(obj)
    new = replica_set(made("canary", row.value("canarySpecReplica"), row.value("canaryAvailableReplica")))
    old = replica_set(made("stable", row.value("stableSpecReplica"), row.value("stableAvailableReplica")))
    if ro.routed:
        found = replicas.with_traffic(ro, state, new, old, None)
    else:
        found = replicas.basic(ro, state, new, old, replica_sets([row.fields.get("olderRS")]))
    wanted = (row.value("expectedCanaryReplicaCount"), row.value("expectedStableReplicaCount"))
    assert found == wanted, f"{found} is not {wanted}"


@adapter("rollouts", FILE, "TestApproximateWeightedNewStableReplicaCounts")
def approximate(row: Row) -> None:
    most = row.value("maxWeight") or 100
    found = replicas.approximate(row.value("replicas"), row.value("weight"), row.value("maxSurge"), most)
    assert found == (row.value("expCanary"), row.value("expStable")), str(found)


@adapter("rollouts", FILE, "TestCalculateReplicaCountsForCanaryTrafficRoutingDynamicScale")
def dynamic(row: Row) -> None:
    # The test calls newRollout(replicas, rolloutMaxReplicas, ...): its second parameter is the weight of the first step.
    all_steps = [{"setWeight": row.value("rolloutMaxReplicas")}, *row.value("steps")]
    obj = canary(row.value("rolloutReplicas"), all_steps, trafficRouting={}, dynamicStableScale=True)
    state = {**obj["status"], "abort": row.value("rolloutAbort")}
    new = replica_set(made("canary", row.value("canaryRSReplicas"), row.value("availableCanaryReplicas")))
    old = replica_set(made("stable", row.value("stableRSReplicas"), row.value("availableStableReplicas")))
    recorded = {role: {"weight": row.value(f"{role}Weight")} for role in ("canary", "stable")}
    found = replicas.with_traffic(rollout(obj), state, new, old, recorded)
    wanted = (row.value("expectedCanaryReplicas"), row.value("expectedStableReplicas"))
    assert found == wanted, f"{found} is not {wanted}"


@adapter("rollouts", FILE, "TestGetReplicasForScaleDown")
def scale_down(row: Row) -> None:
    ignore = row.value("ignoreAvailability")
    found = replicas.countable(replica_set(row.fields.get("rs")), ignore_availability=ignore)
    assert found == row.value("want"), str(found)


@adapter("rollouts", FILE, "TestGetCanaryReplicasOrWeight")
def share(row: Row) -> None:
    obj = row.fields["rollout"]
    found = weights.in_force(rollout(obj), status(obj))
    assert (found.replicas, found.weight) == (row.fields.get("replicas"), row.value("weight")), str(found)


@adapter("rollouts", FILE, "TestParseExistingPodMetadata")
def injected(row: Row) -> None:
    found = metadata.injected(row.fields["rs"])
    assert found == row.fields.get("want"), str(found)


@adapter("rollouts", FILE, "TestAllDesiredAreAvailable")
def all_available(row: Row) -> None:
    assert replicas.all_available(replica_set(row.fields.get("rs")), row.value("desired")) is row.value("want")


@adapter("rollouts", FILE, "TestAllReplicaProgressThresholdMet")
def threshold(row: Row) -> None:
    one = replica_set(row.fields.get("rs"))
    assert replicas.enough_available(row.fields.get("threshold"), one, row.value("desired")) is row.value("want")


@adapter("rollouts", FILE, "TestGetDesiredCanaryWeightOnAbortWithScaleDownDelay")
def abort_weight(row: Row) -> None:
    if row.kind == "assertions":
        return calls.run(row, CALLS)
    raise Skip("the Rollout is made by a function of the Go test (newAbortedRollout) that the row does not carry")


def basic(obj: Any, new: Any, old: Any, others: Any) -> Many:
    return Many(replicas.basic(rollout(obj), status(obj), replica_set(new), replica_set(old), replica_sets(others)))


def routed(obj: Any, new: Any, old: Any, recorded: Any) -> Many:
    return Many(replicas.with_traffic(rollout(obj), status(obj), replica_set(new), replica_set(old), recorded))


def other_sets(_obj: Any, new: Any, old: Any, objects: Any) -> list[Any]:
    found = sets.others(replica_sets(objects), replica_set(new), replica_set(old))
    return [given(objects, one) for one in found]


def stable_set(obj: Any, new: Any, objects: Any) -> Any:
    known = [*([new] if new else []), *(objects or [])]
    return given(known, sets.stable(status(obj), replica_set(new), replica_sets(objects)))


def current(obj: Any) -> Many:
    here = steps.current(rollout(obj), status(obj))
    return Many((here.step, here.index))


def at_size(obj: Any, new: Any, old: Any, others: Any, recorded: Any) -> bool:
    ro = rollout(obj)
    return replicas.at_size(ro, status(obj), replica_set(new), replica_set(old), replica_sets(others), recorded)


def desired_on_abort(obj: Any, new: Any, old: Any, *_more: Any) -> int:
    return weights.abort_weight(rollout(obj), replica_set(new), replica_set(old))


CALLS: calls.Calls = {
    "replicaset.GetDesiredCanaryWeight": desired_on_abort,
    "replicaset.CalculateReplicaCountsForBasicCanary": basic,
    "replicaset.CalculateReplicaCountsForTrafficRoutedCanary": routed,
    "replicaset.trafficWeightToReplicas": weights.pods,
    "replicaset.GetOtherRSs": other_sets,
    "replicaset.GetStableRS": stable_set,
    "replicaset.BeforeStartingStep": lambda obj: steps.before_starting_step(rollout(obj), status(obj)),
    "replicaset.GetCurrentCanaryStep": current,
    "replicaset.GetCurrentSetWeight": lambda obj: weights.set_weight(rollout(obj), status(obj)),
    "replicaset.AtDesiredReplicaCountsForCanary": at_size,
    "replicaset.GetCurrentExperimentStep": lambda obj: steps.experiment(rollout(obj), status(obj)),
    "replicaset.SyncEphemeralPodMetadata": lambda meta, before, wanted: Many(metadata.sync(meta or {}, before, wanted)),
    "replicaset.SyncReplicaSetEphemeralPodMetadata": lambda rs, wanted: Many(metadata.sync_replica_set(rs, wanted)),
}


@adapter(
    "rollouts", FILE,
    "TestCalculateReplicaCountsForNewDeployment", "TestCalculateReplicaCountsForCanaryTrafficRouting",
    "TestCalculateReplicaCountsForCanaryStableRSdEdgeCases", "TestTrafficWeightToReplicas", "TestGetOtherRSs",
    "TestGetStableRS", "TestBeforeStartingStep", "TestGetCurrentCanaryStep", "TestGetCurrentSetWeight",
    "TestAtDesiredReplicaCountsForCanary", "TestGetCurrentExperiment", "TestSyncReplicaSetEphemeralPodMetadata",
    "TestSyncEphemeralPodMetadata",
)  # fmt: skip
def assertion(row: Row) -> None:
    calls.run(row, CALLS)
