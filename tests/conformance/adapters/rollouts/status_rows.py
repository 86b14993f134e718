# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about a Rollout's status: conditions, hashes, annotations, defaults, the text of steps."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import duration
from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import (
    annotations,
    conditions,
    hashes,
    sets,
    steps,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import status as phases
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model import defaults, replicaset
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.rollouts import calls
from tests.conformance.adapters.rollouts.calls import Many
from tests.conformance.adapters.rollouts.fixtures import replica_set, rollout, status
from tests.conformance.registry import Row, adapter

CONDITIONS = "utils/conditions/rollouts_test.go"
ANNOTATIONS, DEFAULTS = "utils/annotations/annotations_test.go", "utils/defaults/defaults_test.go"
HASHES: calls.Calls = {
    "hash.ComputePodTemplateHash": lambda template, collisions: hashes.pod_template_hash(template or {}, collisions),
    "conditions.ComputeStepHash": lambda obj: hashes.of_steps(rollout(obj)),
}


@adapter("rollouts", CONDITIONS, "TestGetCondition")
def get(row: Row) -> None:
    found = conditions.find(row.fields.get("status") or {}, row.value("condType"))
    assert (found is not None) is row.value("expected")


@adapter("rollouts", CONDITIONS, "TestSetCondition")
def set_one(row: Row) -> None:
    before = row.fields.get("status") or {}
    after = {**before, "conditions": conditions.with_condition(before, row.fields["cond"])}
    assert bare(after) == bare(row.fields["expectedStatus"]), str(after)


@adapter("rollouts", CONDITIONS, "TestRemoveCondition")
def remove(row: Row) -> None:
    before = row.fields.get("status") or {}
    after = {**before, "conditions": conditions.without(before, row.value("condType"))}
    assert bare(after) == bare(row.fields["expectedStatus"]), str(after)


@adapter("rollouts", CONDITIONS, "TestRolloutProgressing")
def progressing(row: Row) -> None:
    # The test passes its oldStatus as the new one: what it calls updated is the status before.
    obj = row.fields["updatedRollout"]
    assert conditions.progressing(rollout(obj), status(obj), row.fields["oldStatus"]) is row.value("expected")


@adapter("rollouts", CONDITIONS, "TestRolloutHealthy")
def healthy(row: Row) -> None:
    obj = calls.resolve(row.fields["r"], HASHES)
    after = status(obj)
    found = conditions.healthy(rollout(obj), after, str(after.get("observedGeneration", "")))
    assert found is row.value("expected")


@adapter("rollouts", CONDITIONS, "TestRolloutTimedOut")
def timed_out(row: Row) -> None:
    ro = rollout({"spec": {"progressDeadlineSeconds": row.value("progressDeadlineSeconds")}})
    found = conditions.timed_out(ro, row.fields.get("newStatus") or {}, parse_rfc3339(row.now))
    assert found is row.value("expected")


def completed(_obj: Any, after: Any = None) -> bool:
    return conditions.completed(status(_obj) if after is None else after)


@adapter("rollouts", CONDITIONS, "TestRolloutComplete", "TestComputeStepHash")
@adapter("rollouts", "utils/hash/hash_test.go", "TestHashUtils")
def assertion(row: Row) -> None:
    calls.run(row, {**HASHES, "conditions.RolloutComplete": completed, "conditions.RolloutCompleted": completed})


@adapter("rollouts", ANNOTATIONS, "TestReplicasAnnotationsNeedUpdate")
def annotations_need_update(row: Row) -> None:
    known = (row.fields["replicaSet"].get("metadata") or {}).get("annotations")
    assert annotations.replicas_need_update(known, row.value("desiredReplicas")) is row.value("expected")


def found(name: str) -> Any:
    return lambda obj: Many(annotations.number(obj, name))


def replaced(name: str) -> Any:
    """Answer whether setting a number changes the annotations of an object."""

    def call(obj: Any, value: Any) -> bool:
        known = (obj.get("metadata") or {}).get("annotations") or {}
        return annotations.with_number(known, name, value) != known

    return call


def set_new(obj: Any, new: Any, revision: str, exists: bool) -> bool:
    before = (new.get("metadata") or {}).get("annotations") or {}
    given = (obj.get("metadata") or {}).get("annotations")
    return annotations.for_replica_set(given, before, revision, rollout(obj).replicas, exists=exists) != before


NUMBERS: calls.Calls = {
    "annotations.GetWorkloadGenerationAnnotation": found(annotations.WORKLOAD_GENERATION),
    "annotations.GetRevisionAnnotation": found(replicaset.REVISION),
    "annotations.GetDesiredReplicasAnnotation": found(replicaset.DESIRED),
    "annotations.SetRolloutRevision": replaced(replicaset.REVISION),
    "annotations.SetRolloutWorkloadRefGeneration": replaced(annotations.WORKLOAD_GENERATION),
    "annotations.SetReplicasAnnotations": replaced(replicaset.DESIRED),
    "annotations.SetNewReplicaSetAnnotations": set_new,
    "annotations.IsSaturated": lambda obj, one: sets.saturated(rollout(obj), replica_set(one)),
}


@adapter("rollouts", ANNOTATIONS, "TestAnnotationUtils", "TestGetRevisionAnnotation")
def numbers(row: Row) -> None:
    calls.run(row, NUMBERS)


def of_spec(rule: Any) -> Any:
    return lambda obj: rule((obj or {}).get("spec") or {})


def seconds(value: int | None) -> str | None:
    return None if value is None else duration.format_go(value)


def abort_delay(obj: Any) -> Many:
    delay = defaults.abort_scale_down_delay(obj.get("spec") or {})
    return Many((seconds(delay.seconds), delay.explicit))


VALUES: calls.Calls = {
    "defaults.GetStringOrDefault": defaults.text_or,
    "defaults.GetReplicasOrDefault": defaults.replicas,
    "defaults.GetExperimentScaleDownDelaySecondsOrDefault": of_spec(defaults.experiment_scale_down_delay),
    "defaults.GetRevisionHistoryLimitOrDefault": of_spec(defaults.revision_history_limit),
    "defaults.GetAnalysisRunSuccessfulHistoryLimitOrDefault": of_spec(defaults.successful_runs),
    "defaults.GetAnalysisRunUnsuccessfulHistoryLimitOrDefault": of_spec(defaults.unsuccessful_runs),
    "defaults.GetMaxSurgeOrDefault": of_spec(defaults.max_surge),
    "defaults.GetMaxUnavailableOrDefault": of_spec(defaults.max_unavailable),
    "defaults.GetCanaryIngressAnnotationPrefixOrDefault": of_spec(defaults.ingress_prefix),
    "defaults.GetProgressDeadlineSecondsOrDefault": of_spec(defaults.progress_deadline),
    "defaults.GetExperimentProgressDeadlineSecondsOrDefault": of_spec(defaults.progress_deadline),
    "defaults.GetScaleDownDelaySecondsOrDefault": lambda obj: seconds(defaults.scale_down_delay(obj.get("spec") or {})),
    "defaults.GetAbortScaleDownDelaySecondsOrDefault": abort_delay,
    "defaults.GetAutoPromotionEnabledOrDefault": of_spec(defaults.auto_promotion),
    "defaults.GetConsecutiveErrorLimitOrDefault": defaults.consecutive_error_limit,
}


@adapter(
    "rollouts", DEFAULTS,
    "TestGetStringOrDefault", "TestGetReplicasOrDefault", "TestGetExperimentScaleDownDelaySecondsOrDefault",
    "TestGetRevisionHistoryOrDefault", "TestGetAnalysisRunSuccessfulHistoryLimitOrDefault",
    "TestGetAnalysisRunUnsuccessfulHistoryLimitOrDefault", "TestGetMaxSurgeOrDefault", "TestGetMaxUnavailableOrDefault",
    "TestGetCanaryIngressAnnotationPrefixOrDefault", "TestGetProgressDeadlineSecondsOrDefault",
    "TestGetScaleDownDelaySecondsOrDefault", "TestGetAbortScaleDownDelaySecondsOrDefault",
    "TestGetAutoPromotionEnabledOrDefault", "TestGetExperimentProgressDeadlineSecondsOrDefault",
    "TestGetConsecutiveErrorLimitOrDefault",
)  # fmt: skip
def values(row: Row) -> None:
    calls.run(row, VALUES)


@adapter("rollouts", "utils/rollout/rolloututil_test.go", "TestCanaryStepString")
def step_text(row: Row) -> None:
    shown = steps.text(row.fields.get("step") or {})
    assert shown == row.value("expectedString"), shown


@adapter("rollouts", "utils/rollout/rolloututil_test.go", "Test_isGenerationObserved")
def generation(row: Row) -> None:
    obj = row.fields["ro"]
    assert phases.generation_observed(rollout(obj), status(obj)) is row.value("want")
