# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about single ReplicaSets: which plays which part, revisions, anti-affinity, blue-green previews."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import (
    affinity,
    blue_green,
    hashes,
    replicas,
    restart,
    sets,
    steps,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model import poddefaults, replicaset
from tests.conformance.adapters.rollouts import calls
from tests.conformance.adapters.rollouts.calls import Many
from tests.conformance.adapters.rollouts.fixtures import given, replica_set, replica_sets, rollout, status
from tests.conformance.registry import Row, adapter

FILE, BLUE_GREEN = "utils/replicaset/replicaset_test.go", "utils/replicaset/bluegreen_test.go"


@adapter("rollouts", FILE, "TestNewRSNewReplicasWitPreviewReplicaCount")
def preview_size(row: Row) -> None:
    context = row.table["context"]
    state = {
        "currentPodHash": row.value("overrideCurrentPodHash") or "foo",
        "promoteFull": row.value("promoteFull"),
        "blueGreen": {
            "activeSelector": row.value("activeSelector"),
            "scaleUpPreviewCheckPoint": row.value("scaleUpPreviewCheckpoint"),
        },
    }
    strategy = {"blueGreen": {"previewReplicaCount": context["previewReplicaCount"]}}
    ro = rollout({"spec": {"replicas": context["replicaCount"], "strategy": strategy}})
    both = replica_sets([context["rs"], context["rs2"]])
    assert blue_green.new_size(ro, state, both[0], both) == row.value("expectReplicaCount")


@adapter("rollouts", FILE, "TestFindActiveOrLatest")
def active_or_latest(row: Row) -> None:
    new, old = row.fields.get("newRS"), row.fields.get("oldRSs") or []
    found = sets.active_or_latest(replica_set(new), replica_sets(old))
    assert given([*([new] if new else []), *old], found) == row.fields.get("expectedRS"), str(found)


@adapter("rollouts", FILE, "TestResolveFenceposts")
def fenceposts(row: Row) -> None:
    try:
        found = replicas.fenceposts(row.fields.get("maxSurge"), row.fields.get("maxUnavailable"), row.value("desired"))
    except Invalid as error:
        assert row.value("expectError"), str(error)
        return
    assert not row.value("expectError")
    assert found == (row.value("expectSurge"), row.value("expectUnavailable")), str(found)


@adapter("rollouts", FILE, "TestMaxSurge")
def max_surge(row: Row) -> None:
    assert replicas.posts(rollout(row.fields["rollout"])).surge == row.value("expected")


@adapter("rollouts", FILE, "TestMaxUnavailable")
def max_unavailable(row: Row) -> None:
    assert replicas.posts(rollout(row.fields["rollout"])).unavailable == row.value("expected")


def new_size(obj: Any, objects: Any, new: Any, recorded: Any) -> int:
    ro, state, everything = rollout(obj), status(obj), replica_sets(objects)
    if not (ro.is_blue_green or ro.is_canary):
        raise Invalid("spec.strategy", "no rollout strategy provided")
    if ro.is_blue_green:
        return blue_green.new_size(ro, state, replica_set(new), everything)
    old = sets.stable(state, replica_set(new), everything)
    if ro.routed:
        return replicas.with_traffic(ro, state, replica_set(new), old, recorded).canary
    others = sets.others(everything, replica_set(new), old)
    return replicas.basic(ro, state, replica_set(new), old, others).canary


def revision(obj: Any) -> int:
    if obj is None:
        raise Invalid("", "object does not implement the Object interfaces")
    number = replicaset.revision(obj)
    if number < 0:
        raise Invalid("metadata.annotations", "the revision is no number")
    return number


def replica_set_revision(_ro: Any, obj: Any) -> int:
    known = ((obj.get("metadata") or {}).get("annotations") or {}).get(replicaset.REVISION)
    return -1 if known is None else replicaset.revision(obj)


def pod_hash(obj: Any) -> str:
    return hashes.pod_template_hash(obj["spec"].get("template") or {}, status(obj).get("collisionCount"))


def generate(obj: Any, given_hash: str | None = None) -> Any:
    return affinity.generate(rollout(obj), status(obj), pod_hash(obj) if given_hash is None else given_hash)


def outdated(found: Any, obj: Any, given_hash: str | None = None) -> bool:
    return affinity.outdated(found, rollout(obj), status(obj), pod_hash(obj) if given_hash is None else given_hash)


def changed_steps(obj: Any) -> bool:
    return hashes.steps_changed(rollout(obj), status(obj))


CALLS: calls.Calls = {
    "replicaset.IsActive": lambda obj: (one := replica_set(obj)) is not None and one.spec > 0,
    "replicaset.NewRSNewReplicas": new_size,
    "replicaset.Revision": revision,
    "replicaset.MaxRevision": lambda objects: sets.max_revision(replica_sets(objects)),
    "replicaset.checkStepHashChange": changed_steps,
    "replicaset.CheckStepHashChange": changed_steps,
    "replicaset.ResetCurrentStepIndex": lambda obj: steps.first(rollout(obj)),
    "replicaset.GetReplicaSetRevision": replica_set_revision,
    "replicaset.GetRolloutAffinity": lambda obj: affinity.wanted(rollout(obj)),
    "replicaset.GenerateReplicaSetAffinity": generate,
    "replicaset.CreateInjectedAntiAffinityRule": lambda obj: affinity.term(rollout(obj), status(obj)),
    "replicaset.HasInjectedAntiAffinityRule": lambda found, obj: Many(affinity.find(found, rollout(obj))),
    "replicaset.RemoveInjectedAntiAffinityRule": lambda found, obj: affinity.remove(found, rollout(obj)),
    "replicaset.IfInjectedAntiAffinityRuleNeedsUpdate": outdated,
    "replicaset.HasScaleDownDeadline": replicaset.has_deadline,
    "replicaset.PodTemplateEqualIgnoreHash": poddefaults.same,
    "replicaset.IsReplicaSetAvailable": lambda obj: sets.available(replica_set(obj)),
    "replicaset.IsReplicaSetPartiallyAvailable": lambda obj: sets.partially_available(replicaset.of(obj)),
}


@adapter(
    "rollouts", FILE,
    "TestIsActive", "TestNewRSNewReplicas", "TestRevision", "TestMaxRevision", "TestCheckStepHashChange",
    "TestResetCurrentStepIndex", "TestGetReplicaSetRevision", "TestGetRolloutAffinity", "TestGenerateReplicaSetAffinity",
    "TestCreateInjectedAntiAffinityRule", "TestHasInjectedAntiAffinityRule", "TestRemoveInjectedAntiAffinityRule",
    "TestIfInjectedAntiAffinityRuleNeedsUpdate", "TestHasScaleDownDeadline", "TestPodTemplateEqualIgnoreHashWithServiceAccount",
    "TestIsReplicaSetAvailable", "TestIsReplicaSetPartiallyAvailable",
)  # fmt: skip
def assertion(row: Row) -> None:
    calls.run(row, CALLS)


@adapter("rollouts", FILE, "TestNeedsRestart")
def needs_restart(row: Row) -> None:
    now = parse_rfc3339(row.now)
    calls.run(row, {"replicaset.NeedsRestart": lambda obj: restart.needed(rollout(obj), status(obj), now)})


def by_template_hash(objects: Any, wanted: str) -> Many:
    known = [obj for obj in objects or [] if obj is not None]
    everything = replica_sets(known)
    rest = sets.without_hash(everything, wanted)
    return Many((given(known, sets.by_hash(everything, wanted)), [given(known, one) for one in rest]))


def ready_for_pause(obj: Any, new: Any, objects: Any) -> bool:
    ro, everything = rollout(obj), replica_sets(objects)
    if not ro.is_blue_green or new is None:
        return False
    one = replicaset.of(new)
    return sets.ready_for_pause(one, blue_green.new_size(ro, status(obj), one, everything))


@adapter("rollouts", BLUE_GREEN, "TestGetReplicaSetByTemplateHash", "TestReadyForPause")
def of_blue_green(row: Row) -> None:
    table: calls.Calls = {
        "replicaset.GetReplicaSetByTemplateHash": by_template_hash,
        "replicaset.ReadyForPause": ready_for_pause,
    }
    calls.run(row, table)
