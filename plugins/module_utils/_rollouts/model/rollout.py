# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A Rollout, read with its defaults and checked.

Source: argo-rollouts v1.9 pkg/apis/rollouts/v1alpha1/types.go, utils/defaults/defaults.go, validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from . import defaults
from .replicaset import HASH_LABEL

__all__ = ["API_VERSION", "HASH_LABEL", "KIND", "Rollout", "of", "pause_seconds", "read"]
API_VERSION, KIND = "argoproj.io/v1alpha1", "Rollout"
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
    """Return the Rollout. Invalid by field; Refused for strategies and steps that are not executed yet."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    who = f"Rollout {meta.get('namespace', '')}/{meta.get('name')}"
    strategy = spec.get("strategy") or {}
    if len([kind for kind in ("canary", "blueGreen") if kind in strategy]) != 1:
        raise Invalid("spec.strategy", "needs canary or blueGreen, and not both", obj=who)
    if spec.get("workloadRef"):
        raise Refused("spec.workloadRef is not executed yet", hint="write the template into the Rollout", obj=who)
    ro = of({**obj, "spec": {**spec, "strategy": {kind: value or {} for kind, value in strategy.items()}}})
    _check_pods(ro, who)
    if ro.is_blue_green:
        _check_blue_green(ro, who)
    else:
        _check_canary(ro.canary, who)
    return ro


def _check_pods(ro: Rollout, who: str) -> None:
    labels = ((ro.template.get("metadata") or {}).get("labels")) or {}
    if not ro.selector:
        raise Invalid("spec.selector.matchLabels", "is missing", obj=who)
    if any(labels.get(name) != value for name, value in ro.selector.items()):
        raise Invalid("spec.template.metadata.labels", "do not match spec.selector", obj=who)


def _check_blue_green(ro: Rollout, who: str) -> None:
    active = ro.blue_green.get("activeService")
    if not active:
        raise Invalid("spec.strategy.blueGreen.activeService", "is missing", obj=who)
    if active == ro.blue_green.get("previewService"):
        text = (
            "This rollout uses the same service for the active and preview services, "
            "but two different services are required."
        )
        raise Invalid("spec.strategy.blueGreen.previewService", text, obj=who)


def _check_canary(canary: Mapping[str, Any], who: str) -> None:
    routing = canary.get("trafficRouting") or {}
    for name in routing:
        if name not in ("istio", "maxTrafficWeight", "managedRoutes"):
            raise Refused(f"spec.strategy.canary.trafficRouting.{name} is not executed yet", hint="use istio", obj=who)
    if routing and not (canary.get("stableService") and canary.get("canaryService")) and not _subsets(routing):
        raise Invalid("spec.strategy.canary", "trafficRouting needs stableService and canaryService", obj=who)
    if canary.get("pingPong"):
        raise Refused("spec.strategy.canary.pingPong is not executed yet", obj=who)
    if canary.get("dynamicStableScale") and not routing:
        raise Invalid("spec.strategy.canary.dynamicStableScale", "needs trafficRouting", obj=who)
    for index, step in enumerate(canary.get("steps") or []):
        _check_step(index, step, int(routing.get("maxTrafficWeight") or 100), who)


def _subsets(routing: Mapping[str, Any]) -> bool:
    return bool((routing.get("istio") or {}).get("destinationRule"))


def _check_step(index: int, step: Mapping[str, Any], most: int, who: str) -> None:
    path = f"spec.strategy.canary.steps[{index}]"
    kinds = [kind for kind in step if kind in _STEP_KINDS and step[kind] is not None]
    if len(kinds) != 1 or len(step) != 1:
        raise Invalid(path, f"must have exactly one of {', '.join(_STEP_KINDS)}", obj=who)
    if kinds[0] not in _EXECUTED:
        raise Refused(f"{path}.{kinds[0]} is not executed yet", hint=f"executed: {', '.join(_EXECUTED)}", obj=who)
    if kinds[0] == "setWeight" and not 0 <= int(step["setWeight"]) <= most:
        raise Invalid(f"{path}.setWeight", f"must be 0 to {most}", obj=who)
    if kinds[0] == "pause":
        seconds = pause_seconds(step["pause"])
        if seconds is not None and seconds < 0:
            raise Invalid(f"{path}.pause.duration", f"is no duration: {step['pause']['duration']!r}", obj=who)


def pause_seconds(pause: Mapping[str, Any] | None) -> int | None:
    """Return the seconds of a pause, None for an indefinite one, -1 for an invalid one. Source: types.go DurationSeconds."""
    value = (pause or {}).get("duration")
    if value is None:
        return None
    if isinstance(value, int):
        return value
    text = str(value)
    if text.isdigit():
        return int(text)
    try:
        return int(duration.parse_go(text))
    except Invalid:
        return -1
