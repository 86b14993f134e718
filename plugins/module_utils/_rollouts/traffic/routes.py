# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether the routes of a VirtualService carry the services (or subsets) of a Rollout.

Knows Istio's routes; edits nothing.
Source: argo-rollouts v1.10 rollout/trafficrouting/istio/istio.go (ValidateHTTPRoutes, ValidateTlsRoutes, ValidateTcpRoutes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get

_LISTS = {"http": "routes", "tls": "tlsRoutes", "tcp": "tcpRoutes"}

Route = Mapping[str, Any]


def check_routes(rollout: Manifest, wanted: Mapping[str, Any], service: Manifest) -> list[str]:
    """Return what is wrong with the routes of a VirtualService that a Rollout names (`wanted`), kind by kind."""
    spec = service.get("spec") or {}
    found = {kind: spec[kind] for kind in _LISTS if isinstance(spec.get(kind), list)}
    if not found:
        return ["Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"]
    return [text for kind, routes in found.items() for text in _of_kind(rollout, wanted, kind, routes)]


def _of_kind(rollout: Manifest, wanted: Mapping[str, Any], kind: str, routes: Sequence[Any]) -> Iterator[str]:
    if not all(isinstance(route, Mapping) for route in routes):
        yield f"Unable to get {kind.upper()} routes for Istio VirtualService"
        return
    try:
        for index in route_indexes(kind, wanted.get(_LISTS[kind]) or [], routes):
            check_destinations(rollout, routes[index].get("route") or [])
        _only_one(rollout, wanted, kind, routes)
    except Invalid as error:
        yield f"Istio VirtualService has invalid {kind.upper()} routes. Error: {error.message}"


def route_indexes(kind: str, wanted: Sequence[Any], routes: Sequence[Route]) -> list[int]:
    """Return which routes a Rollout's weights go to: named ones, or the first that nobody named.

    Invalid when a wanted route is not there.
    """
    if kind != "http":
        return _by_match(kind, wanted, routes) if wanted else [0][: len(routes)]
    if not wanted:
        return [index for index, route in enumerate(routes) if not route.get("name")][:1]
    names = [route.get("name") for route in routes]
    missing = next((name for name in wanted if name not in names), None)
    if missing is not None:
        raise Invalid("spec.http", f"HTTP Route '{missing}' is not found in the defined Virtual Service.")
    return [names.index(name) for name in wanted]


def _by_match(kind: str, wanted: Sequence[Route], routes: Sequence[Route]) -> list[int]:
    found = []
    for one in wanted:
        indexes = [index for index, route in enumerate(routes) if _matches(kind, one, route)]
        if not indexes:
            text = f"No matching {kind.upper()} routes found in the defined Virtual Service."
            raise Invalid(f"spec.{kind}", text)
        found += indexes
    return found


def _matches(kind: str, wanted: Route, route: Route) -> bool:
    """A route of exactly one port, and for TLS of exactly these hosts; no port counts as 0."""
    matches = route.get("match") or []
    ports = {match.get("port") or 0 for match in matches}
    hosts = {host for match in matches for host in match.get("sniHosts") or []}
    if len(ports) > 1 or next(iter(ports), 0) != (wanted.get("port") or 0):
        return False
    return kind == "tcp" or hosts == set(wanted.get("sniHosts") or [])


def check_destinations(rollout: Manifest, destinations: Sequence[Route]) -> None:
    """Raise Invalid unless a route leads to both the canary and the stable service, or to both subsets."""
    canary: Mapping[str, Any] = deep_get(rollout, "spec", "strategy", "canary", default={})
    rule = deep_get(canary, "trafficRouting", "istio", "destinationRule")
    for role in ("canary", "stable"):
        if rule is not None:
            name = rule.get(f"{role}SubsetName") or ""
            found = [deep_get(entry, "destination", "subset", default="") for entry in destinations]
            what = "DestinationRule subset"
        else:
            name = canary.get(f"{role}Service") or ""
            found = [str(deep_get(entry, "destination", "host", default="")).split(".")[0] for entry in destinations]
            what = "Service"
        if not name or name not in found:
            raise Invalid("spec.route", f"{role.capitalize()} {what} '{name}' not found in route")


def _only_one(rollout: Manifest, wanted: Mapping[str, Any], kind: str, routes: Sequence[Route]) -> None:
    """Without a list of routes there must be no choice; routes that the Rollout manages itself do not count."""
    routing = deep_get(rollout, "spec", "strategy", "canary", "trafficRouting", default={})
    managed = {route.get("name") for route in routing.get("managedRoutes") or []} if kind == "http" else set()
    left = [route for route in routes if route.get("name") not in managed]
    if not wanted.get(_LISTS[kind]) and len(left) > 1:
        raise Invalid(
            f"spec.{kind}",
            f"spec.{kind}[] should be set in VirtualService and it must have exactly one route when omitting "
            f"spec.strategy.canary.trafficRouting.istio.virtualService.{_LISTS[kind]}",
        )
