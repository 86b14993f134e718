# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases what a stopped run still holds. `always:` does not run when a play is interrupted.

Engines say in their records what they take: `data.lease` with namespace and name (and the holder), and again with
`released: true` when they let go. Must not know what a lease protects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.core import Event, Sink, SlipwayError, Subject


@dataclass(frozen=True, slots=True)
class Held:
    """A `coordination.k8s.io/Lease` that a run took. `auth` are connection options, as the record gave them."""

    namespace: str
    name: str
    holder: str = ""
    auth: tuple[tuple[str, str], ...] = ()


def held(events: Iterable[Event]) -> list[Held]:
    """Return the leases that were taken and not given back, in the order they were taken."""
    open_: dict[tuple[str, str], Held] = {}
    for event in events:
        told = event.data.get("lease")
        lease = _parse(told)
        if lease is None:
            continue
        key = (lease.namespace, lease.name)
        if isinstance(told, Mapping) and told.get("released"):
            open_.pop(key, None)
        else:
            open_[key] = lease
    return list(open_.values())


def release(leases: Iterable[Held], sink: Sink) -> None:
    """Give leases back; one that cannot be given back is a warning, it runs out by itself."""
    for lease in leases:
        subject = Subject("Lease", lease.namespace, lease.name)
        try:
            given = _give_back(lease)
        except (SlipwayError, OSError, ImportError) as error:
            sink.emit(subject, "Warning", reason="LeaseNotReleased", message=f"could not be released: {error}")
            continue
        message = "released" if given else "is held by somebody else by now"
        sink.emit(subject, "Changed" if given else "Skipped", reason="LeaseReleased", message=message)


def _give_back(lease: Held) -> bool:
    """Empty the holder, if it is still ours. The resourceVersion makes sure that nobody else's is taken."""
    from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
    from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config

    client = Client(load_config(dict(lease.auth)))
    try:
        found = client.get("coordination.k8s.io/v1", "Lease", lease.name, lease.namespace)
        spec = (found or {}).get("spec") or {}
        if not found or (lease.holder and spec.get("holderIdentity") != lease.holder):
            return False
        client.replace({**found, "spec": {**spec, "holderIdentity": "", "leaseDurationSeconds": 1}})
        return True
    finally:
        client.close()


def _parse(told: Any) -> Held | None:
    if isinstance(told, str) and told:
        namespace, _, name = told.rpartition("/")
        return Held(namespace or "default", name)
    if isinstance(told, Mapping) and told.get("name"):
        auth = tuple((key, str(told[key])) for key in ("kubeconfig", "context", "host") if told.get(key))
        return Held(str(told.get("namespace") or "default"), str(told["name"]), str(told.get("holder") or ""), auth)
    return None
