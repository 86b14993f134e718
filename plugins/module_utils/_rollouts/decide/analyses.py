# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which analyses a pass starts and ends, and what their verdicts do.

Source: argo-rollouts v1.9 rollout/analysis.go.
"""

from __future__ import annotations

from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import pauses, steps, weights
from .actions import Analyse, EndAnalyses
from .seen import Analysis, Pass, Seen

BAD = ("Failed", "Error")


def of_canary(ro: Rollout, seen: Seen, stable: ReplicaSet | None, out: Pass) -> None:
    """Start what is due, and take the verdicts. None runs on a first deployment, after an abort or a promotion."""
    status = out.status
    over = status.get("abort") or status.get("promoteFull") or weights.fully_promoted(status)
    if over or stable is None:
        if any(one.phase == "Running" for one in seen.analyses):
            out.actions.append(EndAnalyses())
        return
    here = steps.current(ro, status)
    index = len(ro.steps) if here.index is None else here.index
    in_background = ro.canary.get("analysis") and not steps.before_starting_step(ro, status)
    if in_background and not any(one.kind == "background" for one in seen.analyses):
        out.actions.append(Analyse("background", index))
    in_step = here.step is not None and here.step.get("analysis") is not None
    if in_step and not any(one.kind == "step" and one.step == index for one in seen.analyses):
        out.actions.append(Analyse("step", index))
    for one in seen.analyses:
        if one.kind != "step" or one.step == index:
            judge(one, out)


def judge(one: Analysis, out: Pass) -> None:
    """Failed and Error abort, Inconclusive pauses."""
    if one.phase in BAD:
        out.status.update(abort=True, abortMessage=one.message)
    elif one.phase == "Inconclusive" and not pauses.find(out.status, pauses.INCONCLUSIVE):
        condition = {"reason": pauses.INCONCLUSIVE, "startTime": ""}
        out.status["pauseConditions"] = [*(out.status.get("pauseConditions") or []), condition]


def successful(seen: Seen, index: int) -> bool:
    """Return whether the analysis of a step is done and good."""
    return any(one.kind == "step" and one.step == index and one.phase == "Successful" for one in seen.analyses)
