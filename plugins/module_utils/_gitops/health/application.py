# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Health of an application, from that of its resources. Source: argo-cd v3.6 controller/health.go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.types import Manifest, split_api_version
from ..decide import hooks
from .status import ORDER, Health

_IGNORE = "argocd.argoproj.io/ignore-healthcheck"
_COMPARE = "argocd.argoproj.io/compare-options"
_SHOWN = 3  # causes that a message names


@dataclass(frozen=True, slots=True)
class Member:
    """One resource: what Git wants, what is live, and the health of the live object (None: its kind has none)."""

    target: Manifest | None
    live: Manifest | None
    health: Health | None = None


def application_health(members: Sequence[Member], app: tuple[str, str] = ("", "")) -> Health:
    """Return the worst health of what exists, and in the message which resources caused it.

    Missing objects do not count, unless all are missing. The application itself, `app` as (namespace, name), and child
    applications that are Missing or Unknown do not count.
    """
    counted = [member for member in members if not _is_no_resource(member)]
    status, causes = "Healthy", list[Member]()
    for member in counted:
        if member.live is None or member.health is None or _does_not_count(member.live, member.health, app):
            continue
        found = member.health.status
        if ORDER.index(found) > ORDER.index(status):
            status, causes = found, [member]
        elif found == status and status != "Healthy":
            causes.append(member)
    if counted and all(member.live is None for member in counted) and ORDER.index(status) < ORDER.index("Missing"):
        return Health("Missing")
    return Health(status, caused_by([cause.live for cause in causes if cause.live]))


def _is_no_resource(member: Member) -> bool:
    if member.target and hooks.is_skipped(member.target):
        return True
    live = member.live
    return live is not None and (hooks.is_hook(live) or hooks.has_option(live, "IgnoreExtraneous", _COMPARE))


def _does_not_count(live: Manifest, found: Health, app: tuple[str, str]) -> bool:
    if hooks.annotation(live, _IGNORE) == "true":
        return True
    group, _version = split_api_version(str(live.get("apiVersion", "")))
    if (group, live.get("kind")) != ("argoproj.io", "Application"):
        return False
    meta = live["metadata"]
    return (meta.get("namespace"), meta.get("name")) == app or found.status in ("Missing", "Unknown")


def caused_by(objs: Sequence[Manifest]) -> str:
    """Return the sentence that names the objects behind a health, the first three of them."""
    if not objs:
        return ""
    more = f" and {len(objs) - _SHOWN} more" if len(objs) > _SHOWN else ""
    return f"Caused by {', '.join(_name(obj) for obj in objs[:_SHOWN])}{more}"


def _name(obj: Manifest) -> str:
    group, meta = split_api_version(str(obj.get("apiVersion", "")))[0], obj["metadata"]
    kind = f"{group}/{obj['kind']}" if group else obj["kind"]
    return f"{kind}:{meta['namespace']}/{meta['name']}" if meta.get("namespace") else f"{kind}:{meta['name']}"


def kept_message(before: Health, found: Health, inline: bool) -> str:
    """Return the message that is stored: while the status stays and healths are not stored inline, the old one."""
    return before.message if found.status == before.status and not inline else found.message
