# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A Rollout, read with its defaults and checked.

Source: argo-rollouts v1.9 pkg/apis/rollouts/v1alpha1/types.go, utils/defaults/defaults.go; the checks: validate.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from .pause import pause_seconds
from .validate import validate

__all__ = ["API_VERSION", "HASH_LABEL", "KIND", "Rollout", "pause_seconds", "read", "refuse_invalid"]
API_VERSION, KIND = "argoproj.io/v1alpha1", "Rollout"
HASH_LABEL = "rollouts-pod-template-hash"
_STEP_KINDS = (
    "setWeight",
    "pause",
    "analysis",
    "setCanaryScale",
    "experiment",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
)
_EXECUTED = ("setWeight", "pause", "analysis", "setCanaryScale")


@dataclass(frozen=True, slots=True)
class Rollout:
    """A canary Rollout. Durations in seconds; `scale_down_delay` None means not set."""

    name: str
    namespace: str
    uid: str
    generation: int
    replicas: int
    selector: Mapping[str, str]
    template: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    canary: Mapping[str, Any]
    progress_deadline: int
    history_limit: int
    paused: bool
    manifest: Manifest

    @property
    def traffic(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.canary.get("trafficRouting") or {}
        return found

    @property
    def max_weight(self) -> int:
        return int(self.traffic.get("maxTrafficWeight") or 100)

    @property
    def stable_service(self) -> str:
        return str(self.canary.get("stableService") or "")

    @property
    def canary_service(self) -> str:
        return str(self.canary.get("canaryService") or "")

    @property
    def scale_down_delay(self) -> int:
        """Old ReplicaSets stay that long under traffic routing; a basic canary has no delay."""
        given = self.canary.get("scaleDownDelaySeconds")
        if given is not None:
            return int(given)
        return 30 if self.traffic else 0

    @property
    def abort_scale_down_delay(self) -> int:
        given = self.canary.get("abortScaleDownDelaySeconds")
        return 30 if given is None else int(given)


def read(obj: Manifest) -> Rollout:
    """Return the Rollout. Invalid by field, with upstream's words; Refused for what is not executed yet."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    who = f"Rollout {meta.get('namespace', '')}/{meta.get('name')}"
    refuse_invalid(obj, who)
    strategy = spec.get("strategy") or {}
    if strategy.get("blueGreen") is not None:
        raise Refused("spec.strategy.blueGreen is not executed yet", hint="use canary", obj=who)
    if spec.get("workloadRef"):
        raise Refused("spec.workloadRef is not executed yet", hint="write the template into the Rollout", obj=who)
    canary = strategy.get("canary") or {}
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    template = spec.get("template") or {}
    _check(canary, selector, who)
    return Rollout(
        name=str(meta["name"]),
        namespace=str(meta.get("namespace") or "default"),
        uid=str(meta.get("uid", "")),
        generation=int(meta.get("generation", 1)),
        replicas=int(spec.get("replicas", 1) if spec.get("replicas") is not None else 1),
        selector=selector,
        template=template,
        steps=canary.get("steps") or [],
        canary=canary,
        progress_deadline=int(spec.get("progressDeadlineSeconds") or 600),
        history_limit=int(spec.get("revisionHistoryLimit", 10)),
        paused=bool(spec.get("paused")),
        manifest=obj,
    )


def refuse_invalid(obj: Manifest, who: str) -> None:
    """Raise Invalid for the first mistake of a Rollout. Upstream's paths leave `canary` and `blueGreen` out, ours do not."""
    problems = validate(obj)
    if not problems:
        return
    strategy = (obj.get("spec") or {}).get("strategy") or {}
    name = next((name for name in ("canary", "blueGreen") if strategy.get(name) is not None), "")
    field = problems[0].field
    if name and field.startswith("spec.strategy.") and field != "spec.strategy.strategy":
        field = field.replace("spec.strategy.", f"spec.strategy.{name}.", 1)
    raise Invalid(field.replace("spec.strategy.strategy", "spec.strategy"), problems[0].message, obj=who)


def _check(canary: Mapping[str, Any], selector: Mapping[str, str], who: str) -> None:
    if not selector:
        raise Refused("spec.selector without matchLabels is not executed yet", obj=who)
    for name in canary.get("trafficRouting") or {}:
        if name not in ("istio", "maxTrafficWeight", "managedRoutes"):
            raise Refused(f"spec.strategy.canary.trafficRouting.{name} is not executed yet", hint="use istio", obj=who)
    if canary.get("dynamicStableScale") or canary.get("pingPong"):
        raise Refused("spec.strategy.canary: dynamicStableScale and pingPong are not executed yet", obj=who)
    for index, step in enumerate(canary.get("steps") or []):
        _check_step(f"spec.strategy.canary.steps[{index}]", step, who)


def _check_step(path: str, step: Mapping[str, Any], who: str) -> None:
    kinds = [kind for kind in step if kind in _STEP_KINDS]
    if len(kinds) != 1 or len(step) != 1:
        raise Invalid(path, f"must have exactly one of {', '.join(_STEP_KINDS)}", obj=who)
    if kinds[0] not in _EXECUTED:
        raise Refused(f"{path}.{kinds[0]} is not executed yet", hint=f"executed: {', '.join(_EXECUTED)}", obj=who)
