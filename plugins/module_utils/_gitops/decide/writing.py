# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How one object is written: which verb, with which switches, and whether its kind must be known before.

Source: argo-cd v3.6 gitops-engine/pkg/sync/sync_context.go (applyObject, shouldUseServerSideApply, getSyncTasks),
controller/sync_namespace.go, util/settings/impersonation.go. Must not know clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, split_api_version
from ..._lang import globs
from . import hooks, tasks

CLIENT_SIDE_MANAGER = "kubectl-client-side-apply"
PROPAGATION = "Foreground"  # of pruned objects and hooks, unless PrunePropagationPolicy says otherwise
_NOT_IN_ACCOUNT = frozenset("!*[]{}\\/")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operation asks for all objects."""

    replace: bool = False
    force: bool = False
    validate: bool = True
    server_side: bool = False
    manager: str = ""
    dry_run: bool = False
    skip_missing: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """How an object is written. `command`: apply, create, replace or update (in place, never recreated)."""

    command: str
    force: bool
    validate: bool
    server_side: bool
    manager: str


def plan(target: Manifest, live: Manifest | None, settings: Settings, *, dry_run: bool = False) -> Write:
    """Return how `target` is written over `live`. Replace wins over server-side apply."""
    server_side = uses_server_side(target, settings, dry_run=dry_run)
    force = settings.force or _either(target, live, "Force=true")
    validate = settings.validate and not hooks.has_option(target, "Validate=false")
    if not (settings.replace or _either(target, live, "Replace=true")):
        return Write("apply", force, validate, server_side, settings.manager)
    if live is None:
        return Write("create", False, validate, False, "")
    # Replacing a CRD or a Namespace may delete and create it, and everything inside with it.
    kept = tasks.is_crd(target) or target.get("kind") == "Namespace"
    return Write("update", False, validate, False, "") if kept else Write("replace", force, validate, False, "")


def _either(target: Manifest, live: Manifest | None, option: str) -> bool:
    return hooks.has_option(target, option) or hooks.has_option(live, option)


def uses_server_side(target: Manifest, settings: Settings, *, dry_run: bool = False) -> bool:
    """Return whether the object is applied server-side. A dry run never is: it only checks what was rendered."""
    if settings.dry_run or dry_run or hooks.has_option(target, "ServerSideApply=false"):
        return False
    return settings.server_side or hooks.has_option(target, "ServerSideApply=true")


def needs_migration(live: Manifest | None, manager: str = CLIENT_SIDE_MANAGER) -> bool:
    """True when fields of a live object still belong to a client-side applier and must change hands first."""
    entries = ((live or {}).get("metadata") or {}).get("managedFields") or []
    return bool(manager) and any(entry.get("manager") == manager for entry in entries)


def defines(objs: Iterable[Manifest], group: str, kind: str) -> bool:
    """Return whether one of the objects is the CRD of a kind."""
    return any(tasks.crd_kind(obj) == f"{group}/{kind}" for obj in objs)


def may_miss_kind(target: Manifest, targets: Iterable[Manifest], skip_missing: bool) -> bool:
    """Return whether an object whose kind is not served passes the dry run: its CRD comes with it, or it says so."""
    if skip_missing or hooks.has_option(target, "SkipDryRunOnMissingResource=true"):
        return True
    group, _version = split_api_version(str(target.get("apiVersion", "")))
    return defines(targets, group, str(target.get("kind")))


def managed_namespace(name: str, live: Manifest | None, sync_policy: Mapping[str, Any] | None) -> Manifest | None:
    """Return the destination's Namespace to be applied before everything else; None when it is left alone.

    It is written when it is missing, or when managedNamespaceMetadata says what it carries (then server-side, so
    that what others put there stays).
    """
    metadata = (sync_policy or {}).get("managedNamespaceMetadata")
    if metadata is None and live is not None:
        return None
    meta: dict[str, Any] = {"name": name}
    if metadata is not None:
        meta["labels"] = dict(metadata.get("labels") or {})
        meta["annotations"] = {**(metadata.get("annotations") or {}), hooks.SYNC_OPTIONS: "ServerSideApply=true"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def service_account(project: Manifest, application: Manifest, server: str) -> str:
    """Return the account a sync acts as, "system:serviceaccount:<namespace>:<name>": the first that matches.

    `server` is the URL of the destination cluster. Empty without a match, Invalid for a bad pattern or name.
    """
    destination = (application.get("spec") or {}).get("destination") or {}
    wanted = str(destination.get("namespace") or "")
    namespace = wanted or str(application["metadata"].get("namespace") or "")
    accounts: Sequence[Mapping[str, Any]] = (project.get("spec") or {}).get("destinationServiceAccounts") or []
    for item in accounts:
        matched = [
            _matches(str(item.get("server") or ""), server, "server"),
            _matches(str(item.get("namespace") or ""), wanted, "namespace"),
        ]
        if all(matched):
            return _account(str(item.get("defaultServiceAccount") or ""), namespace)
    return ""


def _matches(pattern: str, text: str, what: str) -> bool:
    try:
        return globs.match_strict(pattern, text)
    except Invalid as error:
        raise Invalid("", f"invalid glob pattern for destination {what}: {error}") from error


def _account(name: str, namespace: str) -> str:
    if not name.strip(" ") or _NOT_IN_ACCOUNT & set(name):
        raise Invalid("", f"default service account contains invalid chars '{name}'")
    return f"system:serviceaccount:{name if ':' in name else f'{namespace}:{name}'}"
