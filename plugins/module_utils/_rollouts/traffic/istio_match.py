# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which routes of a VirtualService a Rollout means: HTTP by name, TLS by port and SNI hosts, TCP by port.

Source: argo-rollouts v1.9 rollout/trafficrouting/istio/istio.go (get*RouteIndexesToPatch, search*Route).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid

KINDS = ("http", "tls", "tcp")
FIELDS = {"http": "routes", "tls": "tlsRoutes", "tcp": "tcpRoutes"}
Route = dict[str, Any]


def checked(entries: Any, kind: str) -> list[Route]:
    """Return the routes of a kind. Invalid when they are not a list of objects with lists of destinations."""
    if not isinstance(entries, list):
        raise Invalid(kind, "is not a list of routes")
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise Invalid(f"{kind}[{index}]", "is not an object")
        destinations = entry.get("route", [])
        if not isinstance(destinations, list):
            raise Invalid(f"{kind}[{index}].route", "is not a list of destinations")
        _check_destinations(destinations, f"{kind}[{index}].route")
    return entries


def _check_destinations(destinations: Sequence[Any], field: str) -> None:
    for number, one in enumerate(destinations):
        if not isinstance(one, dict) or not isinstance(one.get("destination") or {}, dict):
            raise Invalid(f"{field}[{number}]", "is not a destination")


def selected(
    kind: str,
    entries: Sequence[Route],
    wanted: Mapping[str, Any],
    managed: Sequence[str] = (),
    *,
    weighted_only: bool = False,
) -> list[Route]:
    """Return the routes of a kind to edit. Invalid when a named one is missing.

    A mirror route among the managed ones carries the weights too, unless `weighted_only`.
    """
    if kind != "http":
        indexes = (tls_indexes if kind == "tls" else tcp_indexes)(wanted.get(FIELDS[kind]) or [], entries)
        return [entries[index] for index in indexes if index < len(entries)]
    names = list(wanted.get("routes") or [])
    own = [entry for entry in entries if entry.get("name") not in managed]
    found = [entries[index] for index in http_indexes(names, entries)]
    if not found and len(own) == 1:
        found = own  # upstream overlooks the only route when it has a name
    mirrors = [one for one in entries if one.get("mirror") is not None and one.get("name") in managed]
    return found if weighted_only else [*found, *(one for one in mirrors if one not in found)]


def http_indexes(names: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the indexes of the named routes; without names, of the first that has none."""
    if not names:
        return [index for index, entry in enumerate(entries) if not entry.get("name")][:1]
    known = [entry.get("name") for entry in entries]
    for name in names:
        if name not in known:
            raise Invalid("http", f"HTTP Route '{name}' is not found in the defined Virtual Service.")
    return [known.index(name) for name in names]


def tls_indexes(wanted: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the indexes of all routes with exactly that port and exactly those SNI hosts; the first without any wish."""
    return _indexes("TLS", wanted, entries, _tls_fits)


def tcp_indexes(wanted: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the indexes of all routes with exactly that port; the first without any wish."""
    return _indexes("TCP", wanted, entries, _port_fits)


def _indexes(
    label: str,
    wanted: Sequence[Mapping[str, Any]],
    entries: Sequence[Mapping[str, Any]],
    fits: Callable[[Mapping[str, Any], Mapping[str, Any]], bool],
) -> list[int]:
    if not wanted:
        return [0]
    out: list[int] = []
    for one in wanted:
        found = [index for index, entry in enumerate(entries) if fits(one, entry)]
        if not found:
            raise Invalid(label.lower(), f"No matching {label} routes found in the defined Virtual Service.")
        out += found
    return out


def _tls_fits(wanted: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    hosts = {host for one in entry.get("match") or [] for host in one.get("sniHosts") or []}
    return _port_fits(wanted, entry) and hosts == set(wanted.get("sniHosts") or [])


def _port_fits(wanted: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """A route whose matches name several ports never fits."""
    ports = {int(one.get("port") or 0) for one in entry.get("match") or []} or {0}
    return ports == {int(wanted.get("port") or 0)}
