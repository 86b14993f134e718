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
from . import defaults
from .replicaset import HASH_LABEL
from .validate import validate
from .validate_steps import KINDS

__all__ = ["API_VERSION", "HASH_LABEL", "KIND", "Rollout", "of", "read", "refuse_invalid"]
API_VERSION, KIND = "argoproj.io/v1alpha1", "Rollout"
_EXECUTED = ("setWeight", "pause", "analysis", "setCanaryScale")


@dataclass(frozen=True, slots=True)
class Rollout:
    """A Rollout with its defaults. Durations in seconds; `canary` is empty for a blue-green one, and the reverse."""

    name: str
    namespace: str
    uid: str
    generation: int
    replicas: int
    selector: Mapping[str, str]
    template: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    canary: Mapping[str, Any]
    blue_green: Mapping[str, Any]
    progress_deadline: int
    history_limit: int
    paused: bool
    manifest: Manifest

    @property
    def spec(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.manifest.get("spec") or {}
        return found

    @property
    def is_canary(self) -> bool:
        return defaults.strategy(self.spec, "canary") is not None

    @property
    def is_blue_green(self) -> bool:
        return defaults.strategy(self.spec, "blueGreen") is not None

    @property
    def routed(self) -> bool:
        """Whether a router splits the traffic (and not the number of pods)."""
        return self.canary.get("trafficRouting") is not None

    @property
    def traffic(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.canary.get("trafficRouting") or {}
        return found

    @property
    def dynamic_stable_scale(self) -> bool:
        return bool(self.canary.get("dynamicStableScale"))

    @property
    def max_weight(self) -> int:
        return defaults.max_weight(self.spec)

    @property
    def stable_service(self) -> str:
        return str(self.canary.get("stableService") or "")

    @property
    def canary_service(self) -> str:
        return str(self.canary.get("canaryService") or "")

    @property
    def services(self) -> Sequence[str]:
        """The Services whose selectors the Rollout sets."""
        names = (
            [self.blue_green.get("activeService"), self.blue_green.get("previewService")]
            if self.is_blue_green
            else [self.stable_service, self.canary_service]
        )
        return [str(name) for name in names if name]

    @property
    def scale_down_delay(self) -> int:
        """Old ReplicaSets stay that long after a promotion."""
        return defaults.scale_down_delay(self.spec)


def of(obj: Manifest) -> Rollout:
    """Return the Rollout as written, with defaults and without any check."""
    meta, spec = obj.get("metadata") or {}, obj.get("spec") or {}
    canary = defaults.strategy(spec, "canary") or {}
    return Rollout(
        name=str(meta.get("name", "")),
        namespace=str(meta.get("namespace") or "default"),
        uid=str(meta.get("uid", "")),
        generation=int(meta.get("generation", 1)),
        replicas=defaults.replicas(spec.get("replicas")),
        selector=(spec.get("selector") or {}).get("matchLabels") or {},
        template=spec.get("template") or {},
        steps=canary.get("steps") or [],
        canary=canary,
        blue_green=defaults.strategy(spec, "blueGreen") or {},
        progress_deadline=defaults.progress_deadline(spec),
        history_limit=defaults.revision_history_limit(spec),
        paused=bool(spec.get("paused")),
        manifest=obj,
    )


def read(obj: Manifest) -> Rollout:
    """Return the Rollout. Invalid by field, with upstream's words; Refused for what is not executed yet."""
    ro = of(obj)
    who = f"Rollout {obj['metadata'].get('namespace', '')}/{ro.name}"
    refuse_invalid(obj, who)
    if ro.spec.get("workloadRef"):
        raise Refused("spec.workloadRef is not executed yet", hint="write the template into the Rollout", obj=who)
    if not ro.selector:
        raise Refused("spec.selector without matchLabels is not executed yet", obj=who)
    if ro.is_blue_green and not ro.blue_green.get("activeService"):
        raise Invalid("spec.strategy.blueGreen.activeService", "is missing", obj=who)  # by upstream's schema
    _refuse_canary(ro.canary, who)
    return ro


def refuse_invalid(obj: Manifest, who: str) -> None:
    """Raise Invalid for the first mistake of a Rollout. Upstream's paths leave `canary` and `blueGreen` out, ours do not."""
    problems = validate(obj)
    if not problems:
        return
    spec = obj.get("spec") or {}
    name = next((name for name in ("canary", "blueGreen") if defaults.strategy(spec, name) is not None), "")
    field = problems[0].field
    if name and field.startswith("spec.strategy.") and field != "spec.strategy.strategy":
        field = field.replace("spec.strategy.", f"spec.strategy.{name}.", 1)
    raise Invalid(field.replace("spec.strategy.strategy", "spec.strategy"), problems[0].message, obj=who)


def _refuse_canary(canary: Mapping[str, Any], who: str) -> None:
    for name in canary.get("trafficRouting") or {}:
        if name not in ("istio", "maxTrafficWeight", "managedRoutes"):
            raise Refused(f"spec.strategy.canary.trafficRouting.{name} is not executed yet", hint="use istio", obj=who)
    if canary.get("pingPong"):
        raise Refused("spec.strategy.canary.pingPong is not executed yet", obj=who)
    for index, step in enumerate(canary.get("steps") or []):
        _refuse_step(f"spec.strategy.canary.steps[{index}]", step, who)


def _refuse_step(path: str, step: Mapping[str, Any], who: str) -> None:
    kinds = [kind for kind in KINDS if step.get(kind) is not None]
    if len(kinds) != 1 or len(step) != 1:
        raise Invalid(path, f"must have exactly one of {', '.join(KINDS)}", obj=who)
    if kinds[0] not in _EXECUTED:
        raise Refused(f"{path}.{kinds[0]} is not executed yet", hint=f"executed: {', '.join(_EXECUTED)}", obj=who)
