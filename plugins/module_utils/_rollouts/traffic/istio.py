# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Weights in an Istio VirtualService, and the subsets of a DestinationRule.

Pure edits: an object in, the changed object out. Source: argo-rollouts v1.9 rollout/trafficrouting/istio/istio.go,
utils/istio/istio.go.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..._core.errors import Invalid
from ..._core.types import Manifest, ref
from ..model.replicaset import HASH_LABEL
from ..model.rollout import Rollout
from . import istio_match as match
from . import services

MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts"
_DNS = ".cluster.local"


@dataclass(frozen=True, slots=True)
class Roles:
    """How canary and stable are recognised: by Service, or by subset when there is a DestinationRule.

    `by_subset` says which of them a route has to name; `extra_subsets` are left alone; `host` is the rule's.
    """

    canary: str
    stable: str
    canary_subset: str = ""
    stable_subset: str = ""
    by_subset: bool = False
    extra_subsets: tuple[str, ...] = ()
    host: str = ""

    def of(self, destination: Mapping[str, Any]) -> str:
        """Return canary, stable or "" for a destination."""
        host, subset = short_host(destination), str(destination.get("subset") or "")
        for role, service, name in (
            ("canary", self.canary, self.canary_subset),
            ("stable", self.stable, self.stable_subset),
        ):
            if (host and host == service) or (subset and subset == name):
                return role
        return ""


class Additional(NamedTuple):
    """A Service of an experiment and its weight; the hash of its pods."""

    service: str
    weight: int
    hash: str = ""


def roles(ro: Rollout, status: Mapping[str, Any], host: str = "") -> Roles:
    """Return how the routes of a Rollout name canary and stable."""
    pair, rule = services.pair(ro, status), (ro.traffic.get("istio") or {}).get("destinationRule")
    if rule is None:
        return Roles(pair.canary, pair.stable)
    return Roles(
        pair.canary,
        pair.stable,
        str(rule.get("canarySubsetName") or ""),
        str(rule.get("stableSubsetName") or ""),
        by_subset=True,
        extra_subsets=tuple(rule.get("additionalSubsetNames") or ()),
        host=host,
    )


def multiple(ro: Rollout) -> bool:
    """Return whether the Rollout edits a list of VirtualServices. Source: MultipleVirtualServiceConfigured."""
    return (ro.traffic.get("istio") or {}).get("virtualServices") is not None


def virtual_services(routing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the VirtualServices of trafficRouting.istio: name, routes, tlsRoutes, tcpRoutes."""
    istio = routing.get("istio") or {}
    return [*([istio["virtualService"]] if istio.get("virtualService") else []), *(istio.get("virtualServices") or [])]


def managed_routes(ro: Rollout) -> list[str]:
    """Return the names of the routes that the Rollout itself writes."""
    return [str(entry["name"]) for entry in ro.traffic.get("managedRoutes") or []]


def split_name(name: str, namespace: str) -> tuple[str, str]:
    """Return (name, namespace); a name may carry its namespace behind the last dot. Source: GetVirtualServiceNamespaceName.

    A name may hold dots itself, a namespace may not (issue #4709); the ending of a cluster's DNS name says nothing.
    """
    if name.endswith(_DNS):
        name = name.removesuffix(_DNS).removesuffix(".svc")
    head, dot, tail = name.rpartition(".")
    return (head, tail) if dot else (name, namespace)


def virtual_service_keys(ro: Rollout) -> list[str]:
    """Return "namespace/name" of the VirtualServices; none when one and a list are given. Source: GetRolloutVirtualServiceKeys."""
    istio = ro.traffic.get("istio") or {}
    if istio.get("virtualService") is not None and istio.get("virtualServices") is not None:
        return []
    pairs = [split_name(str(one.get("name") or ""), ro.namespace) for one in virtual_services(ro.traffic)]
    return [f"{namespace}/{name}" for name, namespace in pairs if name]


def rule_name(ro: Rollout) -> str:
    """Return the name of the DestinationRule, "" without one."""
    return str(((ro.traffic.get("istio") or {}).get("destinationRule") or {}).get("name") or "")


def subset_hashes(rule: Manifest, who: Roles) -> dict[str, str]:
    """Return the hash that each role's subset chooses now, "" for none."""
    labels = {one.get("name"): one.get("labels") or {} for one in (rule.get("spec") or {}).get("subsets") or []}
    named = {"canary": who.canary_subset, "stable": who.stable_subset}
    return {role: str(labels.get(name, {}).get(HASH_LABEL, "")) for role, name in named.items()}


def destination_rule_keys(ro: Rollout) -> list[str]:
    """Return "namespace/name" of the DestinationRule. Source: GetRolloutDesinationRuleKeys."""
    name = rule_name(ro)
    return [f"{ro.namespace}/{name}"] if name else []


def short_host(destination: Mapping[str, Any]) -> str:
    """Return the host up to its first dot: stable.ns.svc is stable."""
    return str(destination.get("host") or "").partition(".")[0]


def set_weight(
    service: Manifest,
    wanted: Mapping[str, Any],
    who: Roles,
    weight: int,
    additional: Sequence[Additional] = (),
    managed: Sequence[str] = (),
) -> Manifest:
    """Return the VirtualService with canary=weight and stable=the rest in the wanted routes; nothing else changes.

    Experiments take their weights from stable; traffic to anything else is removed. `managed` are the names of
    managedRoutes. Invalid when a route is missing or does not name both. Source: reconcileVirtualService.
    """
    out = copy.deepcopy(service)
    for route in _wanted_routes(out, wanted, who, managed):
        _write(route, who, weight, additional)
    return out


def _wanted_routes(
    service: Manifest, wanted: Mapping[str, Any], who: Roles, managed: Sequence[str]
) -> list[dict[str, Any]]:
    spec, found = service.get("spec") or {}, []
    try:
        for kind in match.KINDS:
            if spec.get(kind) is not None:
                entries = match.checked(spec[kind], kind)
                validate(kind, entries, wanted, who, managed)
                found += match.selected(kind, entries, wanted, managed)
    except Invalid as error:
        raise Invalid(f"spec.{error.field}" if error.field else "spec", error.message, obj=ref(service)) from None
    return found


def validate(
    kind: str, entries: Sequence[dict[str, Any]], wanted: Mapping[str, Any], who: Roles, managed: Sequence[str] = ()
) -> None:
    """Raise Invalid unless the wanted routes (http, tls, tcp) exist and name canary and stable.

    Source: ValidateHTTPRoutes, ValidateTlsRoutes, ValidateTcpRoutes.
    """
    for route in match.selected(kind, entries, wanted, managed, weighted_only=True):
        validate_destinations(route.get("route") or [], who)
    own = [entry for entry in entries if kind != "http" or entry.get("name") not in managed]
    field = match.FIELDS[kind]
    if not wanted.get(field) and len(own) > 1:
        text = (
            f"spec.{kind}[] should be set in VirtualService and it must have exactly one route when omitting "
            f"spec.strategy.canary.trafficRouting.istio.virtualService.{field}"
        )
        raise Invalid(kind, text)


def validate_destinations(destinations: Sequence[Mapping[str, Any]], who: Roles) -> None:
    """Raise Invalid unless both roles are among the destinations. Source: validateVirtualServiceRouteDestinations."""
    named = [entry.get("destination") or {} for entry in destinations]
    if who.by_subset:
        subsets = {str(one.get("subset") or "") for one in named}
        for label, subset in (("Canary", who.canary_subset), ("Stable", who.stable_subset)):
            if not subset or subset not in subsets:
                raise Invalid("", f"{label} DestinationRule subset '{subset}' not found in route")
        return
    hosts = {short_host(one) for one in named}
    for label, service in (("Canary", who.canary), ("Stable", who.stable)):
        if not service or service not in hosts:
            raise Invalid("", f"{label} Service '{service}' not found in route")


def _write(route: dict[str, Any], who: Roles, weight: int, additional: Sequence[Additional]) -> None:
    entries: list[dict[str, Any]] = route.get("route") or []
    extra = sum(int(one.get("weight") or 0) for one in entries if _is_extra(one, who))
    left = 100 - weight - extra - sum(one.weight for one in additional)
    missing = {one.service: one for one in additional}
    kept: list[dict[str, Any]] = []
    for entry in entries:
        destination = entry.get("destination") or {}
        role, host = who.of(destination), short_host(destination)
        if role:
            _set(entry, weight if role == "canary" else left)
        elif host in missing:
            _set(entry, missing.pop(host).weight)
        elif entry.get("weight") and not _is_extra(entry, who) and not _is_foreign(destination, who):
            continue
        kept.append(entry)
    kept += [{"destination": {"host": name}, "weight": missing[name].weight} for name in sorted(missing)]
    route["route"] = kept


def _set(entry: dict[str, Any], weight: int) -> None:
    """Write a weight only when it differs: an absent one is 0, and an unchanged object is no write."""
    if int(entry.get("weight") or 0) != weight:
        entry["weight"] = weight


def _is_extra(entry: Mapping[str, Any], who: Roles) -> bool:
    return (entry.get("destination") or {}).get("subset") in who.extra_subsets


def _is_foreign(destination: Mapping[str, Any], who: Roles) -> bool:
    """With a DestinationRule only destinations of its host are the Rollout's business."""
    return bool(who.host) and destination.get("host") != who.host


def current_weight(service: Manifest, wanted: Mapping[str, Any], who: Roles, managed: Sequence[str] = ()) -> int:
    """Return the canary's weight of the first wanted route, 0 when it has none."""
    for route in _wanted_routes(service, wanted, who, managed):
        for entry in route.get("route") or []:
            if who.of(entry.get("destination") or {}) == "canary":
                return int(entry.get("weight") or 0)
    return 0


def set_subsets(
    rule: Manifest,
    who: Roles,
    hashes: Mapping[str, str],
    rollout: str,
    additional: Sequence[Additional] = (),
) -> Manifest:
    """Return the DestinationRule with the hash label in the canary and stable subsets (`hashes` by role, "" removes it).

    Experiments get subsets of their own; unknown subsets are dropped, other fields kept. Source: UpdateHash.
    """
    out = copy.deepcopy(rule)
    wanted = {who.canary_subset: hashes.get("canary", ""), who.stable_subset: hashes.get("stable", "")}
    wanted |= {one.service: one.hash for one in additional}
    kept, seen = [], set()
    for subset in (out.get("spec") or {}).get("subsets") or []:
        name = str(subset.get("name") or "")
        if name in wanted:
            seen.add(name)
            kept.append({**subset, "labels": _labelled(subset.get("labels") or {}, wanted[name])})
        elif name in who.extra_subsets:
            kept.append(subset)
    kept += [{"name": one.service, "labels": {HASH_LABEL: one.hash}} for one in additional if one.service not in seen]
    meta = out.setdefault("metadata", {})
    meta["annotations"] = {**(meta.get("annotations") or {}), MANAGED_BY: rollout}
    out["spec"]["subsets"] = kept
    return out


def _labelled(labels: Mapping[str, str], pod_hash: str) -> dict[str, str]:
    left = {name: value for name, value in labels.items() if name != HASH_LABEL}
    return {**left, HASH_LABEL: pod_hash} if pod_hash else left
