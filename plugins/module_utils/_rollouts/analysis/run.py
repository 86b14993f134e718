# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One AnalysisRun, executed in a thread: measurements when they are due, assessed after each.

The thread only measures and counts; who owns the run reads `status()` and writes it to the cluster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import duration
from ..._core.clock import Clock, rfc3339
from ..._core.errors import SlipwayError
from ..decide import assess
from ..decide.assess import MetricState
from .providers import Measured, measure

_KEEP = 10


@dataclass(slots=True)
class _Metric:
    spec: Mapping[str, Any]
    state: MetricState = field(default_factory=MetricState)
    due: float = 0.0
    measurements: list[dict[str, Any]] = field(default_factory=list)


class AnalysisRun:
    """Runs metrics side by side until the run has an end. `changed` is called after each measurement."""

    def __init__(
        self, name: str, metrics: Sequence[Mapping[str, Any]], clock: Clock, changed: Callable[[], None],
        *, http_proxy: str = "", take: Callable[[Mapping[str, Any], str], Measured] = measure,
    ) -> None:  # fmt: skip
        self.name, self._clock, self._changed = name, clock, changed
        self._proxy, self._take = http_proxy, take
        self._started = clock.now()
        self._metrics = [_Metric(spec, due=self._started + _delay(spec)) for spec in metrics]
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"analysis-{name}", daemon=True)
        self.phase, self.message = "Running", ""

    def start(self) -> None:
        self._thread.start()

    def terminate(self) -> None:
        """End it: what has no verdict is Successful. Source: a terminated run's metrics count as they are."""
        self._stop.set()

    @property
    def done(self) -> bool:
        return self.phase in assess.DONE

    def status(self) -> dict[str, Any]:
        """Return the status of the AnalysisRun object."""
        with self._lock:
            return {
                "phase": self.phase,
                **({"message": self.message} if self.message else {}),
                "startedAt": rfc3339(self._started),
                "metricResults": [_result(metric) for metric in self._metrics],
            }

    def step(self) -> float | None:
        """Take the measurements that are due; return the seconds to the next, None when the run has ended."""
        now = self._clock.now()
        for metric in self._metrics:
            if metric.state.phase == "Running" and metric.due <= now:
                self._measure(metric)
        self._assess()
        if self.done:
            return None
        return max(
            0.0, min(metric.due for metric in self._metrics if metric.state.phase == "Running") - self._clock.now()
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = self.step()
            self._changed()
            if wait is None or self._stop.wait(wait):
                break
        if not self.done:
            with self._lock:
                self.phase = "Successful"
        self._changed()

    def _measure(self, metric: _Metric) -> None:
        started = rfc3339(self._clock.now())
        message, text = "", ""
        try:
            found = self._take(metric.spec, self._proxy)
            text = found.text
            phase = assess.value_phase(metric.spec, found.value)
        except SlipwayError as error:
            phase, message = "Error", error.message
        except (TypeError, ValueError) as error:
            phase, message = "Error", str(error)
        record = {"phase": phase, "startedAt": started, "finishedAt": rfc3339(self._clock.now()), "value": text}
        with self._lock:
            metric.state.add(phase)
            metric.measurements = [*metric.measurements, {**record, **({"message": message} if message else {})}][
                -_KEEP:
            ]
            metric.state.phase, metric.state.message = assess.assess_metric(metric.spec, metric.state)
            metric.due = self._clock.now() + assess.interval(metric.spec, phase)

    def _assess(self) -> None:
        with self._lock:
            self.phase = assess.run_phase([metric.state.phase for metric in self._metrics])
            bad = [metric for metric in self._metrics if metric.state.phase in ("Failed", "Error", "Inconclusive")]
            if bad:
                self.message = "; ".join(_why(metric) for metric in bad)


def _why(metric: _Metric) -> str:
    text = f'Metric "{metric.spec["name"]}" assessed {metric.state.phase} due to {metric.state.message}'
    last: dict[str, Any] = next((m for m in reversed(metric.measurements) if m["phase"] != "Successful"), {})
    detail = last.get("message") or (f"last value {last['value']}" if last.get("value") else "")
    return f"{text}: {detail}" if detail else text


def _delay(spec: Mapping[str, Any]) -> float:
    return duration.parse_go(str(spec["initialDelay"])) if spec.get("initialDelay") else 0.0


def _result(metric: _Metric) -> dict[str, Any]:
    state = metric.state
    counts = {
        "successful": state.successful, "failed": state.failed, "inconclusive": state.inconclusive, "error": state.error,
        "consecutiveError": state.consecutive_error, "consecutiveSuccess": state.consecutive_success, "count": state.count,
    }  # fmt: skip
    return {
        "name": metric.spec["name"],
        "phase": state.phase,
        **({"message": state.message} if state.message else {}),
        **{name: value for name, value in counts.items() if value},
        "measurements": list(metric.measurements),
    }
