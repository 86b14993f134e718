# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What one pipeline task's children (TaskRuns, CustomRuns, child PipelineRuns) say about it.

Reads the raw objects; knows no other task of the pipeline. Source: tektoncd/pipeline
pkg/reconciler/pipelinerun/resources/pipelinerunresolution.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

Run = Mapping[str, Any]


class Kind(StrEnum):
    """What a pipeline task becomes."""

    TASK_RUN = "TaskRun"
    CUSTOM_RUN = "CustomRun"
    PIPELINE_RUN = "PipelineRun"


API_VERSIONS = {
    Kind.TASK_RUN: "tekton.dev/v1",
    Kind.CUSTOM_RUN: "tekton.dev/v1beta1",
    Kind.PIPELINE_RUN: "tekton.dev/v1",
}
CANCELLED = {
    Kind.TASK_RUN: "TaskRunCancelled",
    Kind.CUSTOM_RUN: "CustomRunCancelled",
    Kind.PIPELINE_RUN: "Cancelled",
}


def timeout_message(kind: Kind) -> str:
    """Return the spec.statusMessage of a run that is cancelled because its PipelineRun timed out."""
    return f"{kind} cancelled as the PipelineRun it belongs to has timed out."


def cancel_message(kind: Kind) -> str:
    """Return the spec.statusMessage of a run that is cancelled because its PipelineRun was cancelled."""
    return f"{kind} cancelled as the PipelineRun it belongs to has been cancelled."


def kind_of(spec: Mapping[str, Any]) -> Kind:
    """Return what a pipeline task becomes. A custom task has an apiVersion and a kind in its ref or inline spec."""
    if spec.get("pipelineRef") or spec.get("pipelineSpec"):
        return Kind.PIPELINE_RUN
    for place in ("taskRef", "taskSpec"):
        named = spec.get(place) or {}
        if named.get("apiVersion") and named.get("kind"):
            return Kind.CUSTOM_RUN
    return Kind.TASK_RUN


def condition(run: Run) -> Mapping[str, Any] | None:
    """Return the Succeeded condition."""
    found: Sequence[Mapping[str, Any]] = (run.get("status") or {}).get("conditions") or []
    return next((one for one in found if one.get("type") == "Succeeded"), None)


def _is(run: Run, status: str) -> bool:
    found = condition(run)
    return found is not None and found.get("status") == status


def done(run: Run) -> bool:
    """True when the Succeeded condition is there and not Unknown."""
    found = condition(run)
    return found is not None and found.get("status") != "Unknown"


def succeeded(run: Run) -> bool:
    return _is(run, "True")


def failed(run: Run) -> bool:
    return _is(run, "False")


@dataclass(frozen=True)
class ResolvedTask:
    """A pipeline task with its runs: none (not started), one, or several for a matrix.

    `cel` holds the values of the CEL texts in its when expressions. What its runs say is found once and kept.
    """

    spec: Mapping[str, Any]
    kind: Kind = Kind.TASK_RUN
    runs: tuple[Run, ...] = ()
    cel: Mapping[str, bool] = field(default_factory=dict)

    @cached_property
    def name(self) -> str:
        return str(self.spec.get("name", ""))

    @cached_property
    def matrixed(self) -> bool:
        matrix = self.spec.get("matrix") or {}
        return bool(matrix.get("params") or matrix.get("include"))

    @cached_property
    def ignores_failure(self) -> bool:
        return self.spec.get("onError") == "continue"

    @cached_property
    def scheduled(self) -> bool:
        return bool(self.runs)

    @cached_property
    def successful(self) -> bool:
        return self.scheduled and all(succeeded(run) for run in self.runs)

    @cached_property
    def any_failed(self) -> bool:
        return any(failed(run) for run in self.runs)

    @cached_property
    def failed(self) -> bool:
        """True when a run failed and no other goes on."""
        return self.any_failed and self._all_done

    @cached_property
    def running(self) -> bool:
        return self.scheduled and not self.successful and not self.failed

    @cached_property
    def cancelled(self) -> bool:
        return self._all_done and any(self._is_cancelled(run) for run in self.runs)

    @cached_property
    def cancelled_for_timeout(self) -> bool:
        """True when it was cancelled because the PipelineRun or its tasks timed out."""
        said = timeout_message(self.kind)
        return self._all_done and any(
            self._is_cancelled(run) and (run.get("spec") or {}).get("statusMessage") == said for run in self.runs
        )

    @cached_property
    def reason(self) -> str:
        """The reason of the first run that has not succeeded, else of the first run, else an empty text."""
        reasons = [(run, str(found.get("reason", ""))) for run in self.runs if (found := _first_condition(run))]
        unsuccessful = [reason for run, reason in reasons if not succeeded(run)]
        first = _first_condition(self.runs[0]) if self.runs else None
        return unsuccessful[0] if unsuccessful else str((first or {}).get("reason", ""))

    @cached_property
    def _all_done(self) -> bool:
        return self.scheduled and all(done(run) for run in self.runs)

    def _is_cancelled(self, run: Run) -> bool:
        found = condition(run) or {}
        return found.get("status") == "False" and found.get("reason") == CANCELLED[self.kind]


def _first_condition(run: Run) -> Mapping[str, Any] | None:
    found: Sequence[Mapping[str, Any]] = (run.get("status") or {}).get("conditions") or []
    return found[0] if found else None
