# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One pass over a canary: what was seen in, what happens next and the new status out.

Pure. Source of the order: argo-rollouts v1.9 rollout/canary.go (rolloutCanary), sync.go, trafficrouting.go, pause.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.clock import parse_rfc3339, rfc3339
from ..model.rollout import Rollout, pause_seconds
from . import hashes, replicas, weights
from .actions import Action, Analyse, Create, EndAnalyses, Scale, Select, SetWeight
from .replicas import Counts
from .weights import Progress

PAUSE_STEP, PAUSE_INCONCLUSIVE = "CanaryPauseStep", "InconclusiveAnalysisRun"


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """What matters of a ReplicaSet. `deadline` is when it may be drained (unix seconds), None for not annotated."""

    name: str
    hash: str
    revision: int
    spec: int
    total: int
    ready: int
    available: int
    desired: int
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis of this rollout: `kind` is step or background."""

    kind: str
    step: int
    phase: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A snapshot. `weight` is the canary's in the router, None without traffic routing; selectors by Service."""

    replica_sets: Sequence[ReplicaSet]
    new_hash: str
    weight: int | None
    selectors: Mapping[str, str]
    analyses: Sequence[Analysis] = ()


@dataclass(slots=True)
class Pass:
    """The outcome of one pass. `due` is when to look again (unix seconds), None when only a change matters."""

    status: dict[str, Any]
    actions: list[Action] = field(default_factory=list)
    due: float | None = None

    def later(self, moment: float) -> None:
        self.due = moment if self.due is None else min(self.due, moment)


def decide(ro: Rollout, seen: Seen, status: Mapping[str, Any], now: float) -> Pass:
    """Return what happens next."""
    out = Pass(dict(status))
    _follow_spec(ro, seen, out.status)
    new = _find(seen, seen.new_hash)
    if new is None:
        out.actions.append(Create(seen.new_hash, _next_revision(seen)))
        return out
    stable = _find(seen, out.status.get("stableRS", ""))
    _keep_revision(seen, new, out)
    _services(ro, seen, new, stable, out)
    _traffic(ro, seen, new, stable, out)
    _analyses(ro, seen, stable, out)
    _sizes(ro, seen, new, stable, out, now)
    _pause(ro, out, now)
    _advance(ro, seen, new, stable, out, now)
    return out


def _find(seen: Seen, wanted: str) -> ReplicaSet | None:
    return next((one for one in seen.replica_sets if wanted and one.hash == wanted), None)


def _next_revision(seen: Seen) -> int:
    return max((one.revision for one in seen.replica_sets), default=0) + 1


def _follow_spec(ro: Rollout, seen: Seen, status: dict[str, Any]) -> None:
    """A changed template or changed steps begin anew; going back to the stable template skips all steps."""
    steps = hashes.step_hash(ro.steps)
    if status.get("currentPodHash") == seen.new_hash and status.get("currentStepHash") == steps:
        return
    stable = status.get("stableRS", "")
    fresh = stable and stable != seen.new_hash
    for name in ("abort", "abortedAt", "abortMessage", "promoteFull", "pauseConditions", "controllerPause", "message"):
        status.pop(name, None)
    status["canary"] = (
        {"weights": (status.get("canary") or {}).get("weights")} if (status.get("canary") or {}).get("weights") else {}
    )
    status["currentPodHash"], status["currentStepHash"] = seen.new_hash, steps
    _set_index(ro, status, 0 if fresh else len(ro.steps))
    if not stable:
        status.pop("stableRS", None)


def _set_index(ro: Rollout, status: dict[str, Any], index: int) -> None:
    if ro.steps:
        status["currentStepIndex"] = index
    else:
        status.pop("currentStepIndex", None)


def progress(ro: Rollout, status: Mapping[str, Any]) -> Progress:
    """Return where the canary stands by its status."""
    stable = status.get("stableRS", "")
    index = status.get("currentStepIndex")
    step = len(ro.steps) if index is None or status.get("promoteFull") else int(index)
    return Progress(step, bool(status.get("abort")), not stable or stable == status.get("currentPodHash"))


def _keep_revision(seen: Seen, new: ReplicaSet, out: Pass) -> None:
    """An old ReplicaSet that is used again gets the newest revision."""
    highest = max(one.revision for one in seen.replica_sets)
    if new.revision < highest:
        out.actions.append(Scale(new.name, None, revision=highest + 1))
    out.status["revision"] = max(new.revision, highest + 1 if new.revision < highest else highest)


def _services(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass) -> None:
    """The stable Service follows the stable ReplicaSet; the canary's the new one, once it has a pod."""
    aborted = bool(out.status.get("abort"))
    target = stable or (new if new.available >= ro.replicas else None)
    if ro.stable_service and target and seen.selectors.get(ro.stable_service) != target.hash:
        out.actions.append(Select(ro.stable_service, target.hash))
    wanted = stable if aborted and stable and (seen.weight or 0) == 0 else new if new.available > 0 else None
    if ro.canary_service and wanted and seen.selectors.get(ro.canary_service) != wanted.hash:
        out.actions.append(Select(ro.canary_service, wanted.hash))


def sizes_wanted(ro: Rollout, status: Mapping[str, Any]) -> tuple[int, int]:
    """Return (new, stable) under traffic routing at this point."""
    here = progress(ro, status)
    if here.promoted:
        return ro.replicas, 0
    weight = weights.in_force(ro.steps, here, ro.max_weight)
    scale = (
        None if here.aborted or here.step >= len(ro.steps) else weights.canary_scale(ro.steps, here.step, ro.replicas)
    )
    minimum = int(ro.canary.get("minPodsPerReplicaSet") or 0)
    return replicas.with_traffic(ro.replicas, weight, scale, minimum, ro.max_weight)


def at_size(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, status: Mapping[str, Any]) -> bool:
    """Return whether the ReplicaSets have the pods that this step wants."""
    if ro.traffic:
        want_new, want_stable = sizes_wanted(ro, status)
        good = new.spec == new.available == want_new
        return good and (stable is None or stable is new or stable.spec == stable.total == want_stable)
    if stable is None or stable.hash == new.hash:
        return new.available >= ro.replicas
    want_new, want_stable = replicas.approximate(
        ro.replicas, weights.in_force(ro.steps, progress(ro, status)), _posts(ro)[0]
    )
    others = sum(one.available for one in _others(seen, new, stable))
    return new.spec == new.available == want_new and stable.spec == stable.total == want_stable and others == 0


def _posts(ro: Rollout) -> tuple[int, int]:
    return replicas.fenceposts(ro.canary.get("maxSurge"), ro.canary.get("maxUnavailable"), ro.replicas)


def _others(seen: Seen, new: ReplicaSet, stable: ReplicaSet | None) -> list[ReplicaSet]:
    return [one for one in seen.replica_sets if one is not new and one is not stable]


def _traffic(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass) -> None:
    """Write the weight when it changes; never send the stable pods more than they can carry."""
    if seen.weight is None or stable is None:
        return
    here = progress(ro, out.status)
    ready = at_size(ro, seen, new, stable, out.status)
    wanted = weights.desired(ro.steps, here, available=new.available, at_size=ready, most=ro.max_weight)
    if here.promoted and any(
        isinstance(action, Select) and action.service == ro.stable_service for action in out.actions
    ):
        return  # first the Service, in a later pass the weight: no request meets a Service without pods
    if stable.available < (ro.max_weight - wanted) * ro.replicas // ro.max_weight:
        return
    if wanted != seen.weight:
        out.actions.append(SetWeight(wanted))
    pair = {
        "canary": (wanted, ro.canary_service, new.hash),
        "stable": (ro.max_weight - wanted, ro.stable_service, stable.hash),
    }
    out.status.setdefault("canary", {})["weights"] = {
        role: {"weight": weight, "serviceName": service, "podTemplateHash": pod_hash}
        for role, (weight, service, pod_hash) in pair.items()
    }


def _analyses(ro: Rollout, seen: Seen, stable: ReplicaSet | None, out: Pass) -> None:
    """Start what is due, and take the verdicts: Failed and Error abort, Inconclusive pauses."""
    here = progress(ro, out.status)
    if here.promoted or here.aborted or stable is None:
        if any(one.phase == "Running" for one in seen.analyses):
            out.actions.append(EndAnalyses())
        return
    background = ro.canary.get("analysis")
    if (
        background
        and here.step >= int(background.get("startingStep") or 0)
        and not any(a.kind == "background" for a in seen.analyses)
    ):
        out.actions.append(Analyse("background", here.step))
    in_step = here.step < len(ro.steps) and "analysis" in ro.steps[here.step]
    if in_step and not any(a.kind == "step" and a.step == here.step for a in seen.analyses):
        out.actions.append(Analyse("step", here.step))
    for one in seen.analyses:
        if one.kind == "step" and one.step != here.step:
            continue
        if one.phase in ("Failed", "Error"):
            out.status.update(abort=True, abortMessage=one.message)
        elif one.phase == "Inconclusive" and not _has_pause(out.status, PAUSE_INCONCLUSIVE):
            out.status.setdefault("pauseConditions", []).append({"reason": PAUSE_INCONCLUSIVE, "startTime": ""})


def _has_pause(status: Mapping[str, Any], reason: str) -> bool:
    return any(entry.get("reason") == reason for entry in status.get("pauseConditions") or [])


def _sizes(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    if ro.paused:
        return
    if ro.traffic or stable is None or stable.hash == new.hash:
        _sizes_with_traffic(ro, new, stable, out, now)
    else:
        _sizes_basic(ro, seen, new, stable, out)
    for other in _others(seen, new, stable):
        _drain(ro, other, new, out, now)


def _sizes_with_traffic(ro: Rollout, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    want_new, want_stable = sizes_wanted(ro, out.status)
    if stable is not None and stable.hash != new.hash and stable.spec != want_stable:
        out.actions.append(Scale(stable.name, want_stable, ""))
    if out.status.get("abort") and want_new == 0 and new.spec > 0:
        _after_abort(ro, new, stable, out, now)
    elif new.spec != want_new or new.deadline is not None or new.desired != ro.replicas:
        out.actions.append(Scale(new.name, want_new, ""))


def _after_abort(ro: Rollout, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    """The canary keeps its pods for a while, once the stable pods carry everything; a delay of 0 keeps them for good."""
    delay = ro.abort_scale_down_delay
    if delay == 0 or stable is None or stable.available < ro.replicas:
        return
    if new.deadline is None:
        out.actions.append(Scale(new.name, None, rfc3339(now + delay)))
    elif now >= new.deadline:
        out.actions.append(Scale(new.name, 0, ""))
    else:
        out.later(new.deadline)


def _sizes_basic(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet, out: Pass) -> None:
    weight = weights.in_force(ro.steps, progress(ro, out.status))
    surge, unavailable = _posts(ro)
    rest = _others(seen, new, stable)
    others = Counts(sum(one.spec for one in rest), sum(one.available for one in rest))
    here, old = Counts(new.spec, new.available), Counts(stable.spec, stable.available)
    want_new, want_stable = replicas.basic(ro.replicas, weight, surge, unavailable, here, old, others)
    if stable.spec != want_stable:
        out.actions.append(Scale(stable.name, want_stable, ""))
    elif new.spec != want_new:
        out.actions.append(Scale(new.name, want_new, ""))


def _drain(ro: Rollout, old: ReplicaSet, new: ReplicaSet, out: Pass, now: float) -> None:
    """Old pods stay for scaleDownDelaySeconds under traffic routing. A delay of 0 drains at once (upstream: never)."""
    if old.spec == 0:
        return
    done = progress(ro, out.status).promoted
    if not done or ro.scale_down_delay == 0:
        if not done or new.available >= ro.replicas:
            out.actions.append(Scale(old.name, 0, ""))
    elif old.deadline is None:
        out.actions.append(Scale(old.name, None, rfc3339(now + ro.scale_down_delay)))
    elif now >= old.deadline:
        out.actions.append(Scale(old.name, 0, ""))
    else:
        out.later(old.deadline)


def _pause(ro: Rollout, out: Pass, now: float) -> None:
    """A pause step adds its condition once; who promotes removes it and leaves controllerPause."""
    here = progress(ro, out.status)
    step = ro.steps[here.step] if here.step < len(ro.steps) else {}
    if here.promoted or here.aborted or "pause" not in step or out.status.get("controllerPause"):
        return
    out.status["controllerPause"] = True
    out.status.setdefault("pauseConditions", []).append({"reason": PAUSE_STEP, "startTime": rfc3339(now)})


def _advance(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    """Complete at most one step, or promote, or note an abort."""
    status, here = out.status, progress(ro, out.status)
    if here.aborted:
        status.setdefault("abortedAt", rfc3339(now))
        status.pop("pauseConditions", None)
        status.pop("controllerPause", None)
        _set_index(ro, status, len(ro.steps) if here.promoted else 0)
        return
    if ro.paused:
        return
    if here.promoted or here.step >= len(ro.steps):
        _promote(ro, seen, new, status)
        return
    if _completed(ro, seen, new, stable, out, here, now):
        _set_index(ro, status, here.step + 1)
        for name in ("pauseConditions", "controllerPause"):
            status.pop(name, None)


def _promote(ro: Rollout, seen: Seen, new: ReplicaSet, status: dict[str, Any]) -> None:
    routed = seen.weight is None or not status.get("stableRS") or seen.weight == ro.max_weight
    if status.get("stableRS") == new.hash or new.available < ro.replicas or not routed:
        return
    status["stableRS"] = new.hash
    status.pop("promoteFull", None)
    _set_index(ro, status, len(ro.steps))


def _completed(
    ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, here: Progress, now: float
) -> bool:
    step = ro.steps[here.step]
    if "setWeight" in step:
        routed = seen.weight is None or seen.weight == int(step["setWeight"])
        return routed and at_size(ro, seen, new, stable, out.status)
    if "setCanaryScale" in step:
        return at_size(ro, seen, new, stable, out.status)
    if "analysis" in step:
        return any(a.kind == "step" and a.step == here.step and a.phase == "Successful" for a in seen.analyses)
    return _pause_over(step["pause"], out, now)


def _pause_over(pause: Mapping[str, Any] | None, out: Pass, now: float) -> bool:
    conditions = [entry for entry in out.status.get("pauseConditions") or [] if entry["reason"] == PAUSE_STEP]
    if not conditions:
        return bool(out.status.get("controllerPause"))
    seconds = pause_seconds(pause)
    if seconds is None:
        return False
    end = parse_rfc3339(conditions[0]["startTime"]) + seconds
    if now > end:
        return True
    out.later(end + 0.001)
    return False
