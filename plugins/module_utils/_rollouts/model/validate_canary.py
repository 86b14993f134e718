# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What makes a canary strategy invalid. Its steps are validate_steps.py's.

Source: argo-rollouts v1.10 pkg/apis/rollouts/validation/validation.go (ValidateRolloutStrategyCanary).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._core.types import Manifest, deep_get
from .problem import Problem, child, invalid
from .validate_steps import validate_steps

_PERCENT = re.compile(r"[0-9]+%")
_NEEDS_SERVICES = ("smi", "apisix", "ambassador", "nginx", "appMesh", "traefik")
_PING_PONG = "Ping service and Pong service must to be set to use Ping-Pong feature"
_ROUTING = "Canary service and Stable service must to be set to use Traffic Routing"

Given = Mapping[str, Any]


def validate_canary(rollout: Manifest, path: str) -> list[Problem]:
    """Return the mistakes of spec.strategy.canary in upstream's order."""
    canary: Given = deep_get(rollout, "spec", "strategy", "canary", default={})
    problems = max_surge_and_unavailable(canary, child(path, "maxSurge"))
    problems += _services(canary, path) + _ping_pong(canary, path) + _needed_services(canary, path)
    problems += _routing(canary, path)
    problems += validate_steps(rollout, canary, path)
    return problems + validate_anti_affinity(canary.get("antiAffinity"), child(path, "antiAffinity"))


def max_surge_and_unavailable(canary: Given, path: str) -> list[Problem]:
    """Return the mistake of maxSurge and maxUnavailable that are both zero; each is 25% when not given."""
    surge, unavailable = canary.get("maxSurge"), canary.get("maxUnavailable")
    if _amount(surge) or _amount(unavailable):
        return []
    return [invalid(path, surge, "MaxSurge and MaxUnavailable both can not be zero")]


def _amount(value: Any) -> int:
    if value is None:
        return 25
    if isinstance(value, str):
        text = value[:-1] if _PERCENT.fullmatch(value) else value
        return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 0
    return int(value)


def _services(canary: Given, path: str) -> list[Problem]:
    stable = canary.get("stableService") or ""
    if not stable or stable != canary.get("canaryService"):
        return []
    text = "This rollout uses the same service for the stable and canary services, but two different services are required."
    return [invalid(child(path, "stableService"), stable, text)]


def _ping_pong(canary: Given, path: str) -> list[Problem]:
    services, routing = canary.get("pingPong"), canary.get("trafficRouting")
    if services is None:
        return []
    problems, here = [], child(path, "pingPong")
    if (
        routing is not None
        and routing.get("alb") is None
        and routing.get("istio") is None
        and not routing.get("plugins")
    ):
        text = "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only"
        problems.append(invalid(child(path, "trafficRouting", "alb"), None, text))
    ping, pong = services.get("pingService") or "", services.get("pongService") or ""
    problems += [
        invalid(child(here, name), value, _PING_PONG)
        for name, value in (("pingService", ping), ("pongService", pong))
        if not value
    ]
    if ping == pong:
        text = "This rollout uses the same service for the ping and pong services, but two different services are required."
        problems.append(invalid(child(here, "pingService"), ping, text))
    if routing is not None and routing.get("alb") is not None and not routing["alb"].get("rootService"):
        text = "Root service field is required for the configuration with ALB and ping-pong feature enabled"
        problems.append(invalid(child(path, "trafficRouting", "alb", "rootService"), "", text))
    return problems


def _needed_services(canary: Given, path: str) -> list[Problem]:
    if not needs_services(canary):
        return []
    return [
        invalid(child(path, name), "", _ROUTING) for name in ("stableService", "canaryService") if not canary.get(name)
    ]


def needs_services(canary: Given) -> bool:
    """Return whether the traffic router moves traffic between stableService and canaryService."""
    routing, ping_pong = canary.get("trafficRouting"), canary.get("pingPong") is not None
    if routing is None:
        return False
    istio = routing.get("istio")
    return (
        (routing.get("alb") is not None and not ping_pong)
        or (istio is not None and istio.get("destinationRule") is None and not ping_pong)
        or any(routing.get(name) is not None for name in _NEEDS_SERVICES)
    )


def _routing(canary: Given, path: str) -> list[Problem]:
    routing, delay, dynamic = canary.get("trafficRouting"), canary.get("scaleDownDelaySeconds"), False
    dynamic = bool(canary.get("dynamicStableScale"))
    problems = []
    if routing is None:
        if delay is not None:
            text = "Canary scaleDownDelaySeconds can only be used with traffic routing"
            problems.append(invalid(child(path, "scaleDownDelaySeconds"), delay, text))
        if dynamic:
            text = "Canary dynamicStableScale can only be used with traffic routing"
            problems.append(invalid(child(path, "dynamicStableScale"), dynamic, text))
        return problems
    if delay is not None and dynamic:
        text = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        problems.append(invalid(child(path, "dynamicStableScale"), dynamic, text))
    most = routing.get("maxTrafficWeight")
    if most is not None and routing.get("nginx") is None and not routing.get("plugins"):
        text = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
        problems.append(invalid(child(path, "trafficRouting", "maxTrafficWeight"), most, text))
    return problems


def validate_anti_affinity(given: Given | None, path: str) -> list[Problem]:
    """Return the mistakes of antiAffinity: exactly one of its two forms, a weight of 1 to 100."""
    if given is None:
        return []
    preferred = given.get("preferredDuringSchedulingIgnoredDuringExecution")
    mandatory = given.get("requiredDuringSchedulingIgnoredDuringExecution")
    problems = []
    if (preferred is None) == (mandatory is None):
        value = (
            f"antiAffinity.PreferredDuringSchedulingIgnoredDuringExecution: {_go(preferred is not None)} "
            f"antiAffinity.RequiredDuringSchedulingIgnoredDuringExecution: {_go(mandatory is not None)}"
        )
        problems.append(invalid(path, value, "AntiAffinity must have exactly one strategy listed"))
    weight = int((preferred or {}).get("weight") or 0)
    if preferred is not None and not 1 <= weight <= 100:
        problems.append(invalid(child(path, "weight"), weight, "AntiAffinity weight must be between 1-100"))
    return problems


def _go(value: bool) -> str:
    return "true" if value else "false"
