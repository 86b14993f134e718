# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a field of a Rollout means when nobody set it.

Functions take the raw spec; durations are whole seconds. Source: argo-rollouts v1.9 utils/defaults/defaults.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Spec = Mapping[str, Any]

REPLICAS = 1
REVISION_HISTORY = 10
ANALYSIS_HISTORY = 5
FENCEPOST = "25"  # a text is a percentage, with or without its sign
PROGRESS_DEADLINE = 600
SCALE_DOWN_DELAY = 30
CONSECUTIVE_ERRORS = 4
NGINX_PREFIX = "nginx.ingress.kubernetes.io"


@dataclass(frozen=True, slots=True)
class AbortDelay:
    """How long a canary or preview stays after an abort. `seconds` None: for good."""

    seconds: int | None
    explicit: bool


def text_or(value: str, default: str) -> str:
    """Return `value`, or `default` for an empty text."""
    return value or default


def replicas(value: int | None) -> int:
    """Return the wanted number of pods."""
    return REPLICAS if value is None else int(value)


def strategy(spec: Spec, kind: str) -> Mapping[str, Any] | None:
    """Return the settings of a strategy (canary or blueGreen), None when the Rollout does not use it."""
    found: Mapping[str, Any] | None = (spec.get("strategy") or {}).get(kind)
    return found


def routing(spec: Spec) -> Mapping[str, Any] | None:
    """Return trafficRouting of a canary, None when its traffic is split by the number of pods."""
    found: Mapping[str, Any] | None = (strategy(spec, "canary") or {}).get("trafficRouting")
    return found


def revision_history_limit(spec: Spec) -> int:
    """Return how many old ReplicaSets are kept."""
    return _int(spec.get("revisionHistoryLimit"), REVISION_HISTORY)


def successful_runs(spec: Spec) -> int:
    """Return how many successful AnalysisRuns are kept."""
    return _int((spec.get("analysis") or {}).get("successfulRunHistoryLimit"), ANALYSIS_HISTORY)


def unsuccessful_runs(spec: Spec) -> int:
    """Return how many failed, errored or inconclusive AnalysisRuns are kept."""
    return _int((spec.get("analysis") or {}).get("unsuccessfulRunHistoryLimit"), ANALYSIS_HISTORY)


def max_surge(spec: Spec) -> int | str:
    """Return maxSurge as written."""
    found = (strategy(spec, "canary") or {}).get("maxSurge")
    return FENCEPOST if found is None else found


def max_unavailable(spec: Spec) -> int | str:
    """Return maxUnavailable as written; blue-green has one as well."""
    for kind in ("blueGreen", "canary"):
        found: int | str | None = (strategy(spec, kind) or {}).get("maxUnavailable")
        if found is not None:
            return found
    return FENCEPOST


def max_weight(spec: Spec) -> int:
    """Return the weight that stands for all traffic."""
    return int((routing(spec) or {}).get("maxTrafficWeight") or 100)


def ingress_prefix(spec: Spec) -> str:
    """Return the prefix of the annotations that ingress-nginx reads."""
    nginx = (routing(spec) or {}).get("nginx") or {}
    return text_or(str(nginx.get("annotationPrefix") or ""), NGINX_PREFIX)


def progress_deadline(spec: Spec) -> int:
    """Return the seconds after which a Rollout (or an Experiment) without progress is degraded."""
    return _int(spec.get("progressDeadlineSeconds"), PROGRESS_DEADLINE)


def experiment_scale_down_delay(spec: Spec) -> int:
    """Return how long the pods of a finished Experiment stay."""
    return _int(spec.get("scaleDownDelaySeconds"), SCALE_DOWN_DELAY)


def scale_down_delay(spec: Spec) -> int:
    """Return how long old pods stay after a promotion: none for a basic canary."""
    delay = 0
    blue_green, canary = strategy(spec, "blueGreen"), strategy(spec, "canary")
    if blue_green is not None:
        delay = _int(blue_green.get("scaleDownDelaySeconds"), SCALE_DOWN_DELAY)
    if canary is not None and canary.get("trafficRouting") is not None:
        delay = _int(canary.get("scaleDownDelaySeconds"), SCALE_DOWN_DELAY)
    return delay


def scale_down_revision_limit(spec: Spec) -> int | None:
    """Return how many old ReplicaSets may wait for their delay at a time, None for any number."""
    found = (strategy(spec, "blueGreen") or strategy(spec, "canary") or {}).get("scaleDownDelayRevisionLimit")
    return None if found is None else int(found)


def abort_scale_down_delay(spec: Spec) -> AbortDelay:
    """Return how long the canary or preview stays after an abort; a written 0 keeps it for good."""
    settings = strategy(spec, "blueGreen")
    if settings is None:
        settings = strategy(spec, "canary")
        if settings is None or settings.get("trafficRouting") is None:
            return AbortDelay(0, explicit=False)
    given = settings.get("abortScaleDownDelaySeconds")
    if given is None:
        return AbortDelay(SCALE_DOWN_DELAY, explicit=False)
    return AbortDelay(int(given) or None, explicit=True)


def auto_promotion(spec: Spec) -> bool:
    """Return whether blue-green switches without being asked."""
    found = (strategy(spec, "blueGreen") or {}).get("autoPromotionEnabled")
    return True if found is None else bool(found)


def consecutive_error_limit(metric: Mapping[str, Any]) -> int:
    """Return how many errors in a row a metric survives."""
    return integer(metric.get("consecutiveErrorLimit"), CONSECUTIVE_ERRORS)


def integer(value: Any, default: int = 0) -> int:
    """Return an int-or-string field as a number; a text that is none counts as 0, as in Go's IntValue."""
    if value is None:
        return default
    try:
        return int(value)
    except ValueError:
        return 0


def _int(value: Any, default: int) -> int:
    return default if value is None else int(value)
