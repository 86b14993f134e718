# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When the next measurements of an AnalysisRun are due.

Times come in; this file knows neither a clock nor a provider. Moments in a status are RFC 3339 texts or unix seconds.
Source: argo-rollouts v1.10 analysis/analysis.go (generateMetricTasks, calculateNextReconcileTime).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import duration
from ..._core.clock import parse_rfc3339
from ..._core.errors import Invalid
from ..._core.types import Manifest
from .limits import effective_count, is_completed, is_terminating, last_measurement, result_of

ERROR_RETRY = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """A measurement to take now; `incomplete` is one that was started and waits to be completed."""

    metric: Mapping[str, Any]
    incomplete: Mapping[str, Any] | None = None


def moment(value: Any) -> float | None:
    """Return a time of a status as unix seconds."""
    return parse_rfc3339(value) if isinstance(value, str) else value


def tasks(run: Manifest, metrics: Sequence[Mapping[str, Any]], now: float) -> list[Task]:
    """Return the measurements that are due. A terminating run only completes what is in flight."""
    terminating = is_terminating(run)
    found = (_task(run, metric, now, terminating) for metric in metrics)
    return [task for task in found if task is not None]


def _task(run: Manifest, metric: Mapping[str, Any], now: float, terminating: bool) -> Task | None:
    name = str(metric.get("name"))
    if is_completed(run, name):
        return None
    last = last_measurement(run, name)
    if last is not None and last.get("finishedAt") is None:
        resume = moment(last.get("resumeAt"))
        return None if resume is not None and resume > now else Task(metric, last)
    if terminating:
        return None
    due = _first_due(run, metric) if last is None else _next_due(run, metric, last, ERROR_RETRY)
    return Task(metric) if due is not None and due <= now else None


def next_time(run: Manifest, metrics: Sequence[Mapping[str, Any]], now: float) -> float | None:
    """Return when the run has something to do again (unix seconds), None when nothing is scheduled."""
    times = [_wake(run, metric, now) for metric in metrics if not is_completed(run, str(metric.get("name")))]
    return min((time for time in times if time is not None), default=None)


def _wake(run: Manifest, metric: Mapping[str, Any], now: float) -> float | None:
    last = last_measurement(run, str(metric.get("name")))
    if last is None:
        if not metric.get("initialDelay"):
            return None
        started = moment((run.get("status") or {}).get("startedAt"))
        return _after(now if started is None else started, metric["initialDelay"])
    if last.get("finishedAt") is None:
        return moment(last.get("resumeAt"))
    return _next_due(run, metric, last, None)


def _first_due(run: Manifest, metric: Mapping[str, Any]) -> float | None:
    """The delay counts from the start of the run: without a start it has not begun."""
    if not metric.get("initialDelay"):
        return float("-inf")
    started = moment((run.get("status") or {}).get("startedAt"))
    return None if started is None else _after(started, metric["initialDelay"])


def _next_due(
    run: Manifest, metric: Mapping[str, Any], last: Mapping[str, Any], without_interval: float | None
) -> float | None:
    """From the end of the last measurement; after an error always ten seconds."""
    count, result = effective_count(metric), result_of(run, str(metric.get("name"))) or {}
    if count is not None and int(result.get("count") or 0) >= count:
        return None
    finished = moment(last["finishedAt"])
    if finished is None:
        return None
    if last.get("phase") == "Error":
        return finished + ERROR_RETRY
    if metric.get("interval"):
        return _after(finished, metric["interval"])
    return None if without_interval is None else finished + without_interval


def _after(start: float, text: Any) -> float | None:
    try:
        return start + duration.parse_go(str(text))
    except Invalid:
        return None
