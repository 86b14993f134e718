# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When a pause is over, and who ends it.

Knows the spec, the status and the time it is given. Source: argo-rollouts v1.9 rollout/pause.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.clock import parse_rfc3339
from ..model import defaults
from ..model.pause import pause_seconds
from ..model.rollout import Rollout
from . import steps
from .steps import Status

STEP, BLUE_GREEN = "CanaryPauseStep", "BlueGreenPause"
INCONCLUSIVE, INCONCLUSIVE_EXPERIMENT = "InconclusiveAnalysisRun", "InconclusiveExperiment"


def find(status: Status, reason: str) -> Mapping[str, Any] | None:
    """Return the pause condition of a reason, None when there is none."""
    return next((entry for entry in status.get("pauseConditions") or [] if entry.get("reason") == reason), None)


def deadline(condition: Mapping[str, Any], seconds: int) -> float:
    """Return when a pause ends (unix seconds)."""
    return parse_rfc3339(str(condition["startTime"])) + seconds


def step_over(status: Status, pause: Mapping[str, Any] | None, now: float) -> bool:
    """Return whether a pause step is done: somebody cleared its condition, or its time has passed.

    Times are stored as whole seconds, so a pause ends strictly after them. Source: CompletedCanaryPauseStep.
    """
    condition = find(status, STEP)
    if condition is None:
        return bool(status.get("controllerPause"))
    ends = step_ends(status, pause)
    return ends is not None and now > ends


def step_ends(status: Status, pause: Mapping[str, Any] | None) -> float | None:
    """Return when a pause step ends (unix seconds), None while it is not begun or for an indefinite one."""
    condition, seconds = find(status, STEP), pause_seconds(pause)
    return None if condition is None or seconds is None else deadline(condition, seconds)


def blue_green_over(ro: Rollout, status: Status, now: float, added: Sequence[str] = ()) -> bool:
    """Return whether the active Service may switch. Source: CompletedBlueGreenPause.

    With auto-promotion after its seconds (none: at once), else as soon as somebody cleared the condition. `added` are
    the pauses of this very pass.
    """
    if added:
        return False
    if (status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint"):
        return True
    condition = find(status, BLUE_GREEN)
    if not defaults.auto_promotion(ro.spec):
        return bool(status.get("controllerPause")) and condition is None
    seconds = int(ro.blue_green.get("autoPromotionSeconds") or 0)
    if seconds == 0:
        return True
    return condition is not None and now > deadline(condition, seconds)


def needs_a_person(ro: Rollout, status: Status, reason: str) -> bool:
    """Return whether a pause lasts until somebody acts. Source: requiresManualAction."""
    if reason in (INCONCLUSIVE, INCONCLUSIVE_EXPERIMENT):
        return True
    if reason == STEP:
        step = steps.current(ro, status).step
        return step is not None and step.get("pause") is not None and step["pause"].get("duration") is None
    return reason == BLUE_GREEN and not defaults.auto_promotion(ro.spec)
