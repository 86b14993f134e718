# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What makes the steps of a canary invalid.

Source: argo-rollouts v1.10 pkg/apis/rollouts/validation/validation.go (the loop over canary.Steps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest
from ..analysis.arguments import metadata_field
from . import defaults
from .pause import pause_seconds
from .problem import Problem, child, invalid, required

_STEP = "Step must have one of the following set: experiment, setWeight, setCanaryScale or pause"
KINDS = (
    "experiment", "pause", "setWeight", "analysis", "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin",
)  # fmt: skip
_MAIN = ("setWeight", "pause", "experiment", "analysis")
_GO_NAMES = {
    "experiment": "Experiment", "pause": "Pause", "setWeight": "SetWeight", "analysis": "Analysis",
    "setCanaryScale": "SetCanaryScale", "setHeaderRoute": "SetHeaderRoute", "setMirrorRoute": "SetMirrorRoutes",
}  # fmt: skip
_ONE_VALUE = "StringMatch match value must have exactly one of the following: exact, regex, prefix"
_NO_VALUE = "StringMatch value missed, match value must have one of the following: exact, regex, prefix"
_UNKNOWN_ROUTE = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes"

Given = Mapping[str, Any]


def validate_steps(rollout: Manifest, canary: Given, path: str) -> list[Problem]:
    """Return the mistakes of all steps, step by step."""
    problems = []
    for index, step in enumerate(canary.get("steps") or []):
        here = f"{child(path, 'steps')}[{index}]"
        problems += several_kinds(step, here) + _no_kind(step, here)
        problems += _values(rollout, step, path, here)
        problems += _header_route(step, canary, here) + _mirror_route(step, canary, here)
        problems += _managed(step, canary, path, here)
        problems += _experiment(step, canary, here) + _arguments(rollout, step, here)
    return problems


def _has(step: Given, name: str) -> bool:
    """A step that is given without content (such as `pause:`) is null in YAML: it is none."""
    return step.get(name) is not None


def several_kinds(step: Given, path: str) -> list[Problem]:
    """Return the mistake of a step that is more than one of setWeight, pause, experiment and analysis."""
    if sum(_has(step, name) for name in _MAIN) < 2:
        return []
    names = ("experiment", "pause", "setWeight", "analysis")
    value = " ".join(f"step.{_GO_NAMES[name]}: {'true' if _has(step, name) else 'false'}" for name in names)
    return [invalid(path, value, _STEP)]


def _no_kind(step: Given, path: str) -> list[Problem]:
    if any(_has(step, name) for name in KINDS):
        return []
    value = " ".join(f"step.{name}: true" for name in _GO_NAMES.values())
    return [invalid(path, value, _STEP)]


def _values(rollout: Manifest, step: Given, path: str, here: str) -> list[Problem]:
    problems, spec = [], rollout.get("spec") or {}
    most = defaults.max_weight(spec)
    if _has(step, "setWeight") and not 0 <= int(step["setWeight"]) <= most:
        text = f"SetWeight needs to be between 0 and {most}"
        problems.append(invalid(child(here, "setWeight"), step["setWeight"], text))
    if _has(step, "pause"):
        seconds = pause_seconds(step["pause"])
        if seconds is not None and seconds < 0:
            problems.append(invalid(child(here, "pause", "duration"), seconds, "Duration needs to be greater than 0"))
    if _has(step, "setCanaryScale") and defaults.routing(spec) is None:
        problems.append(required(child(path, "trafficRouting"), "SetCanaryScale requires TrafficRouting to be set"))
    return problems


def _header_route(step: Given, canary: Given, here: str) -> list[Problem]:
    route, routing = step.get("setHeaderRoute"), canary.get("trafficRouting")
    if route is None:
        return []
    field = child(here, "setHeaderRoute")
    if not _routed_by(routing, "istio", "alb", "apisix", "plugins"):
        text = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix"
        return [invalid(field, route, text)]
    check = alb_match if _routed_by(routing, "alb") else string_match
    return [
        problem
        for index, match in enumerate(route.get("match") or [])
        for problem in check(match.get("headerValue"), f"{child(field, 'match')}[{index}]")
    ]


def _routed_by(routing: Given | None, *names: str) -> bool:
    if routing is None:
        return False
    return any(bool(routing.get(name)) if name == "plugins" else routing.get(name) is not None for name in names)


def _mirror_route(step: Given, canary: Given, here: str) -> list[Problem]:
    route = step.get("setMirrorRoute")
    if route is None:
        return []
    problems, field = [], child(here, "setMirrorRoute")
    if not _routed_by(canary.get("trafficRouting"), "istio", "plugins"):
        problems.append(invalid(field, route, "SetMirrorRoute requires TrafficRouting, supports Istio only"))
    for index, match in enumerate(route.get("match") or []):
        for name in ("method", "path"):
            if match.get(name) is not None:
                problems += string_match(match[name], f"{child(field, 'match')}[{index}]")
    return problems


def string_match(match: Given | None, path: str) -> list[Problem]:
    """Return the mistake of a match that does not have exactly one of exact, regex and prefix."""
    given = [name for name in ("exact", "regex", "prefix") if (match or {}).get(name)]
    if len(given) == 1:
        return []
    return [invalid(path, match, _ONE_VALUE if given else _NO_VALUE)]


def alb_match(match: Given | None, path: str) -> list[Problem]:
    """Return the mistake of a match that ALB cannot make: it knows exact values only."""
    if match is None:
        return [invalid(path, match, _NO_VALUE)]
    if not match.get("exact") or match.get("regex") or match.get("prefix"):
        return [invalid(path, match, "SetHeaderRoute match value invalid. ALB supports 'exact' value only")]
    return []


def _managed(step: Given, canary: Given, path: str, here: str) -> list[Problem]:
    routing = canary.get("trafficRouting")
    names = [name for name in ("setHeaderRoute", "setMirrorRoute") if _has(step, name)]
    if routing is None or not names:
        return []
    if routing.get("managedRoutes") is None:
        text = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'"
        return [required(child(path, "trafficRouting", "managedRoutes"), text)]
    known = {route.get("name") for route in routing["managedRoutes"]}
    return [
        invalid(child(here, name), step[name].get("name") or "", _UNKNOWN_ROUTE)
        for name in names
        if step[name].get("name") not in known
    ]


def _experiment(step: Given, canary: Given, here: str) -> list[Problem]:
    routing, field, problems = canary.get("trafficRouting"), child(here, "experiment", "templates"), []
    for index, template in enumerate((step.get("experiment") or {}).get("templates") or []):
        weight, place = template.get("weight"), f"{field}[{index}].weight"
        if weight is None:
            continue
        if routing is None:
            text = "Experiment template weight cannot be set unless TrafficRouting is enabled"
            problems.append(invalid(place, weight, text))
        elif not _routed_by(routing, "alb", "smi", "istio", "plugins"):
            text = "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
            problems.append(invalid(place, weight, text))
    return problems


def _arguments(rollout: Manifest, step: Given, here: str) -> list[Problem]:
    args = _analysis_arguments(step)
    text = "Analyses arguments must refer to valid object metadata supported by downwardAPI"
    return [invalid(child(here, "analyses"), args, text) for arg in args if not _refers(rollout, arg)]


def _analysis_arguments(step: Given) -> Sequence[Given]:
    analyses = [*((step.get("experiment") or {}).get("analyses") or []), step.get("analysis") or {}]
    return [arg for analysis in analyses for arg in analysis.get("args") or []]


def _refers(rollout: Manifest, arg: Given) -> bool:
    path = str((((arg.get("valueFrom") or {}).get("fieldRef")) or {}).get("fieldPath") or "")
    if not path.startswith("metadata"):
        return True
    try:
        metadata_field(rollout, path)
    except Invalid:
        return False
    return True
