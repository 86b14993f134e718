# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Order, tracking, comparison and health of Argo CD, one rule at a time."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import (
    compare,
    hooks,
    ignore,
    tasks,
    tracking,
)
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide.tasks import Task
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.assess import health
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.health.status import worst
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model.application import read


def obj(kind: str, name: str = "x", api: str = "v1", **annotations: str) -> dict[str, Any]:
    keys = {
        "wave": "argocd.argoproj.io/sync-wave",
        "hook": "argocd.argoproj.io/hook",
        "policy": "argocd.argoproj.io/hook-delete-policy",
    }
    notes = {keys[key]: value for key, value in annotations.items()}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "ns", "annotations": notes}}


def names(found: list[Task]) -> list[str]:
    return [task.obj["kind"] for task in found]


def test_tasks_go_by_phase_wave_kind_and_name() -> None:
    given = [
        Task("Sync", 1, obj("ConfigMap"), None),
        Task("Sync", 0, obj("Deployment"), None),
        Task("PostSync", -5, obj("Job"), None),
        Task("Sync", 0, obj("Service"), None),
        Task("PreSync", 3, obj("Pod"), None),
    ]
    assert names(tasks.order(given)) == ["Pod", "Service", "Deployment", "ConfigMap", "Job"]


def test_a_namespace_moves_before_its_first_user_and_takes_its_place() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}}
    found = tasks.order([Task("Sync", 0, space, None), Task("PreSync", 0, obj("Job"), None)])
    assert [(task.phase, task.obj["kind"]) for task in found] == [("PreSync", "Namespace"), ("PreSync", "Job")]


@pytest.mark.parametrize(
    ("hook", "is_hook", "phases"),
    [
        ("PreSync", True, ["PreSync"]),
        ("PostSync,Sync", True, ["Sync", "PostSync"]),
        ("Skip", False, []),
        ("Nonsense", True, []),
    ],
)
def test_hooks_are_read_from_their_annotation(hook: str, is_hook: bool, phases: list[str]) -> None:
    one = obj("Job", hook=hook)
    assert (hooks.is_hook(one), hooks.phases(one)) == (is_hook, phases)


def test_waves_and_policies_have_defaults() -> None:
    assert hooks.wave(obj("Job", wave="abc")) == 0
    assert hooks.delete_policies(obj("Job", policy="Nonsense")) == ["BeforeHookCreation"]
    assert hooks.delete_policies(obj("Job", policy="HookSucceeded")) == ["HookSucceeded"]


def test_prune_waves_are_mirrored_or_come_last() -> None:
    given = [Task("Sync", wave, None, obj("ConfigMap", str(wave))) for wave in (0, 1, 2)]
    assert [task.wave for task in tasks.place_prunes(given, last=False)] == [2, 1, 0]
    assert [task.wave for task in tasks.place_prunes([*given, Task("Sync", 4, obj("Pod"), None)], True)] == [5, 5, 5, 4]


def test_a_copied_annotation_does_not_make_an_object_ours() -> None:
    mine = tracking.track("app", obj("ConfigMap", "one"), "ns")
    copied = {**obj("ConfigMap", "two"), "metadata": {**mine["metadata"], "name": "two"}}
    assert mine["metadata"]["annotations"][tracking.ANNOTATION] == "app:/ConfigMap:ns/one"
    assert (tracking.is_self("app", mine, "ns"), tracking.is_self("app", copied, "ns")) == (True, False)


def test_ignored_fields_take_the_live_value_and_do_not_count() -> None:
    target = {**obj("VirtualService"), "spec": {"http": [{"weight": 0}], "hosts": ["a"]}}
    live = {**obj("VirtualService"), "spec": {"http": [{"weight": 20}], "hosts": ["a"]}}
    ignored = ignore.of(
        target, [{"group": "", "kind": "VirtualService", "jsonPointers": ["/spec/http/0/weight", "/spec/gone"]}]
    )
    assert compare.prepare(target, live, ignored, keep_ignored=True)["spec"]["http"] == [{"weight": 20}]
    assert not compare.modified(target, live, ignored)
    assert compare.modified(target, live)


def test_a_rollouts_selector_is_not_reset() -> None:
    target = {**obj("Service"), "spec": {"selector": {"app": "a"}}}
    live = {**obj("Service"), "spec": {"selector": {"app": "a", "rollouts-pod-template-hash": "h"}}}
    live["metadata"] = {**live["metadata"], "annotations": {"argo-rollouts.argoproj.io/managed-by-rollouts": "r"}}
    assert (
        compare.prepare(target, live, ignore.Ignored(), keep_ignored=False)["spec"]["selector"][
            "rollouts-pod-template-hash"
        ]
        == "h"
    )


def test_health_of_a_rollout_follows_its_phase_once_it_was_observed() -> None:
    one: dict[str, Any] = {
        **obj("Rollout", api="argoproj.io/v1alpha1"),
        "status": {"phase": "Degraded", "message": "why", "observedGeneration": "2"},
    }
    one["metadata"]["generation"] = 2
    found = health(one)
    assert found is not None
    assert (found.status, found.message) == ("Degraded", "why")
    one["metadata"]["generation"] = 3
    stale = health(one)
    assert stale is not None
    assert stale.status == "Progressing"
    assert health(obj("ConfigMap")) is None
    assert worst(["Healthy", "Degraded", "Progressing"]) == "Degraded"


APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a}
spec:
  source: {repoURL: r, path: p%s}
  destination: {namespace: n}
  syncPolicy: {syncOptions: [ApplyOutSyncOnly=true]}
"""


def test_a_misspelt_sync_option_is_a_warning_with_the_right_name() -> None:
    app = read(yaml.load_all(APPLICATION % "", "app.yaml")[0])
    assert "did you mean ApplyOutOfSyncOnly?" in app.warnings[0]


def test_what_is_not_executed_is_refused_with_its_place() -> None:
    with pytest.raises(Invalid, match=r"app\.yaml:\d+ spec\.source\.helm is not executed yet"):
        read(yaml.load_all(APPLICATION % ", helm: {releaseName: x}", "app.yaml")[0])
    with pytest.raises(Refused, match="several sources"):
        read(yaml.load_all(APPLICATION.replace("source: {", "sources: [{}]\n  source: {") % "")[0])


def test_what_a_trusted_manager_owns_does_not_count() -> None:
    entry = {"manager": "hpa", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:ports": {'k:{"port":1}': {"f:name": {}}}}}}
    target = {**obj("Deployment"), "spec": {"replicas": 1, "ports": [{"port": 1, "name": "a"}], "paused": True}}
    live = {**obj("Deployment"), "spec": {"replicas": 5, "ports": [{"port": 1, "name": "b"}], "paused": True}}
    live["metadata"] = {**live["metadata"], "managedFields": [entry]}
    rules = [{"group": "*", "kind": "Deployment", "managedFieldsManagers": ["hpa"]}]
    assert compare.modified(target, live)
    assert not compare.modified(target, live, ignore.of(target, rules))
    live["spec"]["paused"] = False
    assert compare.modified(target, live, ignore.of(target, rules))
