# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How many pods each ReplicaSet gets.

Source: argo-rollouts v1.9 utils/replicaset/canary.go, replicaset.go (resolveFenceposts).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one ReplicaSet: what is wanted of it now, and how many pods are available."""

    spec: int = 0
    available: int = 0


def fenceposts(surge: Any, unavailable: Any, replicas: int) -> tuple[int, int]:
    """Return (maxSurge, maxUnavailable): a text is a percentage, surge rounds up, unavailable down; both 0 gives (0, 1)."""
    most = _resolve(surge if surge is not None else "25%", replicas, up=True)
    least = _resolve(unavailable if unavailable is not None else "25%", replicas, up=False)
    if most == 0 and least == 0:
        least = 1
    return most, min(least, replicas)


def _resolve(value: Any, replicas: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    try:
        percent = int(str(value).rstrip("%"))
    except ValueError:
        return 0
    share = Fraction(replicas * percent, 100)
    return math.ceil(share) if up else math.floor(share)


def approximate(replicas: int, weight: int, surge: int, most: int = 100) -> tuple[int, int]:
    """Return (canary, stable) that come nearest to `weight`. Source: approximateWeightedCanaryStableReplicaCounts."""
    if replicas == 0:
        return 0, 0
    ceil, floor = -(-replicas * weight // most), replicas * weight // most
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
    canary, total = min(options, key=lambda pair: abs(Fraction(pair[0] * most, pair[1]) - weight))
    return canary, total - canary


def _tied(total: int, weight: int, most: int) -> bool:
    """True when the exact share lies halfway between two counts (in floating point, as upstream computes it)."""
    return math.modf(total * (weight / most))[0] == 0.5


def with_traffic(replicas: int, weight: int, scale: int | None, minimum: int, most: int = 100) -> tuple[int, int]:
    """Return (canary, stable) under traffic routing: the stable one keeps all its pods."""
    canary = -(-replicas * weight // most) if scale is None else scale
    if canary:
        canary = max(canary, min(minimum, replicas))
    return canary, replicas


def basic(
    replicas: int, weight: int, surge: int, unavailable: int, new: Counts | None, stable: Counts | None, others: Counts
) -> tuple[int, int]:
    """Return the next (new, stable) of a canary without traffic routing: never too many pods, never too few available.

    Source: CalculateReplicaCountsForBasicCanary.
    """
    want_new, want_stable = approximate(replicas, weight, surge)
    if stable is None:
        return replicas, 0
    here = new or Counts()
    next_new, next_stable = here.spec, stable.spec
    budget = replicas + surge - (here.spec + stable.spec + others.spec)
    grow = min(max(0, want_stable - stable.spec), max(0, budget))
    next_stable += grow
    if new is not None:
        next_new += min(max(0, want_new - here.spec), max(0, budget - grow))
    if others.spec > 0:
        return next_new, next_stable
    return _drain(replicas, want_new, want_stable, next_new, next_stable, unavailable, here, stable, new is None)


def _drain(
    replicas: int, want_new: int, want_stable: int, next_new: int, next_stable: int, unavailable: int,
    new: Counts, stable: Counts, no_new: bool,
) -> tuple[int, int]:  # fmt: skip
    increasing = no_new or want_new >= new.spec
    counted = _counted(new, not increasing) + _counted(stable, increasing)
    spare = counted - (replicas - unavailable)
    if spare <= 0:
        return next_new, next_stable
    if increasing:
        return next_new, max(want_stable, next_stable - spare) if next_stable > want_stable else next_stable
    return (max(want_new, next_new - spare) if next_new > want_new else next_new), next_stable


def _counted(counts: Counts, whole: bool) -> int:
    return counts.spec if whole or counts.spec < counts.available else counts.available
