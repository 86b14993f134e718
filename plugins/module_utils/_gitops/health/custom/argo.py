# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks for kinds of the Argo projects: Rollouts, analysis, experiments, workflows, application sets."""

from __future__ import annotations

from ...._core.types import Manifest
from ..status import Health
from .rules import Check


def _rollout(obj: Manifest) -> Health:
    """The phase decides once the generation was observed."""
    status = obj.get("status") or {}
    observed = str(status.get("observedGeneration", ""))
    if not status or (observed.isdigit() and int(observed) != obj["metadata"].get("generation")):
        return Health("Progressing", "Waiting for rollout spec update to be observed")
    phase, message = status.get("phase"), str(status.get("message") or "")
    words = {"Paused": "Suspended", "Progressing": "Progressing", "Degraded": "Degraded", "Healthy": "Healthy"}
    return Health(words.get(str(phase), "Progressing"), message)


def _analysis(obj: Manifest) -> Health:
    status = obj.get("status") or {}
    words = {"Successful": "Healthy", "Failed": "Degraded", "Error": "Degraded", "Inconclusive": "Unknown"}
    return Health(words.get(str(status.get("phase")), "Progressing"), str(status.get("message") or ""))


RULES: dict[tuple[str, str], Check] = {
    ("argoproj.io", "Rollout"): _rollout,
    ("argoproj.io", "AnalysisRun"): _analysis,
}
