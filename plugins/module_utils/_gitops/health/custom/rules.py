# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What checks of custom kinds are made of: small rules that a table names and puts in order.

A check looks at one object and answers with its health, or None when it has nothing to say. Texts are templates:
{message}, {reason}, {type} and {status} of a condition, {value} of a field, {kind} of the object; a text that starts
with "?" is only said where the condition has no message of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...._core.types import Manifest
from ..status import Health

Check = Callable[[Manifest], Health | None]
Answer = tuple[str, str]


@dataclass(frozen=True, slots=True)
class When:
    """One line about conditions: those of a type, with a status and a reason (None: any), mean this health."""

    type: str
    status: str | None
    health: str
    say: str = "{message}"
    reason: str | None = None

    def matches(self, condition: Mapping[str, Any]) -> bool:
        given = condition.get("type"), condition.get("status"), condition.get("reason")
        wanted = (self.type or None, self.status, self.reason)
        return all(want is None or want == have for want, have in zip(wanted, given, strict=True))


def get(obj: Any, path: str) -> Any:
    """Return the value at a dotted path, None when it is not there."""
    for part in path.split("."):
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(part)
    return obj


def number(obj: Any, path: str, default: float = 0) -> float:
    """Return a number at a dotted path, or the default."""
    found = get(obj, path)
    return found if isinstance(found, (int, float)) else default


def listed(obj: Any, path: str) -> list[Any]:
    """Return the list at a dotted path, empty when there is none."""
    found = get(obj, path)
    return found if isinstance(found, list) else []


def found_condition(obj: Manifest, kind: str) -> Mapping[str, Any]:
    """Return the last condition of a type, empty when there is none."""
    same = [one for one in listed(obj, "status.conditions") if one.get("type") == kind]
    return same[-1] if same else {}


def text(say: str, obj: Manifest, condition: Mapping[str, Any] | None = None, value: Any = "") -> str:
    """Return a template filled in."""
    known = condition or {}
    if say.startswith("?"):
        return str(known.get("message") or say[1:])
    fields = {name: known.get(name) or "" for name in ("message", "reason", "type", "status")}
    return say.format(**fields, value=value, kind=obj.get("kind", ""))


def first(*checks: Check) -> Check:
    """The first check that has an answer."""

    def check(obj: Manifest) -> Health | None:
        return next((found for one in checks if (found := one(obj)) is not None), None)

    return check


def always(health: str, say: str = "") -> Check:
    """One answer for all."""
    return lambda obj: Health(health, text(say, obj))


def conditions(*lines: When, path: str = "status.conditions") -> Check:
    """The first condition, in their order, that one of the lines is about."""

    def check(obj: Manifest) -> Health | None:
        for condition in listed(obj, path):
            for line in lines:
                if line.matches(condition):
                    return Health(line.health, text(line.say, obj, condition))
        return None

    return check


def each(*lines: When) -> Check:
    """As conditions, but a line counts before the next one, whatever the order of the conditions."""
    return first(*(conditions(line) for line in lines))


def field(path: str, answers: Mapping[Any, Answer], other: Answer | None = None) -> Check:
    """The answer for the value of a field, or `other` for a value that has none."""

    def check(obj: Manifest) -> Health | None:
        value = get(obj, path)
        if value is None or isinstance(value, (dict, list)):
            return None
        found = answers.get(value, other)
        return Health(found[0], text(found[1], obj, value=value)) if found else None

    return check


def flag(path: str, health: str, say: str) -> Check:
    """An answer where a field is true."""
    return lambda obj: Health(health, text(say, obj)) if get(obj, path) is True else None


def absent(path: str, health: str, say: str) -> Check:
    """An answer where a field is missing."""
    return lambda obj: Health(health, text(say, obj)) if get(obj, path) is None else None


def stale(say: str, path: str = "status.observedGeneration", *, strict: bool = False) -> Check:
    """Progressing while the observed generation is another one; `strict`: also while none was observed."""

    def check(obj: Manifest) -> Health | None:
        wanted, seen = get(obj, "metadata.generation"), get(obj, path)
        known = strict or (wanted is not None and seen is not None)
        return Health("Progressing", say) if known and wanted != seen else None

    return check


def ready(waiting: str, healthy: str = "{message}", degraded: str = "{message}", of: str = "Ready") -> Check:
    """The most common check: one condition is False, True, or still awaited."""
    return first(
        conditions(When(of, "False", "Degraded", degraded), When(of, "True", "Healthy", healthy)),
        always("Progressing", waiting),
    )
