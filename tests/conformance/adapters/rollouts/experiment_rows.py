# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of argo-rollouts utils/experiment/experiment_test.go and utils/conditions/experiments_test.go."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import duration
from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.decide import (
    conditions,
    experiment,
    experiment_conditions,
)
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, adapter

EXPERIMENT = "utils/experiment/experiment_test.go"
CONDITIONS = "utils/conditions/experiments_test.go"


@adapter(
    "rollouts", EXPERIMENT,
    "TestGetRolloutOwnerRef", "TestHasFinished", "TestCalculateTemplateReplicasCount", "TestPassedDurations",
    "TestGetTemplateStatusMapping", "TestReplicaSetNameFromExperiment", "TestIsTerminating", "TestGetAnalysisRunStatus",
    "TestGetTemplateStatus", "TestTemplateIsWorse", "TestWorse", "TestIsSemanticallyEqual",
    "TestRequiredAnalysisRunsSuccessful", "TestHasRequiredAnalysisRuns",
)  # fmt: skip
def experiments(row: Row) -> None:
    now = parse_rfc3339(row.now)

    def passed(obj: Any) -> calls.Many:
        left = experiment.time_left(obj, now)
        return calls.Many((experiment.passed_duration(obj, now), duration.format_go(left or 0.0)))

    known = {
        "experiment.GetRolloutOwnerRef": experiment.rollout_owner,
        "experiment.HasFinished": experiment.has_finished,
        "experiment.CalculateTemplateReplicasCount": experiment.template_replicas,
        "experiment.PassedDurations": passed,
        "experiment.GetTemplateStatusMapping": experiment.template_statuses,
        "experiment.ReplicasetNameFromExperiment": experiment.replica_set_name,
        "experiment.IsTerminating": experiment.is_terminating,
        "experiment.GetAnalysisRunStatus": experiment.run_status,
        "experiment.GetTemplateStatus": experiment.template_status,
        "experiment.TemplateIsWorse": experiment.is_worse,
        "experiment.Worst": experiment.worst,
        "experiment.IsSemanticallyEqual": experiment.same_experiment,
        "experiment.RequiredAnalysisRunsSuccessful": experiment.required_runs_successful,
        "experiment.HasRequiredAnalysisRuns": experiment.has_required_runs,
    }
    calls.run(row, known)


@adapter("rollouts", CONDITIONS, "TestGetExperimentCondition")
def found(row: Row) -> None:
    condition = conditions.find(row.fields.get("status") or {}, row.value("condType"))
    assert (condition is not None) is row.value("expected")


@adapter("rollouts", CONDITIONS, "TestSetExperimentCondition", "TestRemoveExperimentCondition")
def changed(row: Row) -> None:
    status = row.fields.get("status") or {}
    if row.test == "TestSetExperimentCondition":
        after = conditions.with_condition(status, row.fields["cond"])
    else:
        after = conditions.without(status, row.value("condType"))
    assert bare({**status, "conditions": after}) == bare(row.fields.get("expectedStatus") or {})


@adapter("rollouts", CONDITIONS, "TestExperimentProgressing")
def progressing(row: Row) -> None:
    old, new = ({"templateStatuses": row.fields.get(name) or []} for name in ("oldStatus", "updatedStatus"))
    assert experiment_conditions.is_progressing(old, new) is bool(row.value("expected"))


@adapter("rollouts", CONDITIONS, "TestNewCondition", "TestExperimentRunning", "TestVerifyExperimentSpecBaseCases")
def specs(row: Row) -> None:
    now = parse_rfc3339(row.now)
    known = {
        "conditions.NewExperimentConditions": lambda *texts: experiment_conditions.new_condition(*texts, now),
        "conditions.ExperimentRunning": lambda obj: experiment_conditions.is_running(obj, now),
        "conditions.VerifyExperimentSpec": lambda obj, before: experiment_conditions.invalid_spec(obj, before, now),
    }
    calls.run(row, known)
