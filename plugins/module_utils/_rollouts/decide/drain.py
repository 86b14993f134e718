# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When pods go that nobody needs any more: old ReplicaSets, and the new one after an abort.

Knows what is seen of ReplicaSets, the spec, the status and the time it is given. Source: argo-rollouts v1.9
rollout/{replicaset,canary,bluegreen}.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..._core.clock import rfc3339
from ..model import defaults
from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import replicas, sets, weights
from .actions import Scale
from .steps import Status


@dataclass(slots=True)
class Plan:
    """What to scale now, and when to look again (unix seconds, None: only a change matters)."""

    actions: list[Scale] = field(default_factory=list)
    due: float | None = None

    def later(self, moment: float) -> None:
        self.due = moment if self.due is None else min(self.due, moment)


def delayed_on_abort(ro: Rollout, status: Status, stable: ReplicaSet | None) -> bool:
    """Return whether an aborted canary or preview keeps its pods for a while. Source: shouldDelayScaleDownOnAbort.

    Not for a basic canary; with dynamicStableScale only when the user wrote a delay; a written 0 keeps them for good.
    """
    if not status.get("abort") or stable is None or (ro.is_canary and not ro.routed):
        return False
    delay = defaults.abort_scale_down_delay(ro.spec)
    return delay.seconds is not None and (delay.explicit or not ro.dynamic_stable_scale)


def new_set(ro: Rollout, status: Status, new: ReplicaSet, stable: ReplicaSet | None, wanted: int, now: float) -> Plan:
    """Return how the new ReplicaSet gets to its size. Source: reconcileNewReplicaSet, removeScaleDownDeadlines."""
    plan = Plan()
    if stable is not None and delayed_on_abort(ro, status, stable):
        _after_abort(ro, new, stable, now, plan)
    elif new.spec != wanted or new.deadline is not None or new.desired != ro.replicas:
        plan.actions.append(Scale(new.name, wanted, ""))
    return plan


def _after_abort(ro: Rollout, new: ReplicaSet, stable: ReplicaSet, now: float, plan: Plan) -> None:
    """The delay begins when the stable pods can carry everything; until then the size stays, only its note is kept right."""
    if new.spec == 0:
        return
    if new.deadline is not None and now >= new.deadline:
        plan.actions.append(Scale(new.name, 0, ""))
    elif new.deadline is not None:
        plan.later(new.deadline)
    elif stable.available == ro.replicas:
        seconds = defaults.abort_scale_down_delay(ro.spec).seconds or 0
        plan.actions.append(Scale(new.name, None, rfc3339(now + seconds)))
        plan.later(now + seconds)
    elif new.desired != ro.replicas:
        plan.actions.append(Scale(new.name, new.spec))


def old_sets_of_canary(
    ro: Rollout,
    status: Status,
    old: Sequence[ReplicaSet],
    everything: Sequence[ReplicaSet],
    selectors: Mapping[str, str],
    now: float,
) -> Plan:
    """Return how ReplicaSets that are neither new nor stable drain. Source: scaleDownOldReplicaSetsForCanary.

    First the pods that do not work. Then, as long as enough stay available, the newest first: a basic canary's at once,
    for they get traffic; behind a router the former stable ones after their delay, leftovers of an update at once.
    """
    plan, sizes = Plan(), {one.name: min(one.spec, one.available) for one in old}
    budget = sum(one.available for one in everything) - (ro.replicas - replicas.posts(ro).unavailable)
    waiting = 0
    for one in sorted(old, key=lambda one: (one.revision, one.created), reverse=True):
        if budget <= 0:
            break
        if sizes[one.name] == 0 or (ro.routed and sets.referenced(ro, status, one, selectors)):
            continue
        before = sizes[one.name]
        if not ro.routed:
            sizes[one.name] = max(0, before - budget)
        elif _is_former_stable(ro, status, one):
            waiting, sizes[one.name] = _wait(ro, one, before, waiting, now, plan)
        else:
            sizes[one.name] = 0
        budget -= before - sizes[one.name]
    plan.actions += [_resized(one, sizes[one.name]) for one in old if sizes[one.name] != one.spec]
    return plan


def _is_former_stable(ro: Rollout, status: Status, one: ReplicaSet) -> bool:
    return not ro.dynamic_stable_scale and (weights.fully_promoted(status) or one.deadline is not None)


def old_sets_of_blue_green(
    ro: Rollout,
    status: Status,
    old: Sequence[ReplicaSet],
    selectors: Mapping[str, str],
    now: float,
    *,
    keep: bool,
) -> Plan:
    """Return how old ReplicaSets drain after the switch. Source: scaleDownOldReplicaSetsForBlueGreen.

    `keep`: a post-promotion analysis may still send the traffic back.
    """
    plan, waiting = Plan(), 0
    for one in sorted(old, key=lambda one: (one.revision, one.created), reverse=True):
        if one.spec == 0 or keep or sets.referenced(ro, status, one, selectors):
            continue
        waiting, size = _wait(ro, one, one.spec, waiting, now, plan)
        if size != one.spec:
            plan.actions.append(_resized(one, size))
    return plan


def _resized(one: ReplicaSet, size: int) -> Scale:
    return Scale(one.name, size, "" if size == 0 else None)


def _wait(ro: Rollout, one: ReplicaSet, size: int, waiting: int, now: float, plan: Plan) -> tuple[int, int]:
    """Return (how many wait now, the size of this one). Source: scaleDownDelayHelper.

    Beyond scaleDownDelayRevisionLimit none waits. A delay of 0 drains at once (upstream keeps the pods: #1992, #1639).
    """
    limit, delay = defaults.scale_down_revision_limit(ro.spec), ro.scale_down_delay
    if (limit is not None and waiting >= limit) or (one.deadline is None and delay == 0):
        return waiting, 0
    if one.deadline is None:
        plan.actions.append(Scale(one.name, None, rfc3339(now + delay)))
        plan.later(now + delay)
        return waiting + 1, size
    if now >= one.deadline:
        return waiting + 1, 0
    plan.later(one.deadline)
    return waiting + 1, size
