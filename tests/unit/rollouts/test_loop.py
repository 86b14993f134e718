# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole loop against a cluster of dictionaries whose pods are ready at once."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import events
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import VirtualClock, rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts import loop as loop_module
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.analysis.template import Find
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.loop import Loop
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.replicaset import (
    DESIRED,
    HASH_LABEL,
    REVISION,
)
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.rollout import Rollout

Manifest = dict[str, Any]


class Informer:
    """Lets virtual time pass where the real one waits for a change."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def changed(self, seconds: float) -> None:
        self.clock.sleep(max(seconds, 0.001))

    def poke(self) -> None:
        """Nothing waits."""


class Cluster:
    """Stands for act.world.World."""

    def __init__(self, rollout: Manifest, clock: VirtualClock) -> None:
        self.document, self.clock, self.informer = rollout, clock, Informer(clock)
        self.sets: dict[str, Manifest] = {}
        names = rollout["spec"]["strategy"]
        spec = names.get("canary") or names.get("blueGreen")
        self.services = {
            spec[key]: {"metadata": {"name": spec[key]}, "spec": {"selector": {}}}
            for key in ("stableService", "canaryService", "activeService", "previewService")
            if spec.get(key)
        }
        routes = [{"destination": {"host": "st"}, "weight": 100}, {"destination": {"host": "ca"}, "weight": 0}]
        self.virtual_service = {"metadata": {"name": "vs"}, "spec": {"http": [{"route": routes}]}}
        subsets = [{"name": name, "labels": {"app": "a"}} for name in ("canary", "stable")]
        self.rule = {"metadata": {"name": "dr"}, "spec": {"host": "h", "subsets": subsets}}
        self.status: Manifest = {}
        self.saved = 0
        self.runs: list[Manifest] = []

    def rollout(self) -> Manifest:
        return self.document

    def replica_sets(self, _ro: Rollout) -> list[Manifest]:
        return copy.deepcopy(list(self.sets.values()))

    def service(self, name: str) -> Manifest | None:
        return self.services.get(name)

    def router(self, _wanted: Mapping[str, Any]) -> Manifest:
        return self.virtual_service

    def destination_rule(self, _name: str) -> Manifest:
        return self.rule

    def write_router(self, service: Manifest, kind: str = "VirtualService") -> None:
        if kind == "VirtualService":
            self.virtual_service = service
        else:
            self.rule = service

    def chosen(self) -> list[str]:
        return [subset["labels"].get(HASH_LABEL, "") for subset in self.rule["spec"]["subsets"]]

    def create_replica_set(self, ro: Rollout, pod_hash: str, number: int) -> None:
        self.clock.sleep(1)
        meta = {
            "name": f"{ro.name}-{pod_hash}",
            "labels": {HASH_LABEL: pod_hash},
            "annotations": {REVISION: str(number), DESIRED: str(ro.replicas)},
            "creationTimestamp": rfc3339(self.clock.now()),
        }
        self.sets[meta["name"]] = {"metadata": meta, "spec": {"replicas": 0, "template": ro.template}, "status": {}}

    def scale(self, obj: Manifest, replicas: int | None, annotations: Mapping[str, str | None]) -> None:
        known = self.sets[obj["metadata"]["name"]]
        merged = {**known["metadata"]["annotations"], **annotations}
        known["metadata"]["annotations"] = {name: value for name, value in merged.items() if value is not None}
        if replicas is not None:
            known["spec"]["replicas"] = replicas
            known["status"] = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), replicas)

    def delete_replica_set(self, obj: Manifest) -> None:
        del self.sets[obj["metadata"]["name"]]

    def select(self, service: Manifest, pod_hash: str, _rollout: str) -> None:
        service["spec"]["selector"][HASH_LABEL] = pod_hash

    def load_status(self) -> Manifest:
        return self.status

    def save_status(self, status: Mapping[str, Any]) -> None:
        self.status, self.saved = dict(status), self.saved + 1

    def create_analysis_run(self, obj: Manifest) -> str:
        self.runs.append(obj)
        return str(obj["metadata"]["name"])

    def save_analysis_run(self, name: str, status: Mapping[str, Any]) -> None:
        """Nobody looks."""

    def secret(self, name: str, key: str) -> str:
        raise AssertionError(f"no analysis here reads {name}/{key}")

    def sizes(self) -> dict[str, int]:
        return {
            obj["spec"]["template"]["spec"]["containers"][0]["image"]: obj["spec"]["replicas"]
            for obj in self.sets.values()
        }


def rollout(strategy: Manifest) -> Manifest:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    spec = {
        "replicas": 4,
        "selector": {"matchLabels": {"app": "a"}},
        "template": template,
        "strategy": strategy,
        "revisionHistoryLimit": 2,
    }
    return {"metadata": {"name": "r", "namespace": "ns", "generation": 1, "uid": "u"}, "spec": spec}


def drive(cluster: Cluster, image: str, find: Find = lambda _name, _scope: None, **options: Any) -> Loop:
    cluster.document = copy.deepcopy(cluster.document)
    cluster.document["metadata"]["generation"] += 1
    cluster.document["spec"]["template"]["spec"]["containers"][0]["image"] = image
    loop = Loop(
        cluster,  # type: ignore[arg-type]
        cluster.clock,
        events.Recorder(),
        Cancel(),
        find,
        "",
        time.monotonic() + 20,
        lambda: None,
        **options,
    )
    loop.run()
    return loop


CANARY = {
    "stableService": "st",
    "canaryService": "ca",
    "trafficRouting": {"istio": {"virtualService": {"name": "vs"}}},
    "steps": [{"setWeight": 25}, {"pause": {"duration": "30s"}}, {"setWeight": 50}],
}


def test_a_canary_goes_from_the_first_pods_to_the_promotion() -> None:
    cluster = Cluster(rollout({"canary": CANARY}), VirtualClock(1_000_000))
    drive(cluster, "x:1")
    started = cluster.clock.now()
    loop = drive(cluster, "x:2")
    assert (loop.weights, loop.status["phase"]) == ([25, 50, 100, 0], "Healthy")
    assert cluster.sizes() == {"x:1": 0, "x:2": 4}
    assert cluster.clock.now() - started > 30
    kinds = {entry["type"]: entry["status"] for entry in loop.status["conditions"]}
    assert (kinds["Healthy"], kinds["Completed"], kinds["Available"]) == ("True", "True", "True")


def test_a_finished_loop_writes_nothing_more() -> None:
    cluster = Cluster(rollout({"canary": CANARY}), VirtualClock(1_000_000))
    drive(cluster, "x:1")
    saved = cluster.saved
    drive(cluster, "x:1")
    assert cluster.saved == saved + 1  # the new generation


def test_pods_that_do_not_come_are_degraded_after_the_deadline() -> None:
    obj = rollout({"canary": CANARY})
    obj["spec"]["progressDeadlineSeconds"] = 20
    cluster = Cluster(obj, VirtualClock(1_000_000))
    drive(cluster, "x:1")
    grow = cluster.scale

    def never_ready(found: Manifest, replicas: int | None, annotations: Mapping[str, str | None]) -> None:
        grow(found, replicas, annotations)
        cluster.sets[found["metadata"]["name"]]["status"]["availableReplicas"] = 0

    cluster.scale = never_ready  # type: ignore[method-assign]
    loop = drive(cluster, "x:2")
    assert loop.status["message"].startswith("ProgressDeadlineExceeded: ReplicaSet")
    assert loop.weights == []


def test_blue_green_switches_when_all_new_pods_are_there() -> None:
    cluster = Cluster(
        rollout({"blueGreen": {"activeService": "act", "previewService": "pre"}}), VirtualClock(1_000_000)
    )
    drive(cluster, "x:1")
    first = dict(cluster.services["act"]["spec"]["selector"])
    started = cluster.clock.now()
    loop = drive(cluster, "x:2")
    now = {name: service["spec"]["selector"] for name, service in cluster.services.items()}
    assert (loop.status["phase"], now["act"] == now["pre"] != first) == ("Healthy", True)
    assert cluster.sizes() == {"x:1": 0, "x:2": 4}
    assert cluster.clock.now() - started >= 30


def test_blue_green_waits_for_a_person_and_shows_a_small_preview() -> None:
    settings = {
        "activeService": "act",
        "previewService": "pre",
        "autoPromotionEnabled": False,
        "previewReplicaCount": 1,
        "scaleDownDelaySeconds": 0,
    }
    cluster = Cluster(rollout({"blueGreen": settings}), VirtualClock(1_000_000))
    drive(cluster, "x:1")
    loop = drive(cluster, "x:2")
    assert (loop.status["phase"], loop.status["message"]) == ("Paused", "BlueGreenPause")
    assert cluster.sizes() == {"x:1": 4, "x:2": 1}
    del cluster.status["pauseConditions"]
    loop = drive(cluster, "x:2")
    assert (loop.status["phase"], cluster.sizes()) == ("Healthy", {"x:1": 0, "x:2": 4})


def test_an_aborted_blue_green_update_leaves_the_old_version_active() -> None:
    settings = {"activeService": "act", "autoPromotionEnabled": False, "abortScaleDownDelaySeconds": 5}
    cluster = Cluster(rollout({"blueGreen": settings}), VirtualClock(1_000_000))
    drive(cluster, "x:1")
    first = dict(cluster.services["act"]["spec"]["selector"])
    drive(cluster, "x:2")
    cluster.status["abort"] = True
    loop = drive(cluster, "x:2")
    assert (loop.status["phase"], cluster.services["act"]["spec"]["selector"]) == ("Degraded", first)


def test_blue_green_promotes_by_itself_after_its_seconds() -> None:
    settings = {"activeService": "act", "autoPromotionSeconds": 60}
    cluster = Cluster(rollout({"blueGreen": settings}), VirtualClock(1_000_000))
    drive(cluster, "x:1")
    started = cluster.clock.now()
    loop = drive(cluster, "x:2", wait_for_scale_down=False)
    assert (loop.status["phase"], 60 < cluster.clock.now() - started < 70) == ("Healthy", True)


def test_subsets_of_a_destination_rule_follow_the_versions() -> None:
    rule = {"name": "dr", "canarySubsetName": "canary", "stableSubsetName": "stable"}
    routing = {"istio": {"virtualService": {"name": "vs"}, "destinationRule": rule}}
    cluster = Cluster(
        rollout({"canary": {"trafficRouting": routing, "steps": [{"setWeight": 50}]}}), VirtualClock(1_000_000)
    )
    routes = [
        {"destination": {"host": "h", "subset": name}, "weight": weight}
        for name, weight in (("stable", 100), ("canary", 0))
    ]
    cluster.virtual_service["spec"]["http"][0]["route"] = routes
    drive(cluster, "x:1")
    first = cluster.chosen()
    loop = drive(cluster, "x:2")
    assert (loop.status["phase"], loop.weights) == ("Healthy", [50, 100, 0])
    assert (first[0] == first[1] != "", cluster.chosen()[0] == cluster.chosen()[1] != first[0]) == (True, True)


def test_stable_pods_follow_the_weight_with_dynamic_stable_scale() -> None:
    cluster = Cluster(rollout({"canary": {**CANARY, "dynamicStableScale": True}}), VirtualClock(1_000_000))
    drive(cluster, "x:1")
    most = [0]
    grow = cluster.scale

    def watched(found: Manifest, replicas: int | None, annotations: Mapping[str, str | None]) -> None:
        grow(found, replicas, annotations)
        most.append(sum(cluster.sizes().values()))

    cluster.scale = watched  # type: ignore[method-assign]
    loop = drive(cluster, "x:2")
    assert (loop.status["phase"], loop.weights, cluster.sizes()) == ("Healthy", [25, 50, 100, 0], {"x:1": 0, "x:2": 4})
    assert max(most) < 8


def test_an_abort_with_dynamic_stable_scale_gives_the_traffic_back() -> None:
    steps = [{"setWeight": 50}, {"pause": {}}]
    cluster = Cluster(
        rollout({"canary": {**CANARY, "dynamicStableScale": True, "steps": steps}}), VirtualClock(1_000_000)
    )
    drive(cluster, "x:1")
    drive(cluster, "x:2")
    assert cluster.sizes() == {"x:1": 2, "x:2": 2}
    cluster.status["abort"] = True
    loop = drive(cluster, "x:2")
    assert (loop.status["phase"], loop.weights[-1], cluster.sizes()) == ("Degraded", 0, {"x:1": 4, "x:2": 0})


def test_history_keeps_as_many_versions_as_it_may() -> None:
    cluster = Cluster(rollout({"canary": {**CANARY, "steps": [], "scaleDownDelaySeconds": 0}}), VirtualClock(1_000_000))
    for number in range(5):
        drive(cluster, f"x:{number}")
    assert sorted(cluster.sizes()) == ["x:2", "x:3", "x:4"]


class Run:
    """Stands for analysis.run.AnalysisRun: done at once, with the verdict its first metric is called."""

    message, done = "", True

    def __init__(self, name: str, spec: Manifest, *_rest: Any, **_more: Any) -> None:
        self.name, self.phase = name, spec["metrics"][0]["name"]

    def start(self) -> None:
        """Nothing to wait for."""

    def terminate(self) -> None:
        """Ended already."""

    def status(self) -> Manifest:
        return {"phase": self.phase, "metricResults": []}


def analysed(monkeypatch: pytest.MonkeyPatch, verdict: str, **metric: Any) -> tuple[Cluster, list[Manifest], Loop]:
    """Update a blue-green Rollout with a pre-promotion analysis; return the runs that were made as well."""
    monkeypatch.setattr(loop_module, "AnalysisRun", Run)
    found = {"metadata": {"name": "t"}, "spec": {"metrics": [{"name": verdict, **metric}]}}
    analysis = {"templates": [{"templateName": "t"}]}
    cluster = Cluster(
        rollout({"blueGreen": {"activeService": "act", "prePromotionAnalysis": analysis}}), VirtualClock(9)
    )
    drive(cluster, "x:1", find=lambda _name, _scope: found)
    return cluster, cluster.runs, drive(cluster, "x:2", find=lambda _name, _scope: found)


def test_a_good_analysis_lets_blue_green_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, runs, loop = analysed(monkeypatch, "Successful")
    [meta] = [run["metadata"] for run in runs]
    wanted = {HASH_LABEL: loop.status["currentPodHash"], "rollout-type": "PrePromotion"}
    assert (meta["name"].endswith("-2-pre"), meta["labels"], loop.status["phase"]) == (True, wanted, "Healthy")
    assert cluster.sizes() == {"x:1": 0, "x:2": 4}


def test_a_bad_analysis_keeps_blue_green_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, _runs, loop = analysed(monkeypatch, "Failed")
    active = cluster.services["act"]["spec"]["selector"][HASH_LABEL]
    assert (loop.status["phase"], active) == ("Degraded", loop.status["stableRS"])


def test_an_analysis_without_end_is_refused_before_anything_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="runs indefinitely") as raised:
        analysed(monkeypatch, "Successful", interval="5s")
    assert raised.value.field == "spec.strategy.blueGreen.prePromotionAnalysis.templates"
