# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether what a Rollout refers to fits it: Services, Ingresses, VirtualServices, Mappings.

Works on objects that somebody else fetched; AnalysisTemplates are validate_analyses.py's.
Source: argo-rollouts v1.10 pkg/apis/rollouts/validation/validation_references.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get
from ..traffic import ingress as ingresses
from ..traffic import istio, istio_match
from . import rollout as model
from .problem import Problem, child, internal, invalid
from .validate_analyses import Analyses, validate_analyses

_ROUTING = "spec.strategy.canary.trafficRouting"
_SERVICES = {
    "ActiveService": "blueGreen.activeService",
    "PreviewService": "blueGreen.previewService",
    "CanaryService": "canary.canaryService",
    "StableService": "canary.stableService",
    "PingService": "canary.pingPong.pingService",
    "PongService": "canary.pingPong.pongService",
}
_METADATA = {
    "ActiveService": ("blueGreen", "activeService", "activeMetadata"),
    "PreviewService": ("blueGreen", "previewService", "previewMetadata"),
    "CanaryService": ("canary", "canaryService", "canaryMetadata"),
    "StableService": ("canary", "stableService", "stableMetadata"),
}


@dataclass(frozen=True, slots=True)
class Referenced:
    """What a Rollout refers to. Services come with what they serve, such as StableService."""

    services: Sequence[tuple[str, Manifest]] = ()
    analyses: Sequence[Analyses] = ()
    ingresses: Sequence[Manifest] = ()
    virtual_services: Sequence[Manifest] = ()
    mappings: Sequence[Manifest] = field(default=())
    virtual_routers: Sequence[Manifest] = field(default=())


def validate_referenced(rollout: Manifest, given: Referenced) -> list[Problem]:
    """Return the mistakes of everything a Rollout refers to."""
    problems = [found for kind, obj in given.services for found in validate_service(kind, obj, rollout)]
    problems += [found for analyses in given.analyses for found in validate_analyses(rollout, analyses)]
    problems += [found for obj in given.ingresses for found in validate_ingress(rollout, obj)]
    problems += [found for obj in given.virtual_services for found in validate_virtual_service(rollout, obj)]
    problems += [found for obj in given.mappings for found in validate_mapping(obj)]
    return problems + [found for obj in given.virtual_routers for found in validate_virtual_router(obj)]


def service_field(kind: str) -> str | None:
    """Return the field that names a service by what it serves, None for an unknown one."""
    return f"spec.strategy.{_SERVICES[kind]}" if kind in _SERVICES else None


def validate_service(kind: str, service: Manifest, rollout: Manifest) -> list[Problem]:
    """Return the mistakes of a Service: labels that the pods do not have, another Rollout that manages it."""
    path = service_field(kind)
    if path is None:
        return []
    name, problems = str(deep_get(service, "metadata", "name", default="")), []
    labels = deep_get(rollout, "spec", "template", "metadata", "labels", default={})
    for key, value in deep_get(service, "spec", "selector", default={}).items():
        extra = _ephemeral_labels(kind, name, rollout)
        if key != model.HASH_LABEL and labels.get(key) != value and extra.get(key) != value:
            problems.append(invalid(path, name, f'Service "{name}" has unmatch label "{key}" in rollout'))
    manager = deep_get(service, "metadata", "annotations", istio.MANAGED_BY)
    if manager is not None and manager != deep_get(rollout, "metadata", "name", default=""):
        problems.append(invalid(path, name, f'Service "{name}" is managed by another Rollout'))
    return problems


def _ephemeral_labels(kind: str, name: str, rollout: Manifest) -> Mapping[str, str]:
    """The labels that pods get while they have that role (canaryMetadata and its like)."""
    if kind not in _METADATA:
        return {}
    strategy, service, metadata = _METADATA[kind]
    given: Mapping[str, Any] = deep_get(rollout, "spec", "strategy", strategy, default={})
    if given.get(service) != name:
        return {}
    labels: Mapping[str, str] = deep_get(given, metadata, "labels", default={})
    return labels


def validate_ingress(rollout: Manifest, ingress: Manifest) -> list[Problem]:
    """Return the mistake of an Ingress of nginx or ALB without a rule for the stable (or root) service."""
    canary: Mapping[str, Any] = deep_get(rollout, "spec", "strategy", "canary", default={})
    routing, name = canary.get("trafficRouting") or {}, deep_get(ingress, "metadata", "name", default="")
    for router, one, several in (("nginx", "stableIngress", "stableIngresses"), ("alb", "ingress", "ingresses")):
        given = routing.get(router)
        if given is None:
            continue
        listed = name in (given.get(several) or [])
        service = given.get("rootService") or canary.get("stableService") or ""
        if ingresses.has_rule_with_service(ingress, service):
            return []
        value = name if listed else given.get(one) or ""
        text = f"ingress `{name}` has no rules using service {service} backend"
        return [invalid(child(_ROUTING, router, several if listed else one), value, text)]
    return []


def validate_ingress_choice(rollout: Manifest, router: str) -> Problem | None:
    """Return the mistake of a router (nginx, alb) that names both one Ingress and several, or neither."""
    given = deep_get(rollout, "spec", "strategy", "canary", "trafficRouting", router)
    if given is None:
        return None
    one, several = {"nginx": ("stableIngress", "stableIngresses"), "alb": ("ingress", "ingresses")}[router]
    found = bool(given.get(one)), bool(given.get(several))
    if found[0] != found[1]:
        return None
    first, second = one[0].upper() + one[1:], several[0].upper() + several[1:]
    text = f"Either {first} or {second} must be configured. {'Both' if all(found) else 'Neither'} are configured."
    return internal(child(_ROUTING, router), text)


def validate_virtual_service_choice(rollout: Manifest) -> Problem | None:
    """Return the mistake of istio that names both one VirtualService and several, or neither."""
    given = deep_get(rollout, "spec", "strategy", "canary", "trafficRouting", "istio")
    if given is None or bool(given.get("virtualServices")) != (given.get("virtualService") is not None):
        return None
    return internal(child(_ROUTING, "istio"), "either VirtualService or VirtualServices must be configured")


def validate_virtual_service(rollout: Manifest, service: Manifest) -> list[Problem]:
    """Return the mistakes of a VirtualService: no routes, routes without the services of the Rollout."""
    given = deep_get(rollout, "spec", "strategy", "canary", "trafficRouting", "istio")
    path, name = child(_ROUTING, "istio"), str(deep_get(service, "metadata", "name", default=""))
    if given is None:
        text = "Rollout object is not configured with Istio traffic routing"
        return [invalid(path, deep_get(rollout, "metadata", "name", default=""), text)]
    several = given.get("virtualServices")
    path = child(path, "virtualServices" if several else "virtualService", "name")
    for wanted in several or [given.get("virtualService") or {}]:
        if istio.split_name(str(wanted.get("name") or ""), "")[0] == name:
            return [invalid(path, name, text) for text in _routes(model.of(rollout), wanted, service)]
    return []


def _routes(ro: model.Rollout, wanted: Mapping[str, Any], service: Manifest) -> list[str]:
    """What is wrong with the routes that a Rollout names (`wanted`), kind by kind."""
    spec = service.get("spec") or {}
    found = {kind: spec[kind] for kind in istio_match.KINDS if isinstance(spec.get(kind), list)}
    if not found:
        return ["Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"]
    return [text for kind, routes in found.items() for text in _routes_of(ro, wanted, kind, routes)]


def _routes_of(ro: model.Rollout, wanted: Mapping[str, Any], kind: str, routes: list[Any]) -> Iterator[str]:
    try:
        istio_match.checked(routes, kind)
    except Invalid:
        yield f"Unable to get {kind.upper()} routes for Istio VirtualService"
        return
    try:
        istio.validate(kind, routes, wanted, istio.roles(ro, ro.manifest.get("status") or {}), istio.managed_routes(ro))
    except Invalid as error:
        yield f"Istio VirtualService has invalid {kind.upper()} routes. Error: {error.message}"


def validate_mapping(mapping: Manifest) -> list[Problem]:
    """Return the mistake of a base Mapping of Ambassador that has a weight."""
    name = deep_get(mapping, "metadata", "name", default="")
    if not deep_get(mapping, "spec", "weight", default=0):
        return []
    return [invalid("spec.weight", name, f'Ambassador mapping "{name}" can not define weight')]


def validate_virtual_router(router: Manifest) -> list[Problem]:
    """Return the mistake of an App Mesh VirtualRouter: each route needs exactly two weighted targets."""
    name, kind = deep_get(router, "metadata", "name", default=""), router.get("kind", "")
    if kind != "VirtualRouter":
        return [invalid("kind", kind, f"Expected object kind to be VirtualRouter but is {kind}")]
    routes = deep_get(router, "spec", "routes", default=[])
    if not isinstance(routes, list) or not routes:
        return [invalid("spec.routes", name, f"No routes defined for AppMesh virtual-router {name}")]
    found = (_mesh_route(name, index, route) for index, route in enumerate(routes))
    return [problem for problem in found if problem is not None][:1]


def _mesh_route(router: str, index: int, route: Any) -> Problem | None:
    path = f"spec.routes[{index}]"
    if not isinstance(route, Mapping):
        text = f"Invalid route was found for AppMesh virtual-router {router} at index {index}"
        return invalid(path, router, text)
    which, kinds = (
        f"AppMesh virtual-router {router} and route {route.get('name')}",
        ("httpRoute", "tcpRoute", "grpcRoute", "http2Route"),
    )
    kind = next((kind for kind in kinds if route.get(kind) is not None), None)
    if kind is None:
        text = "unsupported route type for app-mesh vrouter. Supported types are httpRoute, tcpRoute, grpcRoute, http2Route"
        return invalid(path, router, f"Error getting route details for {which}. Error: {text}")
    targets = deep_get(route, kind, "action", "weightedTargets")
    path = child(path, kind, "action", "weightedTargets")
    if not isinstance(targets, list):
        return invalid(path, router, f"Invalid route action found for {which}")
    if len(targets) != 2:
        return invalid(path, router, f"Invalid number of weightedTargets ({len(targets)}) for {which}, expected 2")
    return None
