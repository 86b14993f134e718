# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds of the Argo projects: Rollouts, analysis, experiments, workflows, application sets."""

from __future__ import annotations

from ...._core.types import Manifest
from ..status import Health
from .rules import Check, When, always, conditions, each, first, get, listed, number

_NOT_OBSERVED = Health("Progressing", "Waiting for rollout spec update to be observed")
_UNFINISHED = "Waiting for roll out to finish: "

_FAILED = conditions(
    When("InvalidSpec", None, "Degraded"),
    When("Progressing", None, "Degraded", reason="RolloutAborted"),
    When("Progressing", None, "Degraded", reason="ProgressDeadlineExceeded"),
)


def _integer(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _observed(obj: Manifest) -> bool:
    """False while the controller works on an older generation. A hash (before 0.10) counts as observed."""
    if not obj.get("status"):
        return False
    seen, wanted = _integer(get(obj, "status.observedGeneration")), int(number(obj, "metadata.generation"))
    if seen is not None and seen < wanted:
        return False
    notes = get(obj, "metadata.annotations")
    if get(obj, "spec.workloadRef") is None or notes is None:
        return True
    workload = _integer(notes.get("rollout.argoproj.io/workload-generation"))
    return workload == _integer(get(obj, "status.workloadObservedGeneration"))


def rollout(obj: Manifest) -> Health:
    """The phase decides once the spec was observed; before 1.0 there was none, and the counts tell."""
    if not _observed(obj):
        return _NOT_OBSERVED
    phase, message = get(obj, "status.phase"), str(get(obj, "status.message") or "")
    if phase is not None:
        return Health("Suspended" if phase == "Paused" else str(phase), message)
    return _FAILED(obj) or _without_phase(obj)


def _without_phase(obj: Manifest) -> Health:
    if listed(obj, "status.pauseConditions") or get(obj, "spec.paused"):
        return Health("Suspended", "Rollout is paused")
    current = get(obj, "status.currentPodHash")
    if current is None:
        return Health("Progressing", "Waiting for rollout to finish: status has not been reconciled.")
    updated, available = number(obj, "status.updatedReplicas"), number(obj, "status.availableReplicas")
    if updated < number(obj, "spec.replicas", 1):
        return Health("Progressing", f"{_UNFINISHED}More replicas need to be updated")
    if available < updated:
        return Health("Progressing", f"{_UNFINISHED}updated replicas are still becoming available")
    stable = str(get(obj, "status.stableRS") or get(obj, "status.canary.stableRS") or "")
    if get(obj, "spec.strategy.blueGreen") is not None:
        return _blue_green(obj, str(current), stable)
    if get(obj, "spec.strategy.canary") is None:
        return Health("Healthy")
    if number(obj, "status.replicas") > updated:
        return Health("Progressing", f"{_UNFINISHED}old replicas are pending termination")
    return Health("Healthy") if stable == current else Health("Progressing", "Waiting for rollout to finish steps")


def _blue_green(obj: Manifest, current: str, stable: str) -> Health:
    if get(obj, "status.blueGreen.activeSelector") != current:
        return Health("Progressing", "active service cutover pending")
    if stable not in ("", current):
        return Health("Progressing", "waiting for analysis to complete")
    return Health("Healthy")


_ANALYSIS = {
    "Pending": ("Progressing", "Analysis run is running"),
    "Running": ("Progressing", "Analysis run is running"),
    "Successful": ("Healthy", "Analysis run completed successfully"),
    "Failed": ("Degraded", "Analysis run failed"),
    "Error": ("Degraded", "Analysis run had an error"),
    "Inconclusive": ("Unknown", "Analysis run was inconclusive"),
}
_EXPERIMENT = {
    "Pending": ("Progressing", "Experiment is pending"),
    "Running": ("Progressing", "Experiment is running"),
    "Successful": ("Healthy", "Experiment is successful"),
    "Failed": ("Degraded", "Experiment has failed"),
    "Error": ("Degraded", "Experiment had an error"),
}


def _analysis(obj: Manifest) -> Health:
    """What the run says of itself counts once it ended."""
    status, message = _ANALYSIS.get(str(get(obj, "status.phase")), ("", ""))
    if not status:
        return Health("Progressing", "Waiting for analysis run to finish: status has not been reconciled.")
    own = get(obj, "status.message")
    return Health(status, message if own is None or status == "Progressing" else str(own))


def _experiment(obj: Manifest) -> Health:
    waiting = ("Progressing", "Waiting for experiment to finish: status has not been reconciled.")
    return Health(*_EXPERIMENT.get(str(get(obj, "status.phase")), waiting))


RULES: dict[tuple[str, str], Check] = {
    ("argoproj.io", "Rollout"): rollout,
    ("spot.io", "SpotDeployment"): first(_FAILED, rollout),
    ("argoproj.io", "AnalysisRun"): _analysis,
    ("argoproj.io", "Experiment"): _experiment,
    ("argoproj.io", "ApplicationSet"): first(
        each(
            When("ErrorOccurred", "True", "Degraded"),
            When("ResourcesUpToDate", "False", "Degraded"),
            When("RolloutProgressing", "True", "Progressing"),
            When("ResourcesUpToDate", "True", "Healthy"),
        ),
        always("Progressing", "Waiting for the status to be reported"),
    ),
    ("argoproj.io", "CronWorkflow"): first(
        conditions(
            When("SpecError", "True", "Degraded"),
            When("SubmissionError", "True", "Degraded"),
            When("Completed", "True", "Healthy"),
        ),
        always("Healthy", "CronWorkflow is healthy."),
    ),
    ("argoproj.io", "EventBus"): first(
        conditions(When("Deployed", "False", "Degraded"), When("Deployed", "True", "Healthy")),
        always("Progressing", "Waiting for initialization"),
    ),
}
