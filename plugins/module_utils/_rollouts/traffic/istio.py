# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Weights in an Istio VirtualService, and the subsets of a DestinationRule.

Pure edits: an object in, the changed object out. Source: argo-rollouts v1.9 rollout/trafficrouting/istio/istio.go.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, ref


def virtual_services(routing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the VirtualServices of trafficRouting.istio: name, routes, tlsRoutes, tcpRoutes."""
    istio = routing.get("istio") or {}
    return [*([istio["virtualService"]] if istio.get("virtualService") else []), *(istio.get("virtualServices") or [])]


def split_name(name: str, namespace: str) -> tuple[str, str]:
    """Return (name, namespace); a name may carry its namespace behind the last dot."""
    head, dot, tail = name.rpartition(".")
    return (head, tail) if dot else (name, namespace)


def set_weight(
    service: Manifest,
    wanted: Mapping[str, Any],
    canary: str,
    stable: str,
    weight: int,
    subsets: Mapping[str, str] | None = None,
) -> Manifest:
    """Return the VirtualService with canary=weight and stable=100-weight in the wanted routes; nothing else changes.

    Invalid when a route is missing or does not name both hosts (or subsets).
    """
    out = copy.deepcopy(service)
    for route in routes(out, wanted):
        _one(out, route, canary, stable, weight, subsets)
    return out


def routes(service: Manifest, wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the HTTP, TLS and TCP routes to edit."""
    spec = service.get("spec") or {}
    found = False
    if wanted.get("routes") is not None or not (wanted.get("tlsRoutes") or wanted.get("tcpRoutes")):
        for route in _http(service, spec.get("http") or [], wanted.get("routes") or []):
            found = True
            yield route
    for kind, field in (("tls", "tlsRoutes"), ("tcp", "tcpRoutes")):
        for route in _by_match(spec.get(kind) or [], wanted.get(field)):
            found = True
            yield route
    if not found:
        raise Invalid(
            "spec.http", "has no route for the rollout", obj=ref(service), hint="name it in virtualService.routes"
        )


def _http(service: Manifest, http: Sequence[dict[str, Any]], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not names:
        if len(http) == 1:
            yield http[0]
        elif http:
            yield next((route for route in http if not route.get("name")), http[0])
        return
    for name in names:
        route = next((entry for entry in http if entry.get("name") == name), None)
        if route is None:
            raise Invalid("spec.http", f"has no route named {name!r}", obj=ref(service))
        yield route


def _by_match(entries: Sequence[dict[str, Any]], wanted: Any) -> Iterator[dict[str, Any]]:
    if wanted is None:
        return
    if not wanted:
        yield from entries[:1]
        return
    for entry in entries:
        if any(_matches(entry, one) for one in wanted):
            yield entry


def _matches(entry: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    matches = entry.get("match") or []
    ports = {match.get("port") for match in matches}
    hosts = {host for match in matches for host in match.get("sniHosts") or []}
    if wanted.get("port") and ports != {wanted["port"]}:
        return False
    return not wanted.get("sniHosts") or hosts == set(wanted["sniHosts"])


def _one(
    service: Manifest, route: dict[str, Any], canary: str, stable: str, weight: int, subsets: Mapping[str, str] | None
) -> None:
    kept: list[dict[str, Any]] = []
    seen: set[str] = set()
    for entry in route.get("route") or []:
        role = _role(entry.get("destination") or {}, canary, stable, subsets)
        if role:
            entry["weight"] = weight if role == "canary" else 100 - weight
            seen.add(role)
            kept.append(entry)
        elif not entry.get("weight"):
            kept.append(entry)
    if seen != {"canary", "stable"}:
        missing = {"canary", "stable"} - seen
        raise Invalid(
            "spec.http.route",
            f"has no destination for the {' and the '.join(sorted(missing))} service",
            obj=ref(service),
        )
    route["route"] = kept


def _role(destination: Mapping[str, Any], canary: str, stable: str, subsets: Mapping[str, str] | None) -> str:
    if subsets:
        name = destination.get("subset")
        return "canary" if name == subsets["canary"] else "stable" if name == subsets["stable"] else ""
    host = str(destination.get("host", "")).split(".")[0]
    return "canary" if host == canary else "stable" if host == stable else ""


def current_weight(
    service: Manifest, wanted: Mapping[str, Any], canary: str, stable: str, subsets: Mapping[str, str] | None = None
) -> int:
    """Return the canary's weight of the first wanted route, 0 when there is none."""
    for route in routes(service, wanted):
        for entry in route.get("route") or []:
            if _role(entry.get("destination") or {}, canary, stable, subsets) == "canary":
                return int(entry.get("weight") or 0)
    return 0


def set_subsets(rule: Manifest, names: Mapping[str, str], hashes: Mapping[str, str], label: str) -> Manifest:
    """Return the DestinationRule with the hash label in the canary and stable subsets; unknown subsets are dropped."""
    out = copy.deepcopy(rule)
    kept = []
    for subset in (out.get("spec") or {}).get("subsets") or []:
        role = next((role for role, name in names.items() if name == subset.get("name")), "")
        if not role:
            continue
        labels = dict(subset.get("labels") or {})
        if hashes.get(role):
            labels[label] = hashes[role]
        else:
            labels.pop(label, None)
        kept.append({**subset, "labels": labels})
    out["spec"]["subsets"] = kept
    return out
