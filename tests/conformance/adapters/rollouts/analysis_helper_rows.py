# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of argo-rollouts utils/analysis: factory_test.go, filter_test.go and helpers_test.go."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis import (
    arguments,
    filters,
    limits,
    metrics,
    template,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.replicaset import HASH_LABEL
from tests.conformance.adapters.rollouts import calls
from tests.conformance.registry import Row, adapter

FACTORY = "utils/analysis/factory_test.go"
FILTER = "utils/analysis/filter_test.go"
BLUE_GREEN = ("BlueGreenPrePromotion", "BlueGreenPostPromotion")
HELPERS = "utils/analysis/helpers_test.go"


@adapter("rollouts", FACTORY, "Test_extractValueFromRollout")
def field(row: Row) -> None:
    try:
        found = arguments.field(row.table["context"]["ro"], row.value("path"))
    except Invalid as error:
        assert error.message == row.value("wantErr")
        return
    assert not row.value("wantErr"), found
    assert found == row.value("want")


def pod_hash(replica_set: Any) -> str:
    return str(replica_set["metadata"]["labels"][HASH_LABEL])


@adapter(
    "rollouts", FACTORY,
    "TestBuildArgumentsForRolloutAnalysisRun", "TestPrePromotionLabels", "TestPostPromotionLabels", "TestStepLabels",
    "TestBackgroundLabels", "TestValidateMetrics", "TestResolveMetricArgs", "TestResolveMetricArgsWithQuotes",
)  # fmt: skip
def factory(row: Row) -> None:
    def labels(kind: str) -> Any:
        return lambda text, instance: template.run_labels(kind, text, instance)

    known = {
        "analysis.BuildArgumentsForRolloutAnalysisRun": lambda given, stable, new, rollout: arguments.build(
            given, pod_hash(stable), pod_hash(new), rollout
        ),
        "analysis.PrePromotionLabels": labels(template.PRE_PROMOTION),
        "analysis.PostPromotionLabels": labels(template.POST_PROMOTION),
        "analysis.BackgroundLabels": labels(template.BACKGROUND),
        "analysis.StepLabels": lambda step, text, instance: template.run_labels(template.STEP, text, instance, step),
        "analysis.ValidateMetrics": metrics.validate_metrics,
        "analysis.ResolveMetricArgs": arguments.resolve_metric,
    }
    calls.run(row, known)


@adapter(
    "rollouts", FILTER,
    "TestGetCurrentAnalysisRunByKind", "TestFilterCurrentRolloutAnalysisRuns", "TestFilterAnalysisRunsByName",
    "TestFilterAnalysisRunsByRolloutType", "TestFilterAnalysisRunsToDelete", "TestFilterAnalysisRunsToDeleteByLimit",
    "TestSortAnalysisRunByPodHash",
)  # fmt: skip
def filtered(row: Row) -> None:
    def current(runs: Any, rollout: Any) -> Any:
        found = filters.current(runs, rollout.get("status") or {})
        return calls.Many((found, found.others))

    def to_array(given: Any) -> Any:
        named = (given.get(name) for name in ("CanaryStep", "CanaryBackground", *BLUE_GREEN))
        return filters.Current(*named).as_list()

    known = {
        "analysis.GetCurrentAnalysisRunByType": lambda runs, kind: next(iter(filters.by_type(runs, kind)), None),
        "analysis.FilterCurrentRolloutAnalysisRuns": current,
        "analysis.CurrentAnalysisRuns.ToArray": to_array,
        "analysis.FilterAnalysisRunsByName": filters.by_name,
        "analysis.FilterAnalysisRunsByRolloutType": filters.by_type,
        "analysis.FilterAnalysisRunsToDelete": filters.to_delete,
        "analysis.SortAnalysisRunByPodHash": filters.by_hash,
    }
    calls.run(row, known)


def new_run(
    templates: Any, cluster: Any, args: Any, dry_run: Any, retention: Any, labels: Any, annotations: Any, *names: str
) -> Any:
    naming = template.Naming(*names, labels=labels, annotations=annotations)
    return template.new_run(templates or [], cluster or [], args or [], dry_run or [], retention or [], naming)


def from_unstructured(obj: Any, args: Any, *names: str) -> Any:
    return template.run_of_template(obj, args, template.Naming(*names))


@adapter(
    "rollouts", HELPERS,
    "TestIsWorst", "TestWorst", "TestIsFastFailTerminating", "TestGetResult", "TestMetricCompleted",
    "TestLastMeasurement", "TestArrayMeasurement", "TestIsTerminating", "TestIsSemanticallyEqual",
    "TestFlattenTemplates", "TestNewAnalysisRunFromTemplates", "TestMergeArgs", "TestNewAnalysisRunFromUnstructured",
    "TestCompatibilityNewAnalysisRunFromTemplate", "TestCompatibilityNewAnalysisRunFromClusterTemplate",
    "TestGetInstanceID", "TestGetDryRunMetrics", "TestGetMeasurementRetentionMetrics", "TestAnalysisTemplateFiltering",
)  # fmt: skip
def helpers(row: Row) -> None:
    known = {
        "analysis.IsWorse": limits.is_worse,
        "analysis.Worst": limits.worst,
        "analysis.IsTerminating": limits.is_terminating,
        "analysis.GetResult": limits.result_of,
        "analysis.MetricCompleted": limits.is_completed,
        "analysis.LastMeasurement": limits.last_measurement,
        "analysis.ArrayMeasurement": limits.measurements,
        "analysis.IsSemanticallyEqual": template.same_analysis,
        "analysis.FlattenTemplates": template.flatten,
        "analysis.NewAnalysisRunFromTemplates": new_run,
        "analysis.MergeArgs": lambda incoming, declared: template.merge_args(incoming or [], declared or []),
        "analysis.NewAnalysisRunFromUnstructured": from_unstructured,
        "unstructured.StrToUnstructured": json.loads,
        "analysis.GetInstanceID": template.instance_id,
        "analysis.GetDryRunMetrics": lambda rules, given: dict.fromkeys(template.dry_run_metrics(rules, given), True),
        "analysis.GetMeasurementRetentionMetrics": template.retention_rules,
        "analysis.FilterUniqueTemplates": lambda *templates: calls.Many(template.unique(part) for part in templates),
    }
    calls.run(row, known)
