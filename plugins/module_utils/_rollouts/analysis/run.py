# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One AnalysisRun, executed in a thread: measurements when they are due, assessed after each.

The thread only measures and counts; who owns the run reads `status()` and writes it to the cluster. `secret` returns
a key of a Secret of the run's namespace.
Verdicts are limits.py's, schedules are schedule.py's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.clock import Clock, rfc3339
from ..._core.errors import Invalid, SlipwayError
from ..._core.redact import current as redactor
from ..._core.types import Manifest
from . import limits, schedule, template
from .arguments import resolve_metric
from .evaluate import value_phase
from .limits import Assessment
from .metrics import validate_metrics
from .providers import Measured, measure

_TIMES = ("startedAt", "finishedAt")
Secret = Callable[[str, str], str]


class AnalysisRun:
    """Runs the metrics of an AnalysisRun's spec until the run has an end. `changed` is called after each measurement.

    A spec that cannot run ends at once in phase Error, as upstream's controller has it: so a rollout aborts.
    """

    def __init__(
        self, name: str, spec: Mapping[str, Any], clock: Clock, changed: Callable[[], None],
        *, secret: Secret, http_proxy: str = "", take: Callable[[Mapping[str, Any], str], Measured] = measure,
    ) -> None:  # fmt: skip
        self.name, self._clock, self._changed = name, clock, changed
        self._proxy, self._take, self._secret = http_proxy, take, secret
        self._metrics: list[dict[str, Any]] = []
        self._dry_run: set[str] = set()
        self._retention: dict[str, int] = {}
        self._object: Manifest = {"spec": dict(spec), "status": {"startedAt": clock.now(), "metricResults": []}}
        self._verdict = self._prepared(spec)
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"analysis-{name}", daemon=True)

    def _prepared(self, spec: Mapping[str, Any]) -> Assessment:
        try:
            args = [_without_secret(arg) for arg in spec.get("args") or []]
            self._metrics = [resolve_metric(metric, args) for metric in spec.get("metrics") or []]
        except Invalid as error:
            return Assessment("Error", f"Unable to resolve metric arguments: {error.message}")
        try:
            validate_metrics(self._metrics)
            self._dry_run = template.dry_run_metrics(spec.get("dryRun") or [], self._metrics)
            rules = template.retention_rules(spec.get("measurementRetention") or [], self._metrics)
        except Invalid as error:
            return Assessment("Error", f"Analysis spec invalid: {error.message}")
        self._retention = {name: int(rule.get("limit") or 0) for name, rule in rules.items()}
        return Assessment("Running")

    def start(self) -> None:
        self._thread.start()

    def terminate(self) -> None:
        """End it: what has no verdict is Successful. Source: a terminated run's metrics count as they are."""
        self._stop.set()

    @property
    def phase(self) -> str:
        return self._verdict.phase

    @property
    def message(self) -> str:
        return self._verdict.message

    @property
    def done(self) -> bool:
        return self.phase in limits.DONE

    def status(self) -> dict[str, Any]:
        """Return the status of the AnalysisRun object."""
        with self._lock:
            verdict, status = self._verdict, self._object["status"]
            dry = verdict.dry_run_summary.as_status()
            return {
                "phase": verdict.phase,
                **({"message": verdict.message} if verdict.message else {}),
                "startedAt": rfc3339(status["startedAt"]),
                "metricResults": [_readable(result) for result in status["metricResults"]],
                "runSummary": verdict.summary.as_status(),
                **({"dryRunSummary": dry} if dry else {}),
            }

    def step(self) -> float | None:
        """Take the measurements that are due; return the seconds to the next, None when the run has ended."""
        if self.done:
            return None
        try:
            due = [self._resolved(task.metric) for task in self._tasks()]
        except SlipwayError as error:
            self._verdict = Assessment("Error", f"Unable to resolve metric arguments: {redactor.scrub(error.message)}")
            return None
        for metric in due:
            self._measure(metric)
        self._assess()
        if self.done:
            return None
        now = self._clock.now()
        after = schedule.next_time(self._object, self._metrics, now)
        return 1.0 if after is None else max(0.0, after - now)

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = self.step()
            self._changed()
            if wait is None or self._stop.wait(wait):
                break
        if not self.done:
            self._object["spec"]["terminate"] = True
            self._assess()
        self._changed()

    def _tasks(self) -> list[schedule.Task]:
        return schedule.tasks(self._object, self._metrics, self._clock.now())

    def _resolved(self, metric: Mapping[str, Any]) -> dict[str, Any]:
        """Secrets are read for each measurement and are nowhere but in it."""
        spec = self._object["spec"]
        args = [_with_secret(arg, self._secret) for arg in spec.get("args") or []]
        return resolve_metric(spec["metrics"][self._metrics.index(dict(metric))], args)

    def _measure(self, metric: Mapping[str, Any]) -> None:
        started = self._clock.now()
        message, text = "", ""
        try:
            found = self._take(metric, self._proxy)
            text = found.text
            phase = value_phase(metric, found.value)
        except SlipwayError as error:
            phase, message = "Error", error.message
        except (TypeError, ValueError) as error:
            phase, message = "Error", str(error)
        record: dict[str, Any] = {
            "phase": phase,
            "startedAt": started,
            "finishedAt": self._clock.now(),
            **({"value": text} if text else {}),
            **({"message": redactor.scrub(message)} if message else {}),
        }
        self._record(str(metric["name"]), record)

    def _record(self, name: str, record: Mapping[str, Any]) -> None:
        new: dict[str, Any] = {"name": name, "phase": "Running", **({"dryRun": True} if name in self._dry_run else {})}
        before = limits.result_of(self._object, name) or new
        after = limits.trimmed(limits.counted(before, record), self._retention)
        with self._lock:
            self._object["status"]["metricResults"] = _replaced(self._object["status"]["metricResults"], after)

    def _assess(self) -> None:
        verdict = limits.assess_run(self._object, self._metrics, self._dry_run)
        with self._lock:
            self._object["status"]["metricResults"] = verdict.results
            # a metric that just went bad ends the run: the others are then assessed as terminated
            if verdict.phase == "Running" and limits.is_terminating(self._object):
                verdict = limits.assess_run(self._object, self._metrics, self._dry_run)
                self._object["status"]["metricResults"] = verdict.results
            self._verdict = verdict


def _without_secret(arg: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**arg, "value": "temp-for-secret"} if arg.get("valueFrom") is not None else arg


def _with_secret(arg: Mapping[str, Any], secret: Secret) -> Mapping[str, Any]:
    source = (arg.get("valueFrom") or {}).get("secretKeyRef")
    return arg if source is None else {**arg, "value": secret(str(source.get("name")), str(source.get("key")))}


def _replaced(results: Sequence[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    if all(entry["name"] != new["name"] for entry in results):
        return [*results, new]
    return [new if entry["name"] == new["name"] else entry for entry in results]


def _readable(result: Mapping[str, Any]) -> dict[str, Any]:
    taken = [
        {key: rfc3339(value) if key in _TIMES else value for key, value in entry.items()}
        for entry in result.get("measurements") or []
    ]
    return {**{key: value for key, value in result.items() if value not in (0, "")}, "measurements": taken}
