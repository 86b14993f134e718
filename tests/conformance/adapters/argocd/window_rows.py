# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of sync windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import windows
from tests.conformance.adapters.argocd import calls
from tests.conformance.registry import Row, adapter

TYPES = "pkg/apis/application/v1alpha1/types_test.go"


def now(row: Row) -> datetime:
    """Return upstream's clock. It writes schedules for the minute that runs and reads the clock again after that."""
    return datetime.fromisoformat(row.now) + timedelta(seconds=1)


def can_sync(row: Row) -> Any:
    def answer(given: Sequence[Any] | None, manual: bool, started: str | None = None) -> calls.Results:
        begun = datetime.fromisoformat(started) if started else None
        try:
            return calls.Results((windows.can_sync(given or [], now(row), manual=manual, started=begun), None))
        except Invalid as error:
            return calls.Results((False, error))

    return answer


def delete(spec: Mapping[str, Any], number: int) -> Any:
    windows.delete(spec.get("syncWindows") or [], number)


def add(spec: Mapping[str, Any], kind: str, schedule: str, length: str, *rest: Any) -> Any:
    apps, spaces, clusters, manual, zone, both, overrun, text = [*rest, "", False, ""][:8]
    selectors = {"applications": apps, "namespaces": spaces, "clusters": clusters}
    options = {"manualSync": manual, "timeZone": zone, "andOperator": both, "syncOverrun": overrun, "description": text}
    return windows.add(spec.get("syncWindows") or [], kind, schedule, length, selectors, **options)


def update(window: Mapping[str, Any], schedule: str, length: str, *rest: Any) -> Any:
    names = ("applications", "namespaces", "clusters", "timeZone", "description")
    return windows.update(window, schedule=schedule, duration=length, **dict(zip(names, rest, strict=False)))


def with_error(value: Any) -> tuple[Any, None]:
    """Return what a Go function returns beside a nil error; an empty list of windows is nil."""
    return (value if value != [] else None), None


def all_calls(row: Row) -> Mapping[str, Any]:
    return {
        "v1alpha1.SyncWindows.CanSync": can_sync(row),
        "v1alpha1.SyncWindows.denyAllowsOverrun": windows.deny_allows_overrun,
        "v1alpha1.SyncWindows.allowAllowsOverrun": windows.allow_allows_overrun,
        "v1alpha1.SyncWindows.inactiveAllowsAllowOverrun": windows.allow_allows_overrun,
        "v1alpha1.SyncWindows.hasDeny": lambda given: windows.has_deny(given or []),
        "v1alpha1.SyncWindows.hasAllow": lambda given: windows.has_allow(given or []),
        "v1alpha1.SyncWindows.manualEnabled": lambda given: windows.manual_enabled(given or []),
        "v1alpha1.SyncWindows.HasWindows": bool,
        "v1alpha1.SyncWindows.Active": lambda given: with_error(windows.active(given or [], now(row))),
        "v1alpha1.SyncWindows.active": lambda given, at=None: with_error(windows.active(given or [], moment(at, row))),
        "v1alpha1.SyncWindows.InactiveAllows": lambda given: with_error(windows.inactive_allows(given or [], now(row))),
        "v1alpha1.SyncWindows.inactiveAllows": lambda given, at=None: with_error(
            windows.inactive_allows(given or [], moment(at, row))
        ),
        "v1alpha1.SyncWindows.Matches": lambda given, app: windows.matches(given or [], windows.Place.of(app)),
        "v1alpha1.SyncWindow.Active": lambda window: with_error(windows.is_active(window, now(row))),
        "v1alpha1.SyncWindow.active": lambda window, at=None: with_error(windows.is_active(window, moment(at, row))),
        "v1alpha1.SyncWindow.Validate": windows.validate,
        "v1alpha1.SyncWindow.Update": update,
        "v1alpha1.SyncWindow.HashIdentity": lambda window: with_error(windows.identity(window or {})),
        "v1alpha1.AppProjectSpec.DeleteWindow": delete,
        "v1alpha1.AppProjectSpec.AddWindow": add,
    }


def moment(text: str | None, row: Row) -> datetime:
    return datetime.fromisoformat(text) if text else now(row)


@adapter(
    "argocd",
    TYPES,
    "TestSyncWindows_HasWindows",
    "TestSyncWindows_Active",
    "TestSyncWindows_InactiveAllows",
    "TestAppProjectSpecWindowWithDescription",
    "TestAppProjectSpec_DeleteWindow",
    "TestSyncWindows_Matches",
    "TestSyncWindows_Matches_AND_Operator",
    "TestSyncWindows_CanSync",
    "TestSyncWindows_hasDeny",
    "TestSyncWindows_hasAllow",
    "TestSyncWindow_Active",
    "TestSyncWindow_Update",
    "TestSyncWindow_Validate",
    "TestSyncWindows_SyncOverrun",
)
def window_calls(row: Row) -> None:
    calls.run(row, all_calls(row))


@adapter("argocd", TYPES, "TestSyncWindow_Hash")
def identity(row: Row) -> None:
    if row.kind == "assertions":
        window_calls(row)
        return
    try:
        windows.identity(row.fields.get("window") or {})
    except SlipwayError as error:
        assert row.value("expectError"), str(error)
        return
    assert not row.value("expectError")


@adapter("argocd", TYPES, "TestAppProjectSpec_AddWindow")
def add_window(row: Row) -> None:
    spec = (row.fields.get("p") or {}).get("spec") or {}
    values = [row.value(name) for name in ("k", "s", "d", "a", "n", "c", "m", "t", "o")]
    failed = None
    try:
        add(spec, *values)
    except Invalid as error:
        failed = error
    wanted = row.value("want")
    assert (failed is not None) is (wanted == "error" or bool(row.value("t") == "error")), str(failed)
