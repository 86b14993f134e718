# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether the metrics of an analysis can run at all.

Source: argo-rollouts v1.10 utils/analysis/factory.go (ValidateMetrics), metric by metric, the first mistake counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid
from ..model.defaults import integer

_PROVIDERS = (
    "prometheus", "job", "web", "wavefront", "kayenta", "datadog", "newRelic", "cloudWatch", "graphite", "influxdb",
    "skywalking",
)  # fmt: skip


def validate_metrics(metrics: Sequence[Mapping[str, Any]]) -> None:
    """Raise Invalid with upstream's text for the first metric that cannot run."""
    if not metrics:
        raise Invalid("", "no metrics specified", hint="an AnalysisTemplate needs at least one metric")
    seen = set()
    for index, metric in enumerate(metrics):
        if metric.get("name") in seen:
            raise Invalid("", f"metrics[{index}]: duplicate name '{metric.get('name')}'")
        seen.add(metric.get("name"))
        mistake = _mistake(metric)
        if mistake:
            raise Invalid("", f"metrics[{index}]: {mistake}")


def _mistake(metric: Mapping[str, Any]) -> str:
    return _count(metric) or _times(metric) or _limits(metric) or _provider(metric)


def _count(metric: Mapping[str, Any]) -> str:
    count = integer(metric.get("count"))
    failures, successes = integer(metric.get("failureLimit")), integer(metric.get("consecutiveSuccessLimit"))
    if count > 0:
        if count < failures:
            return "count must be >= failureLimit"
        if count < integer(metric.get("inconclusiveLimit")):
            return "count must be >= inconclusiveLimit"
        if count < successes:
            return "count must be >= consecutiveSuccessLimit"
        if successes > 0 and count < failures + successes:
            return "count must be >= failureLimit + consecutiveSuccessLimit"
    return "interval must be specified when count > 1" if count > 1 and not metric.get("interval") else ""


def _times(metric: Mapping[str, Any]) -> str:
    for name, called in (("interval", "interval"), ("initialDelay", "startDelay")):
        text = str(metric.get(name) or "")
        try:
            if text:
                duration.parse_go(text)
        except Invalid:
            return f"invalid {called} string: {duration.go_error(text)}"
    return ""


def _limits(metric: Mapping[str, Any]) -> str:
    if integer(metric.get("failureLimit")) < -1:
        return "failureLimit must be >= -1"
    for name in ("inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"):
        if integer(metric.get(name)) < 0:
            return f"{name} must be >= 0"
    if integer(metric.get("failureLimit")) < 0 and not integer(metric.get("consecutiveSuccessLimit")):
        return "failureLimit must be >= 0"
    return ""


def _provider(metric: Mapping[str, Any]) -> str:
    given = metric.get("provider") or {}
    number = sum(1 for name in _PROVIDERS if given.get(name) is not None) + len(given.get("plugin") or {})
    if number == 0:
        return "no provider specified"
    return "multiple providers specified" if number > 1 else ""
