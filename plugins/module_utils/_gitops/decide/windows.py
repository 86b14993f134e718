# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Sync windows of an AppProject: which belong to an Application, which are open, whether a sync may run now.

Pure: the time comes in as an aware datetime. A window is the raw object of spec.syncWindows.
Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go SyncWindows, docs/user-guide/sync_windows.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..._core import duration
from ..._core.errors import Invalid
from ..._lang import cron
from .projects import glob_match

Window = Mapping[str, Any]
ALLOW, DENY = "allow", "deny"
_IDENTITY = ("kind", "schedule", "duration", "applications", "namespaces", "clusters", "timeZone", "andOperator")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an Application stands: its name, and the address, name and namespace of its destination."""

    app: str
    server: str = ""
    cluster: str = ""
    namespace: str = ""

    @classmethod
    def of(cls, app: Mapping[str, Any]) -> Place:
        """Return the place of an Application."""
        target = (app.get("spec") or {}).get("destination") or {}
        texts = (str(target.get(key) or "") for key in ("server", "name", "namespace"))
        return cls(str((app.get("metadata") or {}).get("name") or ""), *texts)


def matches(windows: Sequence[Window], place: Place) -> list[Window]:
    """Return the windows that count for an Application."""
    return [window for window in windows if _counts(window, place)]


def _counts(window: Window, place: Place) -> bool:
    """One selector that matches is enough; with andOperator every selector that is given must match."""
    found = list(_selected(window, place))
    return bool(found) and (all(found) if window.get("andOperator") else any(found))


def _selected(window: Window, place: Place) -> Iterator[bool]:
    values = {
        "applications": (place.app,),
        "clusters": tuple(filter(None, (place.cluster, place.server))),
        "namespaces": (place.namespace,),
    }
    for key, texts in values.items():
        patterns = window.get(key) or []
        if patterns:
            yield any(glob_match(pattern, text, negation=False) for pattern in patterns for text in texts)


def is_active(window: Window, now: datetime) -> bool:
    """Return whether a window is open. Invalid for a schedule or a duration that cannot be read."""
    schedule, length = _schedule(window), _length(window)
    local = _local(window, now)
    begins = schedule.next(local - length)
    return begins is not None and begins < local


def active(windows: Sequence[Window], now: datetime) -> list[Window]:
    """Return the windows that are open."""
    return [window for window in windows if is_active(window, now)]


def inactive_allows(windows: Sequence[Window], now: datetime) -> list[Window]:
    """Return the allow windows that are closed."""
    return [window for window in windows if window.get("kind") == ALLOW and not is_active(window, now)]


def can_sync(windows: Sequence[Window], now: datetime, *, manual: bool, started: datetime | None = None) -> bool:
    """Return whether a sync may run now. Invalid for windows that cannot be read.

    A deny window wins over an allow window; where allow windows exist, one must be open. `manual` syncs pass when every
    window in the way has manualSync. A sync that `started` while it was permitted goes on when every window in the way
    has syncOverrun.
    """
    try:
        barring = _barring(windows, now)
        if not barring or (manual and _all(barring, "manualSync")):
            return True
        if started is None or not _all(barring, "syncOverrun"):
            return False
        return can_sync(windows, started, manual=manual)
    except Invalid as error:
        raise Invalid("", f"invalid sync windows: {error.message.removeprefix('invalid sync windows: ')}") from None


def _barring(windows: Sequence[Window], now: datetime) -> list[Window]:
    """Return the windows that stand in the way: open deny windows, else closed allow windows when none is open."""
    current = active(windows, now)
    denies = [window for window in current if window.get("kind") == DENY]
    if denies or has_allow(current):
        return denies
    return inactive_allows(windows, now)


def has_allow(windows: Sequence[Window]) -> bool:
    """Return whether one of the windows allows."""
    return any(window.get("kind") == ALLOW for window in windows)


def has_deny(windows: Sequence[Window]) -> tuple[bool, bool]:
    """Return whether one of the windows denies, and whether manual syncs pass all that do."""
    denies = [window for window in windows if window.get("kind") == DENY]
    return bool(denies), _all(denies, "manualSync")


def manual_enabled(windows: Sequence[Window]) -> bool:
    """Return whether there are windows and all let manual syncs pass."""
    return _all(windows, "manualSync")


def deny_allows_overrun(windows: Sequence[Window]) -> bool:
    """Return whether there are deny windows and all let a running sync go on."""
    return _all([window for window in windows if window.get("kind") == DENY], "syncOverrun")


def allow_allows_overrun(windows: Sequence[Window]) -> bool:
    """Return whether there are allow windows and all let a running sync go on."""
    return _all([window for window in windows if window.get("kind") == ALLOW], "syncOverrun")


def _all(windows: Sequence[Window], option: str) -> bool:
    return bool(windows) and all(bool(window.get(option)) for window in windows)


def identity(window: Window) -> str:
    """Return what tells windows apart: all that decides when and for whom, not options or the description."""
    known = {key: window[key] for key in _IDENTITY if window.get(key)}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def validate(window: Window) -> None:
    """Raise Invalid for a window that cannot be read. An unknown time zone counts as UTC."""
    kind = str(window.get("kind") or "")
    if kind not in (ALLOW, DENY):
        raise Invalid("", f"kind '{kind}' mismatch: can only be allow or deny")
    _schedule(window)
    _length(window)


def _schedule(window: Window) -> cron.Schedule:
    text = str(window.get("schedule") or "")
    try:
        return cron.parse(text)
    except Invalid as error:
        raise Invalid("", f"cannot parse schedule '{text}': {error.message}") from None


def _length(window: Window) -> timedelta:
    text = str(window.get("duration") or "")
    try:
        return timedelta(seconds=duration.parse_go(text))
    except Invalid as error:
        raise Invalid("", f"cannot parse duration '{text}': {error.message}") from None


def _local(window: Window, now: datetime) -> datetime:
    """Return the wall-clock time at the window's time zone, without a zone, as schedules need it."""
    name = str(window.get("timeZone") or "")
    try:
        zone = ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = UTC
    return now.astimezone(zone).replace(tzinfo=None)


def add(
    windows: Sequence[Window],
    kind: str,
    schedule: str,
    length: str,
    selectors: Mapping[str, Sequence[str]],
    **options: Any,
) -> list[Window]:
    """Return the windows with one more. `selectors` are lists by applications, namespaces, clusters. Invalid as above."""
    if not kind or not schedule or not length:
        text = "cannot create window: require kind, schedule, duration and one or more of applications, namespaces and clusters"
        raise Invalid("", text)
    extra = {key: list(value) for key, value in selectors.items() if value}
    window = {"kind": kind, "schedule": schedule, "duration": length, **extra, **options}
    window["timeZone"] = window.get("timeZone") or "UTC"
    validate(window)
    return [*windows, window]


def delete(windows: Sequence[Window], number: int) -> list[Window]:
    """Return the windows without one. Invalid for a number that is not there."""
    if not 0 <= number < len(windows):
        raise Invalid("", f"window with id '{number}' not found")
    return [window for index, window in enumerate(windows) if index != number]


def update(window: Window, **changes: Any) -> Window:
    """Return a window with the changes that are not empty; the time zone defaults to UTC. Invalid without a change."""
    given = {key: value for key, value in changes.items() if value}
    if not set(given) - {"timeZone"}:
        text = "cannot update: require one or more of schedule, duration, application, namespace, or cluster"
        raise Invalid("", text)
    return {**window, **given, "timeZone": changes.get("timeZone") or "UTC"}
