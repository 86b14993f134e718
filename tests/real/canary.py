# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One canary of ten pods over five weights, driven by our engine or by the real controller, and watched the same way."""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from ansible_collections.slipway.gitops.plugins.module_utils._core import events
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.watch import Informer, Selection
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts import api
from tests.real import controller

STEPS = [{"setWeight": weight} for weight in (10, 30, 50, 70, 90)]
ROLLOUT = "argoproj.io/v1alpha1"
SECONDS = 60.0
Drive = Callable[[], None]


@dataclass
class Watched:
    """What an onlooker saw: `weights` in order, seconds from the last ready pod to each weight, seconds in all."""

    weights: list[int] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    seconds: float = 0.0
    rollout: Manifest = field(default_factory=dict)
    replica_sets: dict[str, int] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        return statistics.median(self.gaps) if self.gaps else 0.0


def ours(client: Client) -> Watched:
    """Drive the canary with our engine."""
    return _watched(client, real=False)


def real(client: Client) -> Watched:
    """Let the real controller drive it."""
    return _watched(client, real=True)


def _watched(client: Client, *, real: bool) -> Watched:
    namespace = f"canary-{uuid.uuid4().hex[:6]}"
    for obj in objects(namespace):
        client.apply(obj)
    minder = controller.running(_kubeconfig(), namespace) if real else nullcontext()
    try:
        with minder:
            drive: Drive = (lambda: _await(client, namespace)) if real else (lambda: _run(client, namespace))
            drive()
            return _second_release(client, namespace, drive)
    finally:
        client.delete(ObjectRef("v1", "Namespace", namespace))


def _kubeconfig() -> str:
    from slipway.cluster import api as cluster

    return cluster.up("test").kubeconfig


def _second_release(client: Client, namespace: str, drive: Drive) -> Watched:
    ref = ObjectRef(ROLLOUT, "Rollout", "c", namespace)
    with _onlooker(client, namespace) as seen:
        started = time.perf_counter()
        client.patch(ref, {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}})
        drive()
        seen.seconds = time.perf_counter() - started
    seen.rollout = client.get(ROLLOUT, "Rollout", "c", namespace) or {}
    for found in client.list("apps/v1", "ReplicaSet", namespace):
        image = found["spec"]["template"]["spec"]["containers"][0]["image"]
        seen.replica_sets[image] = int(found["spec"].get("replicas", 0))
    return seen


def _run(client: Client, namespace: str) -> None:
    options = api.Options("c", namespace, timeout=SECONDS, wait_for_scale_down=False)
    outcome = api.run(client, [], options, events.NULL, Cancel(), lambda: None)
    if outcome.data["phase"] != "Healthy":
        raise RuntimeError(f"the canary ended {outcome.data['phase']}: {outcome.data['message']}")


def _await(client: Client, namespace: str) -> None:
    """Wait until the real controller calls the newest generation Healthy."""
    selection = Selection(ROLLOUT, "Rollout", namespace)
    deadline = time.monotonic() + SECONDS
    with Informer(client, [selection]) as informer:
        while time.monotonic() < deadline:
            found = informer.get(selection, "c", namespace)
            status = (found or {}).get("status") or {}
            current = found and str(found["metadata"]["generation"]) == status.get("observedGeneration")
            if current and status.get("phase") == "Healthy":
                return
            informer.changed(0.5)
    raise RuntimeError("the real controller did not finish the canary")


@contextmanager
def _onlooker(client: Client, namespace: str) -> Iterator[Watched]:
    """Note weights and readiness from outside: two watches, the same for both sides."""
    routes, pods = Selection("networking.istio.io/v1", "VirtualService", namespace), Selection("v1", "Pod", namespace)
    seen, stop = Watched(), threading.Event()
    with Informer(client, [routes, pods]) as informer:
        thread = threading.Thread(target=_look, args=(informer, routes, pods, seen, stop), daemon=True)
        thread.start()
        yield seen
        time.sleep(0.2)  # the last events are on their way
        stop.set()
        informer.poke()
        thread.join(5)


def _look(informer: Informer, routes: Selection, pods: Selection, seen: Watched, stop: threading.Event) -> None:
    ready, since, weight = 0, time.perf_counter(), 0
    while not stop.is_set():
        informer.changed(0.5)
        now = time.perf_counter()
        count = sum(_ready(pod) for pod in informer.items(pods))
        if count > ready:
            since = now
        ready = count
        found = [_weight(route) for route in informer.items(routes)]
        if found and found[0] != weight:
            weight = found[0]
            seen.weights.append(weight)
            if 0 < weight < 100:
                seen.gaps.append(now - since)


def _ready(pod: Manifest) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _weight(route: Manifest) -> int:
    return next(
        int(to.get("weight", 0)) for to in route["spec"]["http"][0]["route"] if to["destination"]["host"] == "ca"
    )


def objects(namespace: str) -> list[Manifest]:
    """Return a Rollout of ten pods with its Services and VirtualService, in a namespace of its own."""
    routes = [{"destination": {"host": "st"}, "weight": 100}, {"destination": {"host": "ca"}, "weight": 0}]
    canary = {
        "stableService": "st",
        "canaryService": "ca",
        "trafficRouting": {"istio": {"virtualService": {"name": "vs", "routes": ["primary"]}}},
        "steps": STEPS,
    }
    template = {"metadata": {"labels": {"app": "c"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    rollout = {"replicas": 10, "selector": {"matchLabels": {"app": "c"}}, "template": template}
    service = {"selector": {"app": "c"}, "ports": [{"port": 80}]}
    virtual = {"hosts": ["c"], "http": [{"name": "primary", "route": routes}]}
    made = (
        ("v1", "Service", "st", service),
        ("v1", "Service", "ca", service),
        ("networking.istio.io/v1", "VirtualService", "vs", virtual),
        (ROLLOUT, "Rollout", "c", {**rollout, "strategy": {"canary": canary}}),
    )
    space: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return [space] + [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": body}
        for version, kind, name, body in made
    ]
