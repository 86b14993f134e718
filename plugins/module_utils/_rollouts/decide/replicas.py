# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How many pods each ReplicaSet gets.

Source: argo-rollouts v1.9 utils/replicaset/canary.go, utils/replicaset/replicaset.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ..._core.errors import Invalid
from ..model import defaults
from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import weights
from .steps import Status


class Sizes(NamedTuple):
    """Pods of the canary (the new ReplicaSet) and of the stable one."""

    canary: int
    stable: int


class Fenceposts(NamedTuple):
    """How many pods more, and how many fewer, than wanted there may be."""

    surge: int
    unavailable: int


def fenceposts(surge: int | str | None, unavailable: int | str | None, replicas: int) -> Fenceposts:
    """Return both: a text is a percentage, surge rounds up, unavailable down; both 0 gives (0, 1). Invalid for other texts.

    Source: resolveFenceposts.
    """
    most, least = _resolve(surge, replicas, up=True), _resolve(unavailable, replicas, up=False)
    return Fenceposts(most, 1 if most == least == 0 else least)


def _resolve(value: int | str | None, replicas: int, *, up: bool) -> int:
    if value is None or isinstance(value, int):
        return value or 0
    try:
        share = Fraction(replicas * int(value.replace("%", "")), 100)
    except ValueError:
        raise Invalid("", f"invalid value {value!r}: not a number or a percentage") from None
    return math.ceil(share) if up else math.floor(share)


def posts(ro: Rollout) -> Fenceposts:
    """Return maxSurge and maxUnavailable of a canary; a text that is no number counts as 0 (validation refuses it)."""
    if not ro.is_canary:
        return Fenceposts(0, _unavailable_of_blue_green(ro))
    try:
        found = fenceposts(defaults.max_surge(ro.spec), defaults.max_unavailable(ro.spec), ro.replicas)
    except Invalid:
        return Fenceposts(0, 0)
    return Fenceposts(found.surge, min(found.unavailable, ro.replicas))


def _unavailable_of_blue_green(ro: Rollout) -> int:
    try:
        return min(_resolve(defaults.max_unavailable(ro.spec), ro.replicas, up=False), ro.replicas)
    except Invalid:
        return 0


def approximate(replicas: int, weight: int, surge: int, most: int = 100) -> Sizes:
    """Return the sizes that come nearest to `weight`. Source: approximateWeightedCanaryStableReplicaCounts.

    Between 1 and most-1 both get a pod as soon as two pods may run; ties go to the canary.
    """
    if replicas == 0:
        return Sizes(0, 0)
    ceil, floor = weights.pods(replicas, weight, most), replicas * weight // most
    zero_ok = weight in (0, most) or (replicas == 1 and surge == 0)
    options: list[tuple[int, int]] = []
    if ceil < replicas or zero_ok:
        options.append((ceil, replicas))
    if not _tied(replicas, weight, most) and (floor != 0 or zero_ok):
        options.append((floor, replicas))
    if surge > 0:
        options.append((ceil, replicas + 1))
        if not _tied(replicas + 1, weight, most) and (floor != 0 or zero_ok):
            options.append((floor, replicas + 1))
    if not options:
        return Sizes(0, replicas)
    canary, total = min(options, key=lambda pair: abs(Fraction(pair[0] * most, pair[1]) - weight))
    return Sizes(canary, total - canary)


def _tied(total: int, weight: int, most: int) -> bool:
    """True when the exact share lies halfway between two counts (in floating point, as upstream computes it)."""
    return math.modf(total * (weight / most))[0] == 0.5


def minimum(ro: Rollout, count: int) -> int:
    """Return `count` raised to minPodsPerReplicaSet, never above all pods. Source: CheckMinPodsPerReplicaSet."""
    least = ro.canary.get("minPodsPerReplicaSet")
    if count == 0 or least is None or not ro.routed:
        return count
    return max(count, min(int(least), ro.replicas))


def with_traffic(
    ro: Rollout,
    status: Status,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    recorded: Mapping[str, Any] | None,
) -> Sizes:
    """Return the sizes under traffic routing; `recorded` are the weights of the last pass.

    The stable one keeps all its pods, unless dynamicStableScale lets it follow its share: then it has what its recorded
    or its wanted weight needs, whichever is more. Source: CalculateReplicaCountsForTrafficRoutedCanary.
    """
    share = weights.in_force(ro, status)
    most, weight = ro.max_weight, share.weight
    canary = minimum(ro, weights.pods(ro.replicas, weight, most)) if share.replicas is None else share.replicas
    if not ro.dynamic_stable_scale:
        return Sizes(canary, ro.replicas)
    if status.get("abort"):
        weight = weights.abort_weight(ro, new, stable)
    kept = weights.pods(ro.replicas, most - weight, most)
    if recorded:
        kept = max(kept, weights.pods(ro.replicas, _weight(recorded, "stable"), most))
        if status.get("abort"):
            canary = max(canary, weights.pods(ro.replicas, _weight(recorded, "canary"), most))
    return Sizes(minimum(ro, canary), minimum(ro, kept))


def _weight(recorded: Mapping[str, Any], role: str) -> int:
    return int((recorded.get(role) or {}).get("weight") or 0)


def has_stable(new: ReplicaSet | None, stable: ReplicaSet | None) -> bool:
    """Return whether there is a stable ReplicaSet beside the new one. Source: CheckStableRSExists."""
    return stable is not None and (new is None or new.name != stable.name)


def basic(
    ro: Rollout,
    status: Status,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    others: Sequence[ReplicaSet],
) -> Sizes:
    """Return the next sizes of a canary without a router: never too many pods, never too few available.

    Source: CalculateReplicaCountsForBasicCanary.
    """
    surge, unavailable = posts(ro)
    wanted = approximate(ro.replicas, weights.in_force(ro, status).weight, surge, ro.max_weight)
    old = stable if has_stable(new, stable) else None
    if old is None:
        wanted = Sizes(ro.replicas, 0)
    limit = ro.replicas + surge
    grown = _grow(wanted, new, old, limit - _spec(new) - _spec(old) - sum(one.spec for one in others))
    if any(one.spec > 0 for one in others):
        return grown  # old pods go first
    # An aliased stable ReplicaSet still counts as available: the only pods of a first deployment.
    return _shrink(wanted, grown, new, stable, old is not None, limit, ro.replicas - unavailable)


def _spec(one: ReplicaSet | None) -> int:
    return one.spec if one else 0


def _grow(wanted: Sizes, new: ReplicaSet | None, stable: ReplicaSet | None, budget: int) -> Sizes:
    """Stable first, then the canary, as far as the budget of pods goes."""
    for_stable = min(max(0, wanted.stable - _spec(stable)), max(0, budget)) if stable else 0
    for_new = min(max(0, wanted.canary - _spec(new)), max(0, budget - for_stable)) if new else 0
    return Sizes(_spec(new) + for_new, _spec(stable) + for_stable)


def _shrink(
    wanted: Sizes,
    grown: Sizes,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    separate: bool,
    limit: int,
    least: int,
) -> Sizes:
    """Take pods from the one that has too many, as long as `least` stay available."""
    increasing = new is None or wanted.canary >= new.spec
    counted = countable(new, ignore_availability=not increasing) + countable(stable, ignore_availability=increasing)
    spare = counted - least
    if spare <= 0:
        return grown
    if not increasing:
        drained = _drain(new, wanted.canary, spare, grown.canary)
        canary, kept = _within_limits(new, stable, drained, grown.stable, limit, least)
        return Sizes(canary, kept)
    if not separate:
        return grown
    drained = _drain(stable, wanted.stable, spare, grown.stable)
    kept, canary = _within_limits(stable, new, drained, grown.canary, limit, least)
    return Sizes(canary, kept)


def countable(one: ReplicaSet | None, *, ignore_availability: bool) -> int:
    """Return the pods that count as available when some are taken away. Source: GetReplicasForScaleDown.

    For the one that is drained its pods count even when they are not available: otherwise pods that crash could never go.
    """
    if one is None:
        return 0
    return one.spec if ignore_availability or one.spec < one.available else one.available


def _drain(one: ReplicaSet | None, wanted: int, spare: int, count: int) -> int:
    return max(wanted, one.spec - spare) if one is not None and one.spec > wanted else count


def _within_limits(
    drained: ReplicaSet | None, other: ReplicaSet | None, drain: int, keep: int, limit: int, least: int
) -> tuple[int, int]:
    """Return (drain, keep) with at most `limit` pods and `least` available. Source: adjustReplicaWithinLimits."""
    if other is None:
        return drain, keep
    keep -= max(0, keep + drain - limit)
    available = (min(drained.available, drain) if drained else 0) + min(other.available, keep)
    keep += min(max(0, other.available - keep), max(0, least - available))
    return drain - max(0, keep + drain - limit), keep


def all_available(one: ReplicaSet | None, wanted: int) -> bool:
    """Return whether exactly the wanted pods are asked for and available. Source: allDesiredAreAvailable."""
    return one is not None and one.spec == one.available == wanted


def all_created(one: ReplicaSet | None, wanted: int) -> bool:
    """Return whether exactly the wanted pods are asked for and exist. Source: allDesiredAreCreated."""
    return one is not None and one.spec == one.total == wanted


def enough_available(threshold: Mapping[str, Any] | None, one: ReplicaSet | None, wanted: int) -> bool:
    """Return whether replicaProgressThreshold is met; without one, or with a senseless one, all pods must be available.

    Source: ReplicaProgressThresholdMet (v1.9).
    """
    value = int((threshold or {}).get("value") or 0)
    percent = (threshold or {}).get("type") == "Percent"
    if one is None or not threshold or value <= 0 or (percent and value > 100):
        return all_available(one, wanted)
    return one.available * 100 >= wanted * value if percent else one.available >= value


def at_size(
    ro: Rollout,
    status: Status,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    others: Sequence[ReplicaSet],
    recorded: Mapping[str, Any] | None,
) -> bool:
    """Return whether the ReplicaSets have the pods that this step wants. Source: AtDesiredReplicaCountsForCanary."""
    wanted = with_traffic(ro, status, new, stable, recorded) if ro.routed else basic(ro, status, new, stable, others)
    if not enough_available(ro.canary.get("replicaProgressThreshold"), new, wanted.canary):
        return False
    if not (ro.routed and ro.dynamic_stable_scale) and not all_created(stable, wanted.stable):
        return False
    return ro.routed or all(one.available == 0 for one in others)


def can_carry(ro: Rollout, one: ReplicaSet | None, weight: int) -> bool:
    """Return whether a ReplicaSet has the pods for a weight (or the threshold of them). Source: checkReplicasAvailable."""
    if one is None:
        return False
    wanted, threshold = weight * ro.replicas // ro.max_weight, ro.canary.get("replicaProgressThreshold")
    return one.available >= wanted or (bool(threshold) and enough_available(threshold, one, wanted))
