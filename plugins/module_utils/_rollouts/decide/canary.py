# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One pass over a canary: what was seen in, what happens next and the new status out.

Pure. Source of the order: argo-rollouts v1.9 rollout/canary.go (rolloutCanary), sync.go, trafficrouting.go, pause.go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..._core.clock import rfc3339
from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import analyses, drain, hashes, pauses, promotion, replicas, sets, steps, weights
from .actions import Action, Create, Label, Scale, Select, SetWeight
from .seen import Pass, Seen
from .steps import Status


def decide(ro: Rollout, seen: Seen, status: Mapping[str, Any], now: float) -> Pass:
    """Return what happens next."""
    out = Pass(dict(status))
    _follow_spec(ro, seen, out.status)
    new = sets.by_hash(seen.replica_sets, seen.new_hash)
    if new is None:
        out.actions.append(Create(seen.new_hash, sets.max_revision(seen.replica_sets) + 1))
        return out
    stable = sets.by_hash(seen.replica_sets, str(out.status.get("stableRS", "")))
    recorded = weights.recorded(out.status)
    keep_revision(seen, new, out)
    aim = _first_deployment(ro, new, stable)
    out.actions += services(ro, out.status, new, aim, seen.selectors, seen.managed, routed_weight=seen.weight)
    _traffic(ro, seen, new, stable, out)
    analyses.of_canary(ro, seen, stable, out)
    _sizes(ro, seen, new, stable, recorded, out, now)
    _pause(ro, out, now)
    _advance(ro, seen, new, stable, out, now)
    return out


def _follow_spec(ro: Rollout, seen: Seen, status: dict[str, Any]) -> None:
    """A changed template or changed steps begin anew; going back to the stable template skips all steps."""
    changed = hashes.steps_changed(ro, status) or status.get("currentPodHash") != seen.new_hash
    if not changed:
        return
    stable = status.get("stableRS", "")
    fresh = stable and stable != seen.new_hash and not _active_in_window(ro, seen, str(stable))
    for name in ("abort", "abortedAt", "abortMessage", "promoteFull", "pauseConditions", "controllerPause", "message"):
        status.pop(name, None)
    kept = weights.recorded(status)
    status["canary"] = {"weights": kept} if kept else {}
    status["currentPodHash"], status["currentStepHash"] = seen.new_hash, hashes.of_steps(ro)
    _set_index(ro, status, 0 if fresh else len(ro.steps))
    if not stable:
        status.pop("stableRS", None)


def _active_in_window(ro: Rollout, seen: Seen, stable: str) -> bool:
    """Going back to a ReplicaSet that still has pods, inside the rollback window, skips the steps as well."""
    new = sets.by_hash(seen.replica_sets, seen.new_hash)
    return new is not None and new.spec > 0 and _in_window(ro, seen, new, sets.by_hash(seen.replica_sets, stable))


def _in_window(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None) -> bool:
    return sets.within_rollback_window(ro, new, stable, seen.replica_sets)


def _set_index(ro: Rollout, status: dict[str, Any], index: int) -> None:
    if ro.steps:
        status["currentStepIndex"] = index
    else:
        status.pop("currentStepIndex", None)


def keep_revision(seen: Seen, new: ReplicaSet, out: Pass) -> None:
    """An old ReplicaSet that is used again gets the newest revision."""
    highest = sets.max_revision(seen.replica_sets)
    if new.revision < highest:
        out.actions.append(Scale(new.name, None, revision=highest + 1))
    out.status["revision"] = highest + 1 if new.revision < highest else highest


def _first_deployment(ro: Rollout, new: ReplicaSet, stable: ReplicaSet | None) -> ReplicaSet | None:
    """Before there is a stable ReplicaSet the stable Service waits for all pods of the new one."""
    return stable or (new if new.available >= ro.replicas else None)


def services(
    ro: Rollout,
    status: Status,
    new: ReplicaSet,
    stable: ReplicaSet | None,
    selectors: Mapping[str, str],
    managed: Collection[str],
    routed_weight: int | None = None,
) -> list[Select]:
    """Return the Services to point elsewhere. Source: reconcileStableAndCanaryService, ensureSVCTargets.

    The stable one follows the stable ReplicaSet, the canary's the new one; after an abort it goes back to the stable
    pods, behind a router once the weight is 0. `managed` are the Services that carry our annotation.
    """
    pairs = [(ro.stable_service, stable, True)]
    if not status.get("abort"):
        rolling_back = weights.rolling_back_to_stable(ro, status, new) is not None
        pairs += [] if rolling_back else [(ro.canary_service, new, True)]
    elif not ro.routed:
        pairs.append((ro.canary_service, stable, True))
    else:
        pairs.append((ro.canary_service, stable, False) if not routed_weight else (ro.canary_service, new, True))
    return [
        Select(name, one.hash)
        for name, one, check in pairs
        if name and one is not None and selectors.get(name) != one.hash
        if not check or sets.adoptable(one, managed=name in managed)
    ]


def _traffic(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass) -> None:
    """Write the weight when it changes; never send the stable pods more than they can carry."""
    if seen.weight is None or stable is None:
        return
    rest = sets.others(seen.replica_sets, new, stable)
    ready = replicas.at_size(ro, out.status, new, stable, rest, None)
    wanted = weights.desired(ro, out.status, new, stable, at_size=ready)
    if weights.fully_promoted(out.status) and any(_selects(action, ro.stable_service) for action in out.actions):
        return  # first the Service, in a later pass the weight: no request meets a Service without pods
    if not replicas.can_carry(ro, stable, ro.max_weight - wanted):
        return
    carrier = weights.rolling_back_to_stable(ro, out.status, new) or new.hash
    label = _label(ro, seen, out.status, carrier, stable)
    if label is not None and not _may_label(ro, seen, out.status, label):
        return
    shift = [SetWeight(wanted)] if wanted != seen.weight else []
    change = [label] if label is not None else []
    # Without pods the canary loses its traffic before the subset moves to it, else it gets the pods before the traffic.
    out.actions += [*shift, *change] if new.available == 0 else [*change, *shift]
    out.status["canary"] = {**(out.status.get("canary") or {}), "weights": _recorded(ro, wanted, carrier, stable)}


def _label(ro: Rollout, seen: Seen, status: Status, canary_hash: str, stable: ReplicaSet) -> Label | None:
    """Return the change of the DestinationRule's subsets, None when there is none. Source: istio.go (UpdateHash)."""
    if seen.subsets is None:
        return None
    wanted = Label(canary_hash, stable.hash)
    return (
        None if (seen.subsets.get("canary"), seen.subsets.get("stable")) == (wanted.canary, wanted.stable) else wanted
    )


def _may_label(ro: Rollout, seen: Seen, status: Status, label: Label) -> bool:
    """Subsets move only to ReplicaSets that are all there; with Services in front of them it does not matter.

    Source: istio.go (shouldDelayDestinationRuleUpdate).
    """
    if ro.canary_service or ro.stable_service:
        return True
    hashes_named = {label.stable} if status.get("abort") else {label.canary, label.stable}
    scaled = [one for one in seen.replica_sets if one.hash in hashes_named and one.spec > 0]
    return all(sets.available(one) for one in scaled)


def _selects(action: Action, service: str) -> bool:
    return isinstance(action, Select) and action.service == service


def _recorded(ro: Rollout, weight: int, canary_hash: str, stable: ReplicaSet) -> dict[str, Any]:
    return {
        "canary": {"weight": weight, "serviceName": ro.canary_service, "podTemplateHash": canary_hash},
        "stable": {
            "weight": ro.max_weight - weight,
            "serviceName": ro.stable_service,
            "podTemplateHash": stable.hash,
        },
    }


def _sizes(
    ro: Rollout,
    seen: Seen,
    new: ReplicaSet,
    stable: ReplicaSet | None,
    recorded: Mapping[str, Any] | None,
    out: Pass,
    now: float,
) -> None:
    """Scale stable, new and the others. `recorded` are the weights before this pass: stable pods lag behind them."""
    if ro.paused or pauses.find(out.status, pauses.INCONCLUSIVE):
        return
    rest = sets.others(seen.replica_sets, new, stable)
    if ro.routed or stable is None or not replicas.has_stable(new, stable):
        _sizes_with_traffic(ro, new, stable, recorded, out, now)
    else:
        _sizes_basic(ro, new, stable, rest, out)
    _take(out, drain.old_sets_of_canary(ro, out.status, rest, seen.replica_sets, seen.selectors, now))


def _take(out: Pass, plan: drain.Plan) -> None:
    out.actions += plan.actions
    if plan.due is not None:
        out.later(plan.due)


def _sizes_with_traffic(
    ro: Rollout,
    new: ReplicaSet,
    stable: ReplicaSet | None,
    recorded: Mapping[str, Any] | None,
    out: Pass,
    now: float,
) -> None:
    if stable is None or not replicas.has_stable(new, stable):
        _take(out, drain.new_set(ro, out.status, new, stable, ro.replicas, now))
        return
    kept = replicas.with_traffic(ro, out.status, new, stable, recorded).stable
    if stable.spec != kept or stable.desired != ro.replicas:
        out.actions.append(Scale(stable.name, kept, ""))
    wanted = replicas.with_traffic(ro, out.status, new, stable, weights.recorded(out.status)).canary
    _take(out, drain.new_set(ro, out.status, new, stable, wanted, now))


def _sizes_basic(ro: Rollout, new: ReplicaSet, stable: ReplicaSet, rest: list[ReplicaSet], out: Pass) -> None:
    wanted = replicas.basic(ro, out.status, new, stable, rest)
    if stable.spec != wanted.stable:
        out.actions.append(Scale(stable.name, wanted.stable, ""))
    elif new.spec != wanted.canary:
        out.actions.append(Scale(new.name, wanted.canary, ""))


def _promoted(status: Status) -> bool:
    return not status.get("stableRS") or weights.fully_promoted(status)


def _pause(ro: Rollout, out: Pass, now: float) -> None:
    """A pause step adds its condition once; who promotes removes it and leaves controllerPause. Source: reconcileCanaryPause."""
    step = steps.current(ro, out.status).step or {}
    if ro.paused or out.status.get("promoteFull") or out.status.get("abort") or _promoted(out.status):
        return
    if step.get("pause") is None or out.status.get("controllerPause"):
        return
    out.status["controllerPause"] = True
    condition = {"reason": pauses.STEP, "startTime": rfc3339(now)}
    out.status["pauseConditions"] = [*(out.status.get("pauseConditions") or []), condition]


def _advance(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> None:
    """Complete at most one step, or promote, or note an abort. Source: syncRolloutStatusCanary."""
    status, in_window = out.status, _in_window(ro, seen, new, stable)
    if status.get("promoteFull") or in_window:
        _clear(status, "abort", "abortedAt", "abortMessage", "pauseConditions", "controllerPause")
    if status.get("abort"):
        status.setdefault("abortedAt", rfc3339(now))
        _clear(status, "pauseConditions", "controllerPause")
        _set_index(ro, status, len(ro.steps) if _promoted(status) else 0)
        return
    if ro.paused:
        return
    if _promotable(ro, seen, new, stable, status, in_window):
        status["stableRS"] = new.hash
        _clear(status, "promoteFull", "pauseConditions", "controllerPause")
        _set_index(ro, status, len(ro.steps))
    elif not _promoted(status) and _completed(ro, seen, new, stable, out, now):
        _set_index(ro, status, (steps.current(ro, status).index or 0) + 1)
        _clear(status, "pauseConditions", "controllerPause")


def _clear(status: dict[str, Any], *names: str) -> None:
    for name in names:
        status.pop(name, None)


def _promotable(
    ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, status: Status, in_window: bool
) -> bool:
    """A first version needs all its pods; an update with steps, unless it is forced, has to carry all traffic before."""
    if status.get("stableRS") == new.hash:
        return False
    if stable is None and new.available < ro.replicas:
        return False
    shifted = seen.weight is None or stable is None or seen.weight == ro.max_weight
    forced = bool(status.get("promoteFull")) or in_window or not ro.steps
    return (shifted or forced) and promotion.reason(ro, status, new, stable, in_window=in_window) != ""


def _completed(ro: Rollout, seen: Seen, new: ReplicaSet, stable: ReplicaSet | None, out: Pass, now: float) -> bool:
    """Return whether the current step is done. Source: completedCurrentCanaryStep."""
    here = steps.current(ro, out.status)
    if here.step is None or here.index is None:
        return False
    if here.step.get("pause") is not None:
        return _pause_over(here.step["pause"], out, now)
    if here.step.get("analysis") is not None:
        return analyses.successful(seen, here.index)
    rest = sets.others(seen.replica_sets, new, stable)
    at_size = replicas.at_size(ro, out.status, new, stable, rest, weights.recorded(out.status))
    weight = here.step.get("setWeight")
    return at_size and (weight is None or seen.weight is None or seen.weight == int(weight))


def _pause_over(pause: Mapping[str, Any], out: Pass, now: float) -> bool:
    if pauses.step_over(out.status, pause, now):
        return True
    ends = pauses.step_ends(out.status, pause)
    if ends is not None:
        out.later(ends + 0.001)
    return False
