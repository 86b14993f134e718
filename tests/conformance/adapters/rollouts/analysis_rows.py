# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of argo-rollouts analysis/analysis_test.go: what is due, what counts, what a metric's limits say."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis import limits, schedule
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, adapter


@adapter(
    "rollouts", "analysis/analysis_test.go",
    "TestGenerateMetricTasksInterval", "TestGenerateMetricTasksFailing", "TestGenerateMetricTasksNoIntervalOrCount",
    "TestGenerateMetricTasksIncomplete", "TestGenerateMetricTasksHonorInitialDelay",
    "TestGenerateMetricTasksHonorResumeAt", "TestGenerateMetricTasksError", "TestAssessMetricStatusNoMeasurements",
    "TestAssessMetricStatusInFlightMeasurement", "TestAssessMetricStatusFailureLimit",
    "TestAssessMetricStatusConsecutiveSuccessLimit", "TestAssessMetricStatusFailureLimitAndConsecutiveSuccessLimit",
    "TestAssessMetricStatusInconclusiveLimit", "TestAssessMetricStatusConsecutiveErrors",
    "TestAssessMetricStatusCountReached", "TestCalculateNextReconcileTimeInterval",
    "TestCalculateNextReconcileTimeInitialDelay", "TestCalculateNextReconcileTimeNoInterval",
    "TestCalculateNextReconcileEarliestMetric", "TestCalculateNextReconcileHonorResumeAt",
    "TestCalculateNextReconcileUponError", "TestAssessMetricFailureInconclusiveOrError",
)  # fmt: skip
def analysis(row: Row) -> None:
    now = parse_rfc3339(row.now)

    def tasks(run: Any, metrics: Any) -> Any:
        found = schedule.tasks(run, metrics, now)
        return [{"metric": task.metric, "incompleteMeasurement": task.incomplete} for task in found]

    def next_time(run: Any, metrics: Any) -> Any:
        found = schedule.next_time(run, metrics, now)
        return None if found is None else rfc3339(found)

    def breach(metric: Any, result: Any) -> Any:
        found = limits.breach(metric, result)
        return calls.Many((found.phase, found.message))

    known = {
        "analysis.generateMetricTasks": tasks,
        "analysis.calculateNextReconcileTime": next_time,
        "analysis.assessMetricStatus": limits.metric_phase,
        "analysis.assessMetricFailureInconclusiveOrError": breach,
    }
    calls.run(row, known)
