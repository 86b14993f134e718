# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One pass over a blue-green update: what was seen in, what happens next and the new status out.

Pure. Source of the order: argo-rollouts v1.9 rollout/bluegreen.go (rolloutBlueGreen), service.go, pause.go, sync.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.clock import rfc3339
from ..model import defaults
from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import analyses, canary, drain, pauses, promotion, sets, weights
from .actions import Analyse, Create, EndAnalyses, Scale, Select
from .seen import Pass, Seen
from .steps import Status

_RUNS = {"pre": "prePromotionAnalysis", "post": "postPromotionAnalysis"}


def decide(ro: Rollout, seen: Seen, status: Mapping[str, Any], now: float) -> Pass:
    """Return what happens next."""
    out = Pass({**status, "blueGreen": dict(status.get("blueGreen") or {})})
    _follow_spec(seen, out.status)
    new = sets.by_hash(seen.replica_sets, seen.new_hash)
    if new is None:
        out.actions.append(Create(seen.new_hash, sets.max_revision(seen.replica_sets) + 1))
        return out
    stable = sets.by_hash(seen.replica_sets, str(out.status.get("stableRS") or ""))
    canary.keep_revision(seen, new, out)
    _note_selectors(ro, seen, out.status)
    fast = fast_tracked(ro, seen, out.status, new, stable)
    _preview(ro, seen, new, out)
    _sizes(ro, seen, new, stable, out, now)
    _pause(ro, seen, new, out, now, fast=fast)
    _active(ro, seen, new, out, now, fast=fast)
    _analyses(ro, seen, new, stable, out, fast=fast)
    _advance(ro, seen, new, stable, out, now)
    return out


def new_size(ro: Rollout, status: Status, new: ReplicaSet | None, everything: Iterable[ReplicaSet]) -> int:
    """Return the pods of the new ReplicaSet: previewReplicaCount until the switch is at hand, else all of them.

    Source: utils/replicaset/replicaset.go (NewRSNewReplicas).
    """
    preview, state = ro.blue_green.get("previewReplicaCount"), status.get("blueGreen") or {}
    active = sets.by_hash(everything, str(state.get("activeSelector") or ""))
    if preview is None or new is None or active is None or active.name == new.name or status.get("promoteFull"):
        return ro.replicas
    resumed = not ro.paused and not status.get("pauseConditions")
    if new.hash == status.get("currentPodHash") and resumed and state.get("scaleUpPreviewCheckPoint"):
        return ro.replicas
    return int(preview)


def fast_tracked(ro: Rollout, seen: Seen, status: Status, new: ReplicaSet, stable: ReplicaSet | None) -> bool:
    """Return whether the switch needs neither pause nor analysis. Source: isBlueGreenFastTracked.

    The first deployment, a full promotion, going back to pods that still wait for their delay or inside the window.
    """
    active = seen.selectors.get(_active_service(ro), "")
    in_window = new.spec > 0 and sets.within_rollback_window(ro, new, stable, seen.replica_sets)
    waiting = new.deadline is not None and not status.get("abort")
    return bool(status.get("promoteFull")) or in_window or waiting or active in ("", new.hash)


def _active_service(ro: Rollout) -> str:
    return str(ro.blue_green.get("activeService") or "")


def _follow_spec(seen: Seen, status: dict[str, Any]) -> None:
    """A changed template begins anew. Source: resetRolloutStatus."""
    if status.get("currentPodHash") == seen.new_hash:
        return
    for name in ("abort", "abortedAt", "abortMessage", "promoteFull", "pauseConditions", "controllerPause", "message"):
        status.pop(name, None)
    for name in ("scaleUpPreviewCheckPoint", *(f"{kind}RunStatus" for kind in _RUNS.values())):
        status["blueGreen"].pop(name, None)
    status["currentPodHash"] = seen.new_hash


def _note_selectors(ro: Rollout, seen: Seen, status: dict[str, Any]) -> None:
    """The status says where the Services point, as seen."""
    for key, service in (("activeSelector", "activeService"), ("previewSelector", "previewService")):
        found = seen.selectors.get(str(ro.blue_green.get(service) or ""), "")
        if found:
            status["blueGreen"][key] = found


def _halted(ro: Rollout, status: Status) -> bool:
    """Nothing moves while the user, or an inconclusive analysis, says so. Source: haltProgress."""
    return ro.paused or pauses.find(status, pauses.INCONCLUSIVE) is not None


def _preview(ro: Rollout, seen: Seen, new: ReplicaSet, out: Pass) -> None:
    service = str(ro.blue_green.get("previewService") or "")
    if service and not _halted(ro, out.status) and seen.selectors.get(service) != new.hash:
        out.actions.append(Select(service, new.hash))


def _sizes(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    """Stable keeps all its pods, the preview gets its own, the rest goes. Source: reconcileBlueGreenReplicaSets."""
    if _halted(ro, out.status):
        return
    if stable is not None and stable.name != new.name:
        changed = stable.spec != ro.replicas or stable.desired != ro.replicas or stable.deadline is not None
        out.actions += [Scale(stable.name, ro.replicas, "")] if changed else []
    wanted = new_size(ro, out.status, new, seen.replica_sets)
    plans = [drain.new_set(ro, out.status, new, stable, wanted, now)]
    rest = sets.others(seen.replica_sets, new, stable)
    plans.append(drain.old_sets_of_blue_green(ro, out.status, rest, seen.selectors, now, keep=_keeps(ro, out.status)))
    for plan in plans:
        out.actions += plan.actions
        if plan.due is not None:
            out.later(plan.due)


def _keeps(ro: Rollout, status: Status) -> bool:
    """Old pods stay until the post-promotion analysis is good, unless their delay is written."""
    written = ro.blue_green.get("scaleDownDelaySeconds") is not None
    return bool(ro.blue_green.get(_RUNS["post"])) and not written and not weights.fully_promoted(status)


def _ready(ro: Rollout, seen: Seen, new: ReplicaSet, status: Status) -> bool:
    return sets.ready_for_pause(new, new_size(ro, status, new, seen.replica_sets))


def _pause(ro: Rollout, seen: Seen, new: ReplicaSet, out: Pass, now: float, *, fast: bool) -> None:
    """Pause when the preview is ready, once. Source: reconcileBlueGreenPause."""
    seconds, auto = int(ro.blue_green.get("autoPromotionSeconds") or 0), defaults.auto_promotion(ro.spec)
    if fast or ro.paused or out.status.get("abort") or not _ready(ro, seen, new, out.status) or (auto and not seconds):
        return
    condition = pauses.find(out.status, pauses.BLUE_GREEN)
    resumed = out.status.get("controllerPause") or out.status["blueGreen"].get("scaleUpPreviewCheckPoint")
    if condition is None and not resumed:
        condition = {"reason": pauses.BLUE_GREEN, "startTime": rfc3339(now)}
        out.status["controllerPause"] = True
        out.status["pauseConditions"] = [*(out.status.get("pauseConditions") or []), condition]
    if condition is not None and auto:
        out.later(pauses.deadline(condition, seconds) + 0.001)


def _may_switch(ro: Rollout, seen: Seen, status: Status, now: float) -> bool:
    analysed = not ro.blue_green.get(_RUNS["pre"]) or _phase(seen, "pre") == "Successful"
    return analysed and pauses.blue_green_over(ro, status, now)


def _phase(seen: Seen, kind: str) -> str | None:
    return next((one.phase for one in seen.analyses if one.kind == kind), None)


def _active(ro: Rollout, seen: Seen, new: ReplicaSet, out: Pass, now: float, *, fast: bool) -> None:
    """Switch the active Service to the new pods, or back after an abort. Source: reconcileActiveService.

    Upstream goes back only while the new pods are all there, so that a broken version can keep the traffic: we always do.
    """
    service, stable = _active_service(ro), str(out.status.get("stableRS") or "")
    target = ""
    if out.status.get("abort"):
        target = stable
    elif not _halted(ro, out.status) and sets.saturated(ro, new):
        switch = fast or _may_switch(ro, seen, out.status, now)
        target = new.hash if switch else ""
    if target and seen.selectors.get(service) != target:
        out.actions.append(Select(service, target))


def _analyses(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, *, fast: bool) -> None:
    """Start what is due, and take the verdicts. None runs on a first deployment, after an abort or a promotion."""
    status, switched = out.status, seen.selectors.get(_active_service(ro)) == new.hash
    over = stable is None or status.get("abort") or status.get("promoteFull") or weights.fully_promoted(status)
    if over:
        if any(one.phase == "Running" for one in seen.analyses):
            out.actions.append(EndAnalyses())
        return
    due = {"pre": not fast and not switched and _ready(ro, seen, new, status), "post": switched}
    for kind, setting in _RUNS.items():
        if ro.blue_green.get(setting) and due[kind] and _phase(seen, kind) is None:
            out.actions.append(Analyse(kind, 0))
    for one in seen.analyses:
        if one.kind in _RUNS:
            status["blueGreen"][f"{_RUNS[one.kind]}RunStatus"] = {"status": one.phase, "message": one.message}
            analyses.judge(one, out)


def _advance(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    """Note an abort, the point from which the preview gets all its pods, or the promotion. Source: syncRolloutStatusBlueGreen."""
    status, in_window = out.status, sets.within_rollback_window(ro, new, stable, seen.replica_sets)
    cleared: tuple[str, ...] = ()
    if status.get("abort") and not status.get("promoteFull"):
        status.setdefault("abortedAt", rfc3339(now))
        cleared = ("pauseConditions", "controllerPause")
    elif not ro.paused:
        _check_point(ro, seen, new, status, now)
        switched = seen.selectors.get(_active_service(ro)) == new.hash
        reason = promotion.blue_green_reason(ro, status, new, in_window=in_window, post_analysis=_phase(seen, "post"))
        if reason and switched and status.get("stableRS") != new.hash:
            status["stableRS"] = new.hash
            status["blueGreen"].pop("scaleUpPreviewCheckPoint", None)
            cleared = ("promoteFull", "pauseConditions", "controllerPause", "abort", "abortedAt", "abortMessage")
        elif pauses.find(status, pauses.BLUE_GREEN) and (switched or status.get("promoteFull")):
            cleared = ("pauseConditions", "controllerPause")
    for name in cleared:
        status.pop(name, None)


def _check_point(ro: Rollout, seen: Seen, new: ReplicaSet, status: dict[str, Any], now: float) -> None:
    """Once the pause and the analysis are done a small preview grows to all pods, and never shrinks again.

    Source: calculateScaleUpPreviewCheckPoint.
    """
    preview = ro.blue_green.get("previewReplicaCount")
    if preview is None or weights.fully_promoted(status) or not _may_switch(ro, seen, status, now):
        return
    if new.available == int(preview):
        status["blueGreen"]["scaleUpPreviewCheckPoint"] = True
        status.pop("pauseConditions", None)
