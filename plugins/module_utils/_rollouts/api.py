# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The public face of Argo Rollouts: run a rollout to its end, act on it, look at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.cancel import Cancel
from .._core.clock import RealClock
from .._core.errors import Invalid, Permanent, SlipwayError
from .._core.events import Sink
from .._core.types import Manifest
from .._core.yaml import Document
from .._kube.client import Client
from .act.world import World
from .analysis import limits
from .decide.status import observed
from .loop import Loop
from .model.rollout import API_VERSION, KIND, of, read

__all__ = ["EMULATED", "Options", "Outcome", "info", "plan", "run"]
EMULATED = "Argo Rollouts v1.9"


@dataclass(frozen=True, slots=True)
class Options:
    """How a rollout is followed. Seconds for `timeout`; `http_proxy` serves plain-HTTP metrics."""

    name: str
    namespace: str
    timeout: float = 3600.0
    http_proxy: str = ""
    wait_for_scale_down: bool = True
    stop_at_pause: bool = True
    fail_on_degraded: bool = True


@dataclass(slots=True)
class Outcome:
    """How it ended."""

    changed: bool
    data: dict[str, Any]
    failure: SlipwayError | None = None


def run(
    client: Client,
    documents: Sequence[Document],
    options: Options,
    events: Sink,
    cancel: Cancel,
    held: Callable[[], None],
) -> Outcome:
    """Drive a Rollout to Healthy, Degraded or an indefinite pause."""
    _refuse_invalid(documents, options)
    given = {(str(d.data.get("kind")), str(d.data["metadata"]["name"])): d.data for d in documents}
    world = World(client, options.name, options.namespace, given.get((KIND, options.name)))
    started = time.monotonic()

    def find(name: str, cluster_scope: bool) -> Manifest | None:
        kind = "ClusterAnalysisTemplate" if cluster_scope else "AnalysisTemplate"
        return given.get((kind, name)) or world.template(name, cluster_scope)

    with world.informer:
        loop = Loop(
            world, RealClock(), events, cancel, find, options.http_proxy, started + options.timeout, held,
            options.wait_for_scale_down, options.stop_at_pause,
        )  # fmt: skip
        before = world.load_status()
        loop.run()
    status = loop.status
    data = {
        "name": options.name,
        "namespace": options.namespace,
        "phase": status.get("phase"),
        "message": status.get("message", ""),
        "weights": loop.weights or ([loop.weight] if loop.weight is not None else []),
        "analysis": max(loop.analysis_phases, key=limits.ORDER.index) if loop.analysis_phases else None,
        "stable_hash": status.get("stableRS", ""),
        "current_hash": status.get("currentPodHash", ""),
        "step_index": status.get("currentStepIndex"),
        "aborted": bool(status.get("abort")),
        "seconds": round(time.monotonic() - started, 3),
        "emulates": EMULATED,
    }
    failure = None
    if status.get("phase") == "Degraded" and options.fail_on_degraded:
        who = f"Rollout {options.namespace}/{options.name}"
        failure = Permanent(str(status.get("message") or "is degraded"), obj=who, reason="RolloutAborted")
    return Outcome(bool(loop.weights) or _core(before) != _core(status), data, failure)


def _refuse_invalid(documents: Sequence[Document], options: Options) -> None:
    """Refuse the Rollout that was given, with file and line, before the cluster is asked."""
    for document in documents:
        if document.data.get("kind") == KIND and document.data["metadata"]["name"] == options.name:
            try:
                read(document.data)
            except Invalid as error:
                at = document.place(error.field)
                raise Invalid(error.field, error.message, hint=error.hint, obj=error.obj, at=at) from None


def _core(status: dict[str, Any]) -> tuple[Any, ...]:
    return status.get("stableRS"), status.get("currentPodHash"), status.get("phase")


def plan(client: Client, documents: Sequence[Document], options: Options) -> dict[str, Any]:
    """Return what a run would do: the steps that are left. Invalid with file and line for a Rollout that cannot run."""
    _refuse_invalid(documents, options)
    ro = read(_rollout(client, documents, options))
    status = ro.manifest.get("status") or {}
    index = int(status.get("currentStepIndex") or 0)
    return {"phase": status.get("phase"), "step_index": index, "steps": list(ro.steps[index:])}


def info(client: Client, options: Options) -> dict[str, Any]:
    """Return the state of a live Rollout."""
    obj = _rollout(client, [], options)
    status = obj.get("status") or {}
    weights, seen = (status.get("canary") or {}).get("weights") or {}, observed(of(obj), status)
    return {
        "name": options.name,
        "namespace": options.namespace,
        "phase": seen.phase,
        "message": seen.message,
        "step_index": status.get("currentStepIndex"),
        "steps": (obj["spec"].get("strategy", {}).get("canary") or {}).get("steps") or [],
        "stable_hash": status.get("stableRS", ""),
        "current_hash": status.get("currentPodHash", ""),
        "weight": (weights.get("canary") or {}).get("weight", 0),
        "aborted": bool(status.get("abort")),
        "replicas": {
            name: status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        },
    }


def _rollout(client: Client, documents: Sequence[Document], options: Options) -> Manifest:
    given = next(
        (d.data for d in documents if d.data.get("kind") == KIND and d.data["metadata"]["name"] == options.name), None
    )
    found = client.get(API_VERSION, KIND, options.name, options.namespace) if client.knows(API_VERSION, KIND) else None
    obj = found or given
    if obj is None:
        raise Invalid(
            "name", f"there is no Rollout {options.namespace}/{options.name}", hint="apply it first, or give it in src"
        )
    return obj
