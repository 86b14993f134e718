# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Conditions of an Experiment, and what makes its spec invalid.

Source: argo-rollouts v1.10 utils/conditions/experiments.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.clock import parse_rfc3339, rfc3339
from ..._core.types import Manifest, deep_get
from ..model import defaults
from . import conditions
from .experiment import passed_duration, template_statuses

INVALID_SPEC = "InvalidSpec"
_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")

Condition = dict[str, Any]


def new_condition(kind: str, status: str, reason: str, message: str, now: float) -> Condition:
    """Return a condition that begins now."""
    moment = rfc3339(now)
    return {
        "type": kind, "status": status, "lastUpdateTime": moment, "lastTransitionTime": moment,
        "reason": reason, "message": message,
    }  # fmt: skip


def is_progressing(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Return whether the new status has a template more, or other pod counts, than the old one."""
    before, after = template_statuses(old), template_statuses(new)
    if len(before) < len(after):
        return True
    return any(
        int(entry.get(name) or 0) != int(after[key].get(name) or 0)
        for key, entry in before.items()
        if key in after
        for name in _COUNTS
    )


def has_timed_out(experiment: Manifest, new: Mapping[str, Any], now: float) -> bool:
    """Return whether the templates did not become available within progressDeadlineSeconds (600)."""
    progress = conditions.find(new, "Progressing")
    if deep_get(experiment, "status", "availableAt") is not None or progress is None:
        return False
    if progress.get("reason") == conditions.TIMED_OUT:
        return True
    return (
        parse_rfc3339(str(progress["lastUpdateTime"])) + defaults.progress_deadline(experiment.get("spec") or {}) < now
    )


def is_running(experiment: Manifest, now: float) -> bool:
    """Return whether the experiment became available and its duration is not over."""
    return deep_get(experiment, "status", "availableAt") is not None and not passed_duration(experiment, now)


def invalid_spec(experiment: Manifest, before: Condition | None, now: float) -> Condition | None:
    """Return the InvalidSpec condition of a spec that cannot run, None for a good one.

    The condition `before` is kept, with a new update time, while its message stays the same.
    """
    message = _mistake(experiment)
    if not message:
        return None
    if before is not None and before.get("message") == message:
        return {**before, "lastUpdateTime": rfc3339(now)}
    return new_condition(INVALID_SPEC, "True", INVALID_SPEC, message, now)


def _mistake(experiment: Manifest) -> str:
    name, seen = deep_get(experiment, "metadata", "name", default=""), set()
    for index, template in enumerate(deep_get(experiment, "spec", "templates", default=[])):
        called = template.get("name") or ""
        if template.get("selector") is None:
            return f"Rollout has missing field '.Spec.Templates[{index}].Selector'"
        if not template["selector"].get("matchLabels") and not template["selector"].get("matchExpressions"):
            return f"This experiment is selecting all pods at index {index}. A non-empty selector is required."
        if int(template.get("minReadySeconds") or 0) > defaults.progress_deadline(experiment.get("spec") or {}):
            text = "MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index"
            return f"{text} {index}"
        if not called:
            return f"Experiment {name} has empty template name at index {index}"
        if called in seen:
            return f"Experiment {name} has repeated template name '{called}' in templates"
        seen.add(called)
    return ""
