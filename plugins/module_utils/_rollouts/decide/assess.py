# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What measurements say: of one value, of a metric, of a run.

Source: argo-rollouts v1.9 utils/evaluate/evaluate.go, analysis/analysis.go, utils/analysis/helpers.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid
from ..._lang.expr.evaluate import evaluate

ORDER = ("Successful", "Running", "Pending", "Inconclusive", "Error", "Failed")
DONE = ("Successful", "Failed", "Error", "Inconclusive")


def value_phase(metric: Mapping[str, Any], result: Any) -> str:
    """Return the phase of one measured value by the conditions. Invalid when a condition cannot be evaluated."""
    success, failure = metric.get("successCondition"), metric.get("failureCondition")
    good = _condition(str(success), result) if success else None
    bad = _condition(str(failure), result) if failure else None
    if bad:
        return "Failed"
    if good is None and bad is None:
        return "Successful"
    if good is None:
        return "Successful"
    if good:
        return "Successful"
    return "Failed" if bad is None else "Inconclusive"


def _condition(text: str, result: Any) -> bool:
    env: dict[str, Any] = {
        "result": result,
        "asInt": _as_int,
        "asFloat": _as_float,
        "isNaN": lambda value: value != value,
        "isInf": lambda value: value in (float("inf"), float("-inf")),
        # upstream ignores the argument and looks at the whole result
        "isNil": lambda _value: result is None,
        "default": lambda _value, other: other if result is None else result,
    }
    answer = evaluate(text, env)
    if not isinstance(answer, bool):
        raise Invalid("condition", f"expected bool, but got {type(answer).__name__}: {text!r}")
    return answer


def _as_int(value: Any) -> int:
    if isinstance(value, str):
        return int(value, 10)
    return int(value)


def _as_float(value: Any) -> float:
    return float(value)


@dataclass(slots=True)
class MetricState:
    """What is counted of one metric."""

    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0
    consecutive_error: int = 0
    consecutive_success: int = 0
    phase: str = "Running"
    message: str = ""

    @property
    def count(self) -> int:
        """Errors do not count as measurements."""
        return self.successful + self.failed + self.inconclusive

    def add(self, phase: str) -> None:
        """Count one measurement."""
        if phase == "Successful":
            self.successful += 1
        elif phase == "Failed":
            self.failed += 1
        elif phase == "Inconclusive":
            self.inconclusive += 1
        else:
            self.error += 1
        self.consecutive_error = self.consecutive_error + 1 if phase == "Error" else 0
        self.consecutive_success = self.consecutive_success + 1 if phase == "Successful" else 0


def limit(metric: Mapping[str, Any], name: str, default: int) -> int:
    value = metric.get(name)
    return default if value is None else int(value)


def assess_metric(metric: Mapping[str, Any], state: MetricState) -> tuple[str, str]:
    """Return the metric's phase and message; limits are exceeded strictly, and Error overrides the others."""
    phase, message = "", ""
    failures = limit(metric, "failureLimit", 0)
    if failures >= 0 and state.failed > failures:
        phase, message = "Failed", f"failed ({state.failed}) > failureLimit ({failures})"
    unclear = limit(metric, "inconclusiveLimit", 0)
    if state.inconclusive > unclear:
        phase, message = "Inconclusive", f"inconclusive ({state.inconclusive}) > inconclusiveLimit ({unclear})"
    errors = limit(metric, "consecutiveErrorLimit", 4)
    if state.consecutive_error > errors:
        phase, message = "Error", f"consecutiveErrors ({state.consecutive_error}) > consecutiveErrorLimit ({errors})"
    if phase:
        return phase, message
    wanted = limit(metric, "consecutiveSuccessLimit", 0)
    if wanted > 0 and state.consecutive_success >= wanted:
        return "Successful", f"consecutiveSuccess ({state.consecutive_success}) >= consecutiveSuccessLimit ({wanted})"
    count = effective_count(metric)
    if count is not None and state.count >= count:
        if wanted > 0:
            return ("Inconclusive" if failures >= 0 else "Failed"), "consecutiveSuccessLimit was not reached"
        return "Successful", ""
    return "Running", ""


def effective_count(metric: Mapping[str, Any]) -> int | None:
    """Return how many measurements are taken: one without interval, endless (None) with one."""
    count = metric.get("count")
    if count not in (None, 0, "0", ""):
        return int(str(count))
    return None if metric.get("interval") else 1


def interval(metric: Mapping[str, Any], phase: str) -> float:
    """Return the seconds to the next measurement, from the end of the last; after an error ten."""
    if phase == "Error":
        return 10.0
    text = metric.get("interval")
    return duration.parse_go(str(text)) if text else 0.0


def run_phase(phases: Sequence[str]) -> str:
    """Return the phase of a run: the worst of its metrics; Running while one runs and none is bad."""
    bad = [phase for phase in phases if phase in ("Failed", "Error", "Inconclusive")]
    if bad:
        return max(bad, key=ORDER.index)
    return "Running" if any(phase not in DONE for phase in phases) else "Successful"
