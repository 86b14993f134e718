# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When an application is compared, synced and healed again without being asked: the decisions of the controller.

Source: argo-cd v3.6 controller/appcontroller.go, controller/state.go, util/app/path/path.go. Times are seconds since
the epoch, spans are seconds; the caller reads the clock.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.types import Manifest, deep_get
from ..model.source import dry_source, sync_source
from . import hooks

_REFRESH = "argocd.argoproj.io/refresh"
_PATHS = "argocd.argoproj.io/manifest-generate-paths"
_SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_ENDED = ("Succeeded", "Failed", "Error")
Source = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long self-healing waits: `first` seconds, times `factor` for each attempt, `cap` at most."""

    first: float = 2.0
    factor: float = 3.0
    cap: float = 300.0

    def delay(self, attempts: int) -> float:
        """Return the wait after some attempts, 0 before the first one."""
        return min(self.first * self.factor ** (attempts - 1), self.cap) if attempts > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whether the last operation was this very sync already, what it synced, and how it ended."""

    same: bool
    revisions: Sequence[str]
    phase: str


def expiry(reconciled: float | None, now: float, soft: float, hard: float) -> tuple[bool, bool]:
    """Return whether the last comparison is too old for (a refresh, a hard refresh).

    A span of 0 switches the check off, but what was never compared always needs a refresh.
    """
    age = None if reconciled is None else now - reconciled
    soft_expired = age is None or 0 < soft < age
    return soft_expired, hard > 0 and (age is None or age > hard)


def self_heal_wait(attempts: int, finished: float | None, now: float, backoff: Backoff) -> float:
    """Return how long self-healing still waits; 0 or less: it may go on now."""
    since = 0.0 if finished is None else now - finished
    return backoff.delay(attempts) - since


def already_attempted(app: Manifest, desired: Sequence[str], has_changes: bool) -> Attempt:
    """Return whether a sync of these revisions and sources was tried. `has_changes`: the revisions' files differ.

    Without changes another revision of the same sources is the same sync. An operation that ended without a result
    counts as tried, so that it is not tried for ever.
    """
    state = deep_get(app, "status", "operationState", default={})
    if deep_get(state, "operation", "sync") is None:
        return Attempt(False, [], "")
    phase, result = str(state.get("phase", "")), state.get("syncResult")
    if result is None:
        return Attempt(phase in _ENDED, [], phase)
    many = bool(deep_get(app, "spec", "sources"))
    synced = list(result.get("revisions") or []) if many else [str(result.get("revision", ""))]
    if has_changes and synced != list(desired):
        return Attempt(False, synced, phase)
    key = "sources" if many else "source"
    return Attempt(_plain(app["spec"].get(key)) == _plain(result.get(key)), synced, phase)


def end_of_operation(phase: str, running: float, timeout: float, retries: int) -> tuple[str, str] | None:
    """Return (phase, message) of an operation that ends because it was told to, or ran too long; None: it goes on.

    `running` is how long it has run, `timeout` 0 means no limit.
    """
    if phase == "Terminating":
        return "Failed", "Operation terminated"
    if not timeout or running <= timeout:
        return None
    suffix = f" (retried {retries} times)." if retries else ""
    return "Failed", f"Operation terminated, triggered by controller sync timeout{suffix}"


def has_operation(app: Manifest) -> bool:
    """Return whether an operation is to be run, also while the application is being deleted."""
    return app.get("operation") is not None


def qualified(name: str, control_namespace: str) -> str:
    """Return "namespace/name" of an application; a bare name is one of the control namespace."""
    return name if "/" in name else f"{control_namespace}/{name}"


def is_reconciled(app: Manifest) -> bool:
    """False for an application that says skip-reconcile: "true"."""
    return hooks.annotation(app, _SKIP_RECONCILE) not in _TRUE


def may_reuse_diff(
    app: Manifest,
    sources: Sequence[Source],
    revisions: Sequence[str],
    *,
    rendered: int,
    expired: bool,
    server_side: bool,
) -> bool:
    """Return whether the last comparison still holds: same revisions, sources and destination, nothing asked anew.

    `rendered` counts the sources that were rendered. Server-side diffs are kept when expired: they cost API calls.
    """
    notes = deep_get(app, "metadata", "annotations", default={})
    if _REFRESH in notes or (expired and not server_side) or rendered != len(sources):
        return False
    sync = deep_get(app, "status", "sync", default={})
    known = list(sync.get("revisions") or []) or [str(sync.get("revision") or "")]
    compared = _plain(sync.get("comparedTo") or {})
    return bool(known == list(revisions) and compared == _plain(compared_to(app["spec"], sources)))


def compared_to(spec: Mapping[str, Any], sources: Sequence[Source]) -> dict[str, Any]:
    """Return what a comparison is about, as the status of an application records it."""
    found: dict[str, Any] = {"destination": spec.get("destination") or {}}
    if spec.get("sources"):
        found["sources"] = list(sources)
    else:
        found["source"] = sources[0] if sources else {}
    return {**found, **({"ignoreDifferences": spec["ignoreDifferences"]} if spec.get("ignoreDifferences") else {})}


@dataclass(frozen=True, slots=True)
class Look:
    """What to ask about a source's revision. `ask` is empty (`changed` is the answer), "paths" or "resolve"."""

    ask: str = ""
    changed: bool = False
    synced: str = ""


def revision_check(app: Manifest, sources: Sequence[Source], index: int, revision: str) -> Look:
    """Return whether a source may have changed at `revision`, or what to ask first.

    "paths": do files below the application's manifest-generate-paths differ since `synced`? "resolve": which commit is
    the revision now?  Source: evaluateRevisionChanges.
    """
    source, spec = sources[index], app["spec"]
    synced, dry = _synced(app, source, index)
    if source.get("ref") and not source.get("path") and not source.get("chart"):
        return Look()
    if synced == revision and revision and not _has_refs(sources):
        return Look()
    if synced and hooks.annotation(app, _PATHS):
        return Look("paths", synced=synced)
    return Look("resolve", synced=synced) if dry and spec.get("sourceHydrator") else Look(changed=True)


def _synced(app: Manifest, source: Source, index: int) -> tuple[str, bool]:
    status = app.get("status") or {}
    hydrator = app["spec"].get("sourceHydrator")
    if hydrator:
        if _plain(source) == _plain(dry_source(hydrator)):
            return str(deep_get(status, "sourceHydrator", "lastComparedDryRevision", default="")), True
    elif app["spec"].get("sources"):
        revisions = deep_get(status, "sync", "revisions", default=[])
        return (str(revisions[index]) if index < len(revisions) else ""), False
    return str(deep_get(status, "sync", "revision", default="")), False


def _has_refs(sources: Sequence[Source]) -> bool:
    return len(sources) > 1 and any(source.get("ref") for source in sources)


def refresh_paths(app: Manifest, source: Source) -> list[str]:
    """Return the paths whose change asks for a new rendering of `source`, relative to the repository; [] for any.

    The annotation lists them with semicolons, relative to the source's path or, with a leading slash, to the
    repository. What a hydrator wrote is watched as a whole.
    """
    hydrator, path = app["spec"].get("sourceHydrator"), str(source.get("path") or "")
    if hydrator and _plain(source) == _plain(sync_source(hydrator)):
        return [path]
    items = [item.strip() for item in hooks.annotation(app, _PATHS).split(";")]
    return [
        item[1:] if item.startswith("/") else posixpath.normpath(posixpath.join(path, item)) for item in items if item
    ]


def _plain(value: Any) -> Any:
    """Return a value without empty fields: Go writes none of them."""
    if isinstance(value, Mapping):
        cleaned = {key: _plain(item) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item not in (None, "", [], {}, False)}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
