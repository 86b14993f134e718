# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary of ten pods over five weights against the real controller, and how fast a weight follows the pods.

The peer's figures are recorded (Argo Rollouts 1.9.1 on KWOK, two idle cores).
"""

from __future__ import annotations

import statistics
import time
import uuid
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import events
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts import api
from tests.bench.measure import ROUNDS, Row

STEPS = [{"setWeight": weight} for weight in (10, 30, 50, 70, 90)]
PEER, SOURCE = "controller", "recorded"


def rows(_real: bool) -> list[Row]:
    """Return both rows."""
    from slipway.cluster import api as cluster

    with Client(load_config({"kubeconfig": cluster.up("test").kubeconfig})) as client:
        taken = [_canary(client) for _round in range(ROUNDS)]
    return [
        Row("rollout.canary5", statistics.median(whole for whole, _gap in taken), 2.0, PEER, source=SOURCE),
        Row("rollout.ready_to_weight", statistics.median(gap for _whole, gap in taken), 0.185, PEER, source=SOURCE),
    ]


def _canary(client: Client) -> tuple[float, float]:
    namespace = f"bench-{uuid.uuid4().hex[:6]}"
    for obj in objects(namespace):
        client.apply(obj)
    try:
        _run(client, namespace)
        ref = ObjectRef("argoproj.io/v1alpha1", "Rollout", "c", namespace)
        client.patch(ref, {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x:2"}]}}}})
        started = time.perf_counter()
        found = _run(client, namespace)
        return time.perf_counter() - started, _gap(found)
    finally:
        client.delete(ObjectRef("v1", "Namespace", namespace))


def _run(client: Client, namespace: str) -> events.Recorder:
    recorder = events.Recorder()
    options = api.Options("c", namespace, timeout=60, wait_for_scale_down=False)
    outcome = api.run(client, [], options, recorder, Cancel(), lambda: None)
    if outcome.data["phase"] != "Healthy":
        raise RuntimeError(f"the canary ended {outcome.data['phase']}: {outcome.data['message']}")
    return recorder


def _gap(recorder: events.Recorder) -> float:
    """Return the median time from "all pods are there" to the weight."""
    gaps, ready = [], 0.0
    for event in recorder.events:
        if (event.data or {}).get("ready"):
            ready = event.time
        elif event.reason == "TrafficWeightUpdated" and ready:
            gaps.append(event.time - ready)
            ready = 0.0
    return statistics.median(gaps) if gaps else 0.0


def objects(namespace: str) -> list[dict[str, Any]]:
    """Return a Rollout of ten pods with its Services and VirtualService."""
    routes = [{"destination": {"host": "st"}, "weight": 100}, {"destination": {"host": "ca"}, "weight": 0}]
    canary = {
        "stableService": "st",
        "canaryService": "ca",
        "trafficRouting": {"istio": {"virtualService": {"name": "vs", "routes": ["primary"]}}},
        "steps": STEPS,
    }
    template = {"metadata": {"labels": {"app": "c"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    spec = {
        "replicas": 10,
        "selector": {"matchLabels": {"app": "c"}},
        "template": template,
        "strategy": {"canary": canary},
    }
    service = {"selector": {"app": "c"}, "ports": [{"port": 80}]}
    made: list[tuple[str, str, str, dict[str, Any]]] = [
        ("v1", "Service", "st", service),
        ("v1", "Service", "ca", service),
        (
            "networking.istio.io/v1",
            "VirtualService",
            "vs",
            {"hosts": ["c"], "http": [{"name": "primary", "route": routes}]},
        ),
        ("argoproj.io/v1alpha1", "Rollout", "c", spec),
    ]
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return [space] + [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": body}
        for version, kind, name, body in made
    ]
