# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Conditions of an Application and of an ApplicationSet, and what they say of health. Pure: the time comes in.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/{types,applicationset_types}.go, util/argo/argo.go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Condition = Mapping[str, Any]
_TIME = "lastTransitionTime"


@dataclass(frozen=True, slots=True)
class SetHealth:
    """Health of an ApplicationSet."""

    status: str
    message: str


def merged(
    existing: Sequence[Condition], incoming: Sequence[Condition], evaluated: Collection[str], now: str
) -> list[Condition]:
    """Return the conditions after an evaluation of the types `evaluated`; others stay, evaluated ones go unless incoming.

    A condition that says the same as before keeps its time.
    """
    before = {str(condition["type"]): condition for condition in reversed(existing)}
    out = [_timed(condition, now) for condition in existing if condition["type"] not in evaluated]
    for condition in incoming:
        known = before.get(str(condition["type"]))
        same = known is not None and known.get("message", "") == condition.get("message", "")
        out.append(known if same and known is not None else _timed(condition, now))
    return sorted(out, key=lambda one: f"{one['type']}/{one.get('message', '')}/{one.get(_TIME)}")


def _timed(condition: Condition, now: str) -> Condition:
    return condition if condition.get(_TIME) else {**condition, _TIME: now}


def of_types(conditions: Sequence[Condition], types: Collection[str]) -> list[Condition]:
    """Return the conditions of some types."""
    return [condition for condition in conditions if condition["type"] in types]


def is_error(condition: Condition) -> bool:
    """Return whether a condition tells of an error."""
    return str(condition["type"]).endswith("Error")


def formatted(conditions: Sequence[Condition]) -> str:
    """Return the conditions in one line."""
    return ";".join(f"{condition['type']}: {condition.get('message', '')}" for condition in conditions)


def set_health(conditions: Sequence[Condition]) -> SetHealth:
    """Return the health of an ApplicationSet: an error comes before a rollout, a rollout before being up to date."""
    if not conditions:
        return SetHealth("Unknown", "No status conditions found for ApplicationSet")
    order = (("ErrorOccurred", "Degraded"), ("RolloutProgressing", "Progressing"), ("ResourcesUpToDate", "Healthy"))
    for kind, status in order:
        found = next((one for one in conditions if one["type"] == kind and one.get("status") == "True"), None)
        if found:
            return SetHealth(status, str(found.get("message") or ""))
    return SetHealth("Unknown", "Waiting for health status to be determined")
