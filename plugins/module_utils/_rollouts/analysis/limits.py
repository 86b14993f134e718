# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the measurements of a metric say, and what the metrics say of a run.

Works on AnalysisRun objects (spec, status) as they lie in the cluster; knows no time, no provider and no expression.
Source: argo-rollouts v1.10 analysis/analysis.go (assessMetricStatus, assessRunStatus), utils/analysis/helpers.go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.types import Manifest
from ..model import defaults
from ..model.defaults import integer

ORDER = ("Successful", "Running", "Pending", "Inconclusive", "Error", "Failed")
DONE = ("Successful", "Failed", "Error", "Inconclusive")
BAD = ("Failed", "Error", "Inconclusive")
KEPT = 10
_COUNTER = {"Successful": "successful", "Failed": "failed", "Inconclusive": "inconclusive", "Error": "error"}

Metric = Mapping[str, Any]
Result = Mapping[str, Any]


def is_worse(current: str, new: str) -> bool:
    """Return whether `new` is a worse phase than `current`; an unknown phase counts as Successful."""
    return _rank(new) > _rank(current)


def worst(left: str, right: str) -> str:
    """Return the worse of two phases."""
    return right if is_worse(left, right) else left


def _rank(phase: str) -> int:
    return ORDER.index(phase) if phase in ORDER else 0


def effective_count(metric: Metric) -> int | None:
    """Return how many measurements are taken: one without interval, endless (None) with one."""
    count = integer(metric.get("count"))
    if count == 0:
        return None if metric.get("interval") else 1
    return count


def result_of(run: Manifest, name: str) -> dict[str, Any] | None:
    """Return the metricResult of a metric, None when nothing was measured yet."""
    results = (run.get("status") or {}).get("metricResults") or []
    return next((entry for entry in results if entry.get("name") == name), None)


def is_completed(run: Manifest, name: str) -> bool:
    """Return whether a metric has its verdict."""
    found = result_of(run, name)
    return found is not None and found.get("phase") in DONE


def measurements(run: Manifest, name: str) -> list[dict[str, Any]]:
    """Return the measurements of a metric, oldest first."""
    return list((result_of(run, name) or {}).get("measurements") or [])


def last_measurement(run: Manifest, name: str) -> dict[str, Any] | None:
    """Return the measurement that was started last, None before the first."""
    found = measurements(run, name)
    return found[-1] if found else None


def is_terminating(run: Manifest) -> bool:
    """Return whether a run ends: it was told to, or a metric that is no dry run went bad."""
    if (run.get("spec") or {}).get("terminate"):
        return True
    results = (run.get("status") or {}).get("metricResults") or []
    return any(entry.get("phase") in BAD for entry in results if not entry.get("dryRun"))


def counted(result: Result, measurement: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with one finished measurement added to its counters and its list; errors add nothing to count."""
    phase = str(measurement["phase"])
    out = {**result, "measurements": [*(result.get("measurements") or []), measurement]}
    name = _COUNTER[phase]
    out[name] = int(result.get(name) or 0) + 1
    if phase != "Error":
        out["count"] = int(result.get("count") or 0) + 1
    for kind, counter in (("Error", "consecutiveError"), ("Successful", "consecutiveSuccess")):
        out[counter] = int(result.get(counter) or 0) + 1 if phase == kind else 0
    return out


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was exceeded: the phase it gives and upstream's text. Both are empty when none was."""

    phase: str = ""
    message: str = ""


def breach(metric: Metric, result: Result) -> Breach:
    """Return which limit the counters exceed, strictly; Error overrides Inconclusive overrides Failed.

    A failureLimit below zero switches that limit off.
    """
    found = Breach()
    failures, limit = int(result.get("failed") or 0), integer(metric.get("failureLimit"))
    if 0 <= limit < failures:
        found = Breach("Failed", f"failed ({failures}) > failureLimit ({limit})")
    unclear, limit = int(result.get("inconclusive") or 0), integer(metric.get("inconclusiveLimit"))
    if unclear > limit:
        found = Breach("Inconclusive", f"inconclusive ({unclear}) > inconclusiveLimit ({limit})")
    errors = int(result.get("consecutiveError") or 0)
    limit = defaults.consecutive_error_limit(metric)
    if errors > limit:
        found = Breach("Error", f"consecutiveErrors ({errors}) > consecutiveErrorLimit ({limit})")
    return found


def metric_phase(metric: Metric, result: Result, terminating: bool) -> str:
    """Return the phase of a metric from its counters and its last measurement."""
    if result.get("phase") in DONE:
        return str(result["phase"])
    taken = result.get("measurements") or []
    if not taken:
        return "Successful" if terminating else "Pending"
    if taken[-1].get("phase") not in DONE:
        return "Running"
    return breach(metric, result).phase or _by_count(metric, result, terminating)


def _by_count(metric: Metric, result: Result, terminating: bool) -> str:
    wanted = integer(metric.get("consecutiveSuccessLimit"))
    if 0 < wanted <= int(result.get("consecutiveSuccess") or 0):
        return "Successful"
    count = effective_count(metric)
    if count is not None and int(result.get("count") or 0) >= count:
        if wanted <= 0:
            return "Successful"
        return "Inconclusive" if integer(metric.get("failureLimit")) >= 0 else "Failed"
    return "Successful" if terminating else "Running"


@dataclass(slots=True)
class Summary:
    """How many metrics ended how."""

    count: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0

    def add(self, phase: str) -> None:
        name = _COUNTER.get(phase, "successful")
        setattr(self, name, getattr(self, name) + 1)

    def as_status(self) -> dict[str, int]:
        """Return the RunSummary of the status, without zeros."""
        names = ("count", "successful", "failed", "inconclusive", "error")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@dataclass(slots=True)
class Assessment:
    """The verdict over a run: `results` are its metricResults with their new phases and messages."""

    phase: str = ""
    message: str = ""
    results: list[dict[str, Any]] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)
    dry_run_summary: Summary = field(default_factory=Summary)


def assess_run(run: Manifest, metrics: Sequence[Metric], dry_run: Collection[str] = ()) -> Assessment:
    """Return what the metrics say of the run: the worst of those with a verdict, Running while others go on.

    Dry-run metrics are summed apart and never make a run fail.
    """
    terminating = is_terminating(run)
    out = Assessment(message="Run Terminated" if (run.get("spec") or {}).get("terminate") else "")
    everything = True
    for metric in metrics:
        dry = metric["name"] in dry_run
        (out.dry_run_summary if dry else out.summary).count += 1
        found = result_of(run, metric["name"])
        if found is None:
            everything = False
            continue
        result = _with_phase(metric, found, terminating)
        if result["phase"] in DONE:
            _weigh(out, metric, result, dry)
        else:
            everything = False
        out.results.append(result)
    if terminating:
        out.phase = out.phase or "Successful"
    elif not everything or not out.phase:
        out.phase, out.message = "Running", ""
    return out


def _with_phase(metric: Metric, result: Result, terminating: bool) -> dict[str, Any]:
    phase, taken = metric_phase(metric, result, terminating), result.get("measurements") or []
    out = {**result, "phase": phase}
    if phase != result.get("phase") and taken and taken[-1].get("message"):
        out["message"] = taken[-1]["message"]
    return out


def _weigh(out: Assessment, metric: Metric, result: dict[str, Any], dry: bool) -> None:
    why, phase = breach(metric, result), result["phase"]
    if dry:
        out.phase = out.phase or "Successful"
        out.dry_run_summary.add(why.phase)
        if why.message:
            result["message"] = f"Metric assessed {phase} due to {why.message}"
        return
    out.summary.add(why.phase)
    if out.phase and not is_worse(out.phase, phase):
        return
    out.phase = phase
    if why.message:
        detail = f': "Error Message: {result["message"]}"' if result.get("message") else _last_value(result)
        out.message = f'Metric "{metric["name"]}" assessed {phase} due to {why.message}{detail}'


def _last_value(result: Result) -> str:
    """Upstream leaves the value out; people ask for it first."""
    taken = result.get("measurements") or []
    value = next((entry.get("value") for entry in reversed(taken) if entry.get("phase") != "Successful"), "")
    return f": last value {value}" if value else ""


def trimmed(result: Result, retention: Mapping[str, int]) -> dict[str, Any]:
    """Return the result with its newest measurements only: ten, or what the metric's retention rule says."""
    limit = retention.get(str(result.get("name"))) or 0
    return {**result, "measurements": list(result.get("measurements") or [])[-(limit if limit > 0 else KEPT) :]}
