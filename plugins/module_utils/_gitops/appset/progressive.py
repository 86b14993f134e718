# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Progressive syncs of an ApplicationSet: which Applications each step selects and which of them may sync now.

Pure; steps count from 0 in data and from 1 in texts. An Application that no step selects is not synced.
Source: argo-cd applicationset/progressivesync/{progressive_sync,validation_issues}.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get

DELETION_LONGEST, DELETION_REQUEUE = 120.0, 10.0
HEALTHY = "Healthy"


@dataclass(frozen=True, slots=True)
class Issues:
    """What is odd about the steps; the syncs go on all the same."""

    operators: tuple[tuple[int, str], ...] = ()
    duplicates: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    empty: tuple[int, ...] = ()
    max_updates: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """The names that each step selects, in the order of the Applications; the step of a name is its last one."""

    names: tuple[tuple[str, ...], ...] = ()
    step_of: Mapping[str, int] = field(default_factory=dict)
    issues: Issues = Issues()


def is_rolling(appset: Manifest) -> bool:
    """Return whether an ApplicationSet syncs its Applications step by step."""
    strategy = deep_get(appset, "spec", "strategy", default={}) or {}
    return strategy.get("type") == "RollingSync" and strategy.get("rollingSync") is not None


def is_deleted_in_reverse(appset: Manifest) -> bool:
    """Return whether the Applications of the last step are deleted first."""
    order = str(deep_get(appset, "spec", "strategy", "deletionOrder", default=""))
    return is_rolling(appset) and bool(_steps(appset)) and order.lower() == "reverse"


def _steps(appset: Manifest) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = deep_get(appset, "spec", "strategy", "rollingSync", "steps", default=[]) or []
    return found


def steps_of(appset: Manifest, applications: Sequence[Manifest]) -> Steps:
    """Return which Applications each step selects, and what is odd about the steps."""
    if not is_rolling(appset):
        return Steps()
    steps = _steps(appset)
    names = tuple(tuple(_name(app) for app in applications if _selects(step, app)) for step in steps)
    chosen: dict[str, list[int]] = {}
    for index, step_names in enumerate(names):
        for name in step_names:
            chosen.setdefault(name, []).append(index)
    issues = Issues(
        operators=tuple(_operators(steps)),
        duplicates={name: tuple(found) for name, found in chosen.items() if len(found) > 1},
        empty=tuple(index for index, found in enumerate(names) if not found),
        max_updates=tuple(_max_updates(steps)),
    )
    return Steps(names, {name: found[-1] for name, found in chosen.items()}, issues)


def _name(app: Manifest) -> str:
    return str(deep_get(app, "metadata", "name", default=""))


def _selects(step: Mapping[str, Any], app: Manifest) -> bool:
    labels = deep_get(app, "metadata", "labels", default={}) or {}
    return all(_matches(entry, labels) for entry in step.get("matchExpressions") or [])


def _matches(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = str(entry.get("key")), entry.get("values") or []
    match entry.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
    return False


def _operators(steps: Sequence[Mapping[str, Any]]) -> Iterable[tuple[int, str]]:
    for index, step in enumerate(steps):
        used = [str(entry.get("operator", "")) for entry in step.get("matchExpressions") or []]
        yield from ((index, operator) for operator in used if operator not in ("In", "NotIn"))


def _max_updates(steps: Sequence[Mapping[str, Any]]) -> Iterable[tuple[int, str]]:
    for index, step in enumerate(steps):
        value = step.get("maxUpdate")
        if isinstance(value, str) and not (value.endswith("%") and value[:-1].isdigit()):
            yield index, value


def names_to_sync(appset: Manifest, applications: Sequence[Manifest], names: Sequence[Sequence[str]]) -> list[str]:
    """Return who may sync: all up to and with the first step of which one is not there or not healthy."""
    current = {_name(app) for app in applications}
    entries = deep_get(appset, "status", "applicationStatus", default=[]) or []
    done = {str(entry["application"]) for entry in entries if entry.get("status") == HEALTHY} & current
    out: list[str] = []
    for step in names:
        out += step
        if not done.issuperset(step):
            break
    return out


def without_automated_sync(policy: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the sync policy that a step-wise sync leaves an Application: the automated one is there but off."""
    if not policy or policy.get("automated") is None:
        return policy
    return {**policy, "automated": {**policy["automated"], "enabled": False}}


def sync_operation(application: Manifest, *, prune: bool) -> Manifest:
    """Return the operation that syncs an Application when its step comes."""
    policy = deep_get(application, "spec", "syncPolicy", default={}) or {}
    reason = "ApplicationSet RollingSync triggered a sync of this Application resource"
    sync: dict[str, Any] = {"prune": True} if prune else {}
    if policy.get("syncOptions"):
        sync["syncOptions"] = list(policy["syncOptions"])
    return {
        "initiatedBy": {"username": "applicationset-controller", "automated": True},
        "info": [{"name": "Reason", "value": reason}],
        "sync": sync,
        "retry": policy.get("retry") or {"limit": 5},
    }


def deletion_wait(age: float) -> float:
    """Return the seconds until an Application that is being deleted is looked at again. Invalid when it hangs."""
    if age > DELETION_LONGEST:
        raise Invalid("deletionOrder", "application has not been deleted in over 2 minutes")
    return DELETION_REQUEUE


def describe(issues: Issues) -> list[str]:
    """Return what an ApplicationSet's condition says about its steps, a text per kind of issue."""
    out = []
    if issues.operators:
        steps, values = _told(issues.operators)
        supported = "Supported Operators are 'In' and 'NotIn'"
        plural = "operators" if len(issues.operators) > 1 else "operator"
        out.append(f"{steps} invalid matchExpression {plural}: {', '.join(values)}. {supported}")
    if issues.duplicates:
        out.append(_duplicates(issues.duplicates))
    if issues.max_updates:
        steps, values = _told(issues.max_updates)
        listed = f"values: [{', '.join(values)}]" if len(values) > 1 else f"value: {values[0]}"
        out.append(f"{steps} invalid maxUpdate {listed}")
    if issues.empty:
        numbers = [str(index + 1) for index in issues.empty]
        subject = f"Steps [{' '.join(numbers)}] have" if len(numbers) > 1 else f"Step {numbers[0]} has"
        out.append(f"{subject} no applications matching their criteria")
    return out


def _told(found: Sequence[tuple[int, str]]) -> tuple[str, list[str]]:
    numbers = ", ".join(str(index + 1) for index, _value in found)
    subject = f"Steps {numbers} have" if len(found) > 1 else f"Step {numbers} has"
    return subject, [value for _index, value in found]


def _duplicates(found: Mapping[str, Sequence[int]]) -> str:
    names = sorted(found)
    steps = [f"({'-'.join(str(index + 1) for index in found[name])})" for name in names]
    quoted = ", ".join(f"'{name}'" for name in names)
    if len(names) == 1:
        return f"Application {quoted} is selected by multiple steps: {steps[0]}"
    return f"Applications {quoted} are selected by multiple steps: [{', '.join(steps)}]"
