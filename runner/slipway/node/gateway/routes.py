# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods a request goes to.

Pure, over a snapshot of the cluster. Source of the rules: Service and DNS names of Kubernetes 1.36;
istio.io/docs/reference/config/networking/virtual-service (1.28): first matching http route, weighted
destinations, subsets of DestinationRules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get

DOMAIN = ".svc.cluster.local"
VERSION_LABELS = ("rollouts-pod-template-hash", "pod-template-hash", "version")
UNSUPPORTED = ("fault", "mirror", "mirrors", "delegate", "corsPolicy")
UNSUPPORTED_MATCH = ("gateways", "sourceLabels", "sourceNamespace", "statPrefix")


class NoRoute(Exception):
    """The request cannot be served; `status` is for the client, `reason` for programs."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A program that answers."""

    ip: str
    port: int
    pod: str
    version: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What routing looks at. `port` None means the default of the scheme."""

    method: str
    host: str
    port: int | None
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Destination:
    """A Service with an optional subset, and its weight."""

    namespace: str
    name: str
    port: int | None
    subset: str = ""
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request may go: `key` names the route for the weights' memory."""

    key: str
    destinations: tuple[Destination, ...]
    rewrite_path: str = ""
    timeout: float | None = None
    answer: tuple[int, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A snapshot, indexed once."""

    services: Mapping[tuple[str, str], Manifest] = field(default_factory=dict)
    pods: Mapping[str, Sequence[Manifest]] = field(default_factory=dict)
    virtual_services: Sequence[Manifest] = ()
    destination_rules: Sequence[Manifest] = ()


def snapshot(
    services: Sequence[Manifest],
    pods: Sequence[Manifest],
    virtual_services: Sequence[Manifest] = (),
    destination_rules: Sequence[Manifest] = (),
) -> Cluster:
    """Return the index of what the informers hold; of two VirtualServices for a host the older one wins."""
    by_namespace: dict[str, list[Manifest]] = {}
    for pod in pods:
        by_namespace.setdefault(pod["metadata"]["namespace"], []).append(pod)
    by_name = {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in services}
    oldest = sorted(
        virtual_services, key=lambda item: (deep_get(item, "metadata", "creationTimestamp", default=""), _id(item))
    )
    return Cluster(by_name, by_namespace, oldest, destination_rules)


def _id(obj: Manifest) -> str:
    return f"{obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"


# -- names -------------------------------------------------------------------------------------


def full_name(host: str, namespace: str = "") -> str:
    """Return the fully qualified form of a Service host, seen from `namespace`; others as they are."""
    host = host.lower().rstrip(".")
    parts = host.split(".")
    if host.endswith(DOMAIN):
        return host
    if len(parts) == 1 and namespace:
        return f"{host}.{namespace}{DOMAIN}"
    if len(parts) == 3 and parts[2] == "svc":
        return f"{parts[0]}.{parts[1]}{DOMAIN}"
    return host


def is_cluster_name(host: str, cluster: Cluster) -> bool:
    """Return whether a host is this cluster's to answer, even if only with an error."""
    name = host.lower().rstrip(".")
    if name.endswith((DOMAIN, ".svc")) or find_service(cluster, name) is not None:
        return True
    return any(_vs_has(item, name) for item in cluster.virtual_services)


def find_service(cluster: Cluster, host: str, namespace: str = "") -> tuple[str, str] | None:
    """Return (namespace, name) of the Service that `host` names.

    A single word without `namespace` is looked for in all namespaces; NoRoute when several have it.
    """
    parts = full_name(host, namespace).removesuffix(DOMAIN).split(".")
    if len(parts) == 2:
        key = (parts[1], parts[0])
        return key if key in cluster.services else None
    if len(parts) != 1:
        return None
    found = sorted(key for key in cluster.services if key[1] == parts[0])
    if len(found) > 1:
        spaces = ", ".join(key[0] for key in found)
        raise NoRoute(
            503, "AmbiguousHost", f"Service {parts[0]} is in several namespaces ({spaces}): use {parts[0]}.NAMESPACE"
        )
    return found[0] if found else None


# -- routes ------------------------------------------------------------------------------------


def route(ask: Ask, cluster: Cluster) -> Route:
    """Return where a request goes. NoRoute says why it goes nowhere."""
    service = find_service(cluster, ask.host)
    names = [ask.host.lower().rstrip(".")]
    if service is not None:
        names.append(f"{service[1]}.{service[0]}{DOMAIN}")
    for item in cluster.virtual_services:
        if any(_vs_has(item, name) for name in names):
            return _virtual(item, ask)
    if service is None:
        raise NoRoute(503, "ServiceNotFound", f"no Service and no VirtualService answers for {ask.host}")
    return Route(f"{service[0]}/{service[1]}", (Destination(service[0], service[1], ask.port),))


def _vs_has(item: Manifest, name: str) -> bool:
    space = item["metadata"].get("namespace", "")
    qualified = full_name(name, space) if "." not in name else full_name(name)
    for host in deep_get(item, "spec", "hosts", default=[]):
        own = full_name(str(host), space) if "*" not in str(host) else str(host).lower()
        if own in ("*", name, qualified) or (own.startswith("*.") and qualified.endswith(own[1:])):
            return True
    return False


def _virtual(item: Manifest, ask: Ask) -> Route:
    name, space = _id(item), item["metadata"].get("namespace", "")
    for index, rule in enumerate(deep_get(item, "spec", "http", default=[])):
        matches = rule.get("match") or [{}]
        hit = next((match for match in matches if _matches(match, ask)), None)
        if hit is not None:
            return _rule(rule, hit, ask, name, space, index)
    raise NoRoute(404, "NoMatchingRoute", f"VirtualService {name} has no http route that matches {ask.path}")


def _rule(rule: Manifest, hit: Manifest, ask: Ask, name: str, space: str, index: int) -> Route:
    odd = [word for word in UNSUPPORTED if rule.get(word)]
    if odd:
        raise NoRoute(
            501, "Unsupported", f"VirtualService {name}: http[{index}].{odd[0]} is not supported by this gateway"
        )
    key = f"{name}/{rule.get('name') or index}"
    direct, redirect = rule.get("directResponse"), rule.get("redirect")
    if direct:
        return Route(
            key, (), answer=(int(direct.get("status", 200)), "", deep_get(direct, "body", "string", default=""))
        )
    if redirect:
        place = f"http://{redirect.get('authority') or ask.host}{redirect.get('uri') or ask.path}"
        return Route(key, (), answer=(int(redirect.get("redirectCode") or 301), place, ""))
    destinations = tuple(_destinations(rule, ask, space))
    if not destinations:
        raise NoRoute(503, "NoDestination", f"VirtualService {name}: http[{index}] has no destination with weight")
    return Route(key, destinations, _rewritten(rule, hit, ask), _seconds(rule.get("timeout")))


def _destinations(rule: Manifest, ask: Ask, space: str) -> Iterator[Destination]:
    routes = rule.get("route") or []
    for entry in routes:
        target = entry.get("destination") or {}
        # The weight of a lone destination does not matter: all requests go there.
        weight = 100 if len(routes) == 1 else int(entry.get("weight") or 0)
        parts = full_name(str(target.get("host", "")), space).removesuffix(DOMAIN).split(".")
        if weight > 0:
            namespace = parts[1] if len(parts) > 1 else space
            port = deep_get(target, "port", "number", default=ask.port)
            yield Destination(namespace, parts[0], port, str(target.get("subset") or ""), weight)


def _rewritten(rule: Manifest, hit: Manifest, ask: Ask) -> str:
    new = str(deep_get(rule, "rewrite", "uri", default=""))
    if not new:
        return ""
    prefix: str | None = deep_get(hit, "uri", "prefix")
    path, mark, query = ask.path.partition("?")
    return (new + path[len(prefix) :] if prefix is not None else new) + mark + query


def _seconds(text: Any) -> float | None:
    found = re.fullmatch(r"([0-9.]+)(ms|s|m|h)", str(text or ""))
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    return float(found.group(1)) * units[found.group(2)] if found else None


def _matches(match: Manifest, ask: Ask) -> bool:
    odd = [word for word in UNSUPPORTED_MATCH if match.get(word) and word != "gateways"]
    if odd:
        raise NoRoute(501, "Unsupported", f"match.{odd[0]} is not supported by this gateway")
    parts = urlsplit(ask.path)
    low = bool(match.get("ignoreUriCase"))
    tests = [_text(match.get("uri"), parts.path, low), _text(match.get("method"), ask.method)]
    tests += [_text(match.get("authority"), ask.host), _text(match.get("scheme"), "http")]
    tests.append(match.get("port") in (None, ask.port or 80))
    headers = {name.lower(): value for name, value in ask.headers.items()}
    tests += [_present(rule, headers.get(name.lower())) for name, rule in (match.get("headers") or {}).items()]
    tests += [
        not _present(rule, headers.get(name.lower())) for name, rule in (match.get("withoutHeaders") or {}).items()
    ]
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    tests += [_present(rule, query.get(name)) for name, rule in (match.get("queryParams") or {}).items()]
    return all(tests)


def _present(rule: Manifest, value: str | None) -> bool:
    return value is not None and _text(rule or None, value)


def _text(rule: Manifest | None, value: str, ignore_case: bool = False) -> bool:
    if not rule:
        return True
    kind, wanted = next(iter(rule.items()))
    wanted = str(wanted)
    if kind == "regex":
        return re.fullmatch(wanted, value, re.IGNORECASE if ignore_case else 0) is not None
    if ignore_case:
        wanted, value = wanted.lower(), value.lower()
    return value == wanted if kind == "exact" else value.startswith(wanted) if kind == "prefix" else False


LOOPBACK = "127."  # addresses of process nodes: always reached directly


# -- endpoints ---------------------------------------------------------------------------------


def endpoints(target: Destination, cluster: Cluster, *, elsewhere: bool = False) -> list[Endpoint]:
    """Return the programs behind a destination, by pod name; NoRoute when none is ready.

    Pods that are not on a loopback address count only with `elsewhere`: then there is a way to reach them.
    """
    label = f"Service {target.namespace}/{target.name}"
    service = cluster.services.get((target.namespace, target.name))
    if service is None:
        raise NoRoute(503, "ServiceNotFound", f"{label} does not exist")
    selector = deep_get(service, "spec", "selector")
    if not selector:
        raise NoRoute(503, "NoSelector", f"{label} has no selector: this gateway finds pods by selectors only")
    wanted = {**selector, **_subset(target, cluster)}
    chosen = [pod for pod in cluster.pods.get(target.namespace, ()) if _labelled(pod, wanted)]
    port = _service_port(service, target.port, label)
    early = bool(deep_get(service, "spec", "publishNotReadyAddresses"))
    ready = [pod for pod in chosen if early or _ready(pod)]
    # As EndpointSlices: pods on their way out serve only when there are no others.
    staying = [pod for pod in ready if not pod["metadata"].get("deletionTimestamp")] or ready
    found = [endpoint for pod in staying for endpoint in _endpoint(pod, port, elsewhere=elsewhere)]
    if not found:
        raise NoRoute(
            503,
            "NoReadyPods",
            f"{label} has no ready pod here: {len(chosen)} match {_words(wanted)}, {len(ready)} ready",
        )
    return sorted(found, key=lambda item: item.pod)


def _words(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _subset(target: Destination, cluster: Cluster) -> Mapping[str, str]:
    if not target.subset:
        return {}
    name = f"{target.name}.{target.namespace}{DOMAIN}"
    for rule in cluster.destination_rules:
        host = full_name(str(deep_get(rule, "spec", "host", default="")), rule["metadata"].get("namespace", ""))
        if host not in (name, f"{target.name}.{target.namespace}"):
            continue
        for subset in deep_get(rule, "spec", "subsets", default=[]):
            if subset.get("name") == target.subset:
                return dict(subset.get("labels") or {})
    raise NoRoute(503, "SubsetNotFound", f"no DestinationRule has the subset {target.subset} of {name}")


def _labelled(pod: Manifest, wanted: Mapping[str, str]) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def _ready(pod: Manifest) -> bool:
    conditions = deep_get(pod, "status", "conditions", default=[])
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)


def _service_port(service: Manifest, asked: int | None, label: str) -> Manifest:
    ports: list[Manifest] = deep_get(service, "spec", "ports", default=[])
    for port in ports:
        if port.get("port") == (asked or 80):
            return port
    if len(ports) == 1 and asked is None:
        return ports[0]
    known = ", ".join(str(port.get("port")) for port in ports) or "none"
    raise NoRoute(503, "PortNotFound", f"{label} has no port {asked or 80}, only {known}")


def _endpoint(pod: Manifest, port: Manifest, *, elsewhere: bool) -> Iterator[Endpoint]:
    ip = deep_get(pod, "status", "podIP", default="")
    if not ip or not (elsewhere or ip.startswith(LOOPBACK)):
        return  # a pod of a fake or a real node: not reachable over loopback
    wanted: int | str = port.get("targetPort") or port["port"]
    labels = pod["metadata"].get("labels") or {}
    version = next((labels[name] for name in VERSION_LABELS if name in labels), "")
    if isinstance(wanted, int) or str(wanted).isdigit():
        yield Endpoint(ip, int(wanted), pod["metadata"]["name"], version)
        return
    for container in pod["spec"].get("containers") or []:
        for item in container.get("ports") or []:
            if item.get("name") == wanted:
                yield Endpoint(ip, int(item["containerPort"]), pod["metadata"]["name"], version)
                return
