# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a status says besides the decisions: counts, conditions, phase and message.

Pure. Source: argo-rollouts v1.9 rollout/sync.go (calculateBaseStatus, calculateRolloutConditions, checkPausedConditions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.clock import rfc3339
from ..model.replicaset import ReplicaSet
from ..model.rollout import Rollout
from . import conditions, sets, steps
from .conditions import Condition
from .status import phase
from .steps import Status


def completed(
    ro: Rollout, before: Status, after: Mapping[str, Any], seen: Sequence[ReplicaSet], now: float
) -> dict[str, Any]:
    """Return the status with everything that follows from it. `before` is the one of the last pass; `now` unix seconds."""
    out = {**after, **_counts(ro, after, seen)}
    new = sets.by_hash(seen, str(out.get("currentPodHash") or ""))
    out["conditions"] = _conditions(ro, before, out, new, seen, now)
    late = conditions.find(out, conditions.PROGRESSING) or {}
    if late.get("reason") == conditions.TIMED_OUT and ro.spec.get("progressDeadlineAbort") and not out.get("abort"):
        out.update(abort=True, abortMessage=late["message"])
    word, message = phase(ro, out)
    out.update(phase=word, message=message)
    return {name: value for name, value in out.items() if name != "message" or value}


def _counts(ro: Rollout, status: Status, seen: Sequence[ReplicaSet]) -> dict[str, Any]:
    """Pods of all ReplicaSets; a blue-green one serves from its active ReplicaSet only."""
    active = sets.by_hash(seen, str((status.get("blueGreen") or {}).get("activeSelector") or ""))
    serving = [active] if ro.is_blue_green and active is not None else seen
    new = sets.by_hash(seen, str(status.get("currentPodHash") or ""))
    return {
        "replicas": sum(one.total for one in seen),
        "updatedReplicas": new.total if new else 0,
        "readyReplicas": sum(one.ready for one in seen),
        "availableReplicas": sum(one.available for one in serving),
        "HPAReplicas": sum(one.total for one in serving),
        "observedGeneration": str(ro.generation),
        "selector": ",".join(f"{name}={value}" for name, value in sorted(ro.selector.items())),
    }


def _conditions(
    ro: Rollout,
    before: Status,
    status: Mapping[str, Any],
    new: ReplicaSet | None,
    seen: Sequence[ReplicaSet],
    now: float,
) -> list[Condition]:
    out = {**status, "conditions": _progress(ro, before, status, new, seen, now)}
    paused = ro.paused or bool(status.get("pauseConditions"))
    healthy = not paused and conditions.healthy(ro, status, str(status.get("observedGeneration", "")))
    available = _available(ro, status, seen)
    for kind, holds, reason, text in (
        ("Paused", paused, conditions.PAUSED, "Rollout is paused"),
        ("Healthy", healthy, "RolloutHealthy", f"Rollout is {'' if healthy else 'not '}healthy"),
        (
            "Available",
            available,
            "AvailableReason",
            f"Rollout {'has' if available else 'does not have'} minimum availability",
        ),
        ("Completed", conditions.completed(status), "RolloutCompleted", "RolloutCompleted"),
    ):
        if holds or conditions.find(out, kind) is not None or kind in ("Available", "Completed"):
            out["conditions"] = conditions.with_condition(out, _made(kind, str(holds), reason, text, now))
    return list(out["conditions"])


def _available(ro: Rollout, status: Status, seen: Sequence[ReplicaSet]) -> bool:
    if not ro.is_blue_green:
        return sum(one.available for one in seen) >= ro.replicas
    return sets.saturated(ro, sets.by_hash(seen, str((status.get("blueGreen") or {}).get("activeSelector") or "")))


def _progress(
    ro: Rollout,
    before: Status,
    status: Mapping[str, Any],
    new: ReplicaSet | None,
    seen: Sequence[ReplicaSet],
    now: float,
) -> list[Condition]:
    """The Progressing condition: aborted, paused, resumed, done, moving, or late; the same word is kept with its time."""
    name, last = new.name if new else ro.name, conditions.find(status, conditions.PROGRESSING)
    reason = last.get("reason") if last else None
    if status.get("abort"):
        text = f"Rollout aborted update to revision {status.get('revision', 0)}"
        cause = status.get("abortMessage")
        return _put(status, "False", conditions.ABORTED, f"{text}: {cause}" if cause else text, now)
    if ro.paused or status.get("pauseConditions"):
        return _put(status, "Unknown", conditions.PAUSED, "Rollout is paused", now)
    if reason == conditions.PAUSED:
        return _put(status, "Unknown", conditions.RESUMED, "Rollout is resumed", now)
    if reason == conditions.ABORTED:
        return _put(status, "Unknown", "RolloutRetry", "Retrying Rollout after abort", now)
    if conditions.healthy(ro, status, str(status.get("observedGeneration", ""))):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        return _put(status, "True", conditions.COMPLETED, text, now)
    if last is None or reason == conditions.COMPLETED or conditions.progressing(ro, before, status):
        fresh = {**status, "conditions": conditions.without(status, conditions.PROGRESSING)}
        return _put(fresh, "True", conditions.REPLICA_SET_UPDATED, f'ReplicaSet "{name}" is progressing.', now)
    draining = any(one.deadline is not None for one in seen)
    if not draining and not steps.indefinite(ro, status) and conditions.timed_out(ro, status, now):
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return _put(status, "False", conditions.TIMED_OUT, text, now)
    return list(status.get("conditions") or [])


def _put(status: Status, state: str, reason: str, text: str, now: float) -> list[Condition]:
    return conditions.with_condition(status, _made(conditions.PROGRESSING, state, reason, text, now))


def _made(kind: str, state: str, reason: str, text: str, now: float) -> Condition:
    moment = rfc3339(now)
    return {
        "type": kind, "status": state, "reason": reason, "message": text,
        "lastUpdateTime": moment, "lastTransitionTime": moment,
    }  # fmt: skip
