# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting and locking on a real API server."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Cancelled,
    Permanent,
    Refused,
    TimedOut,
)
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.lease import Lease
from ansible_collections.slipway.gitops.plugins.module_utils._kube.wait import Condition, wait_all

BATCH = "batch/v1"


def config_map(namespace: str, name: str = "one", **data: str) -> Manifest:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def job(namespace: str) -> Manifest:
    container = {"name": "work", "image": "registry.example/work:1"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    meta = {"name": "work", "namespace": namespace}
    spec = {"suspend": True, "template": template}
    return {"apiVersion": BATCH, "kind": "Job", "metadata": meta, "spec": spec}


def soon(action: Any, seconds: float = 0.3) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def test_objects_that_come_later_are_awaited_together(client: Client, namespace: str) -> None:
    wanted = [Condition(ObjectRef("v1", "ConfigMap", name, namespace), "exists") for name in ("a", "b")]
    soon(lambda: [client.create(config_map(namespace, name)) for name in ("a", "b")])
    found = wait_all(client, wanted, 10)
    assert [obj["metadata"]["name"] for obj in found if obj] == ["a", "b"]


def test_deleted_objects_end_the_wait(client: Client, namespace: str) -> None:
    client.create(config_map(namespace))
    target = ObjectRef("v1", "ConfigMap", "one", namespace)
    soon(lambda: client.delete(target))
    assert wait_all(client, [Condition(target, "deleted")], 10) == [None]


def test_a_field_is_awaited_by_its_path(client: Client, namespace: str) -> None:
    client.apply(config_map(namespace, colour="red"))
    target = ObjectRef("v1", "ConfigMap", "one", namespace)
    soon(lambda: client.apply(config_map(namespace, colour="green")))
    assert wait_all(client, [Condition(target, "field", ".data.colour", "green")], 10)


def test_the_timeout_says_what_is_missing(client: Client, namespace: str) -> None:
    recorder = Recorder()
    wanted = [Condition(ObjectRef("v1", "ConfigMap", "never", namespace), "exists")]
    with pytest.raises(TimedOut, match=f"ConfigMap {namespace}/never: does not exist"):
        wait_all(client, wanted, 0.3, sink=recorder)
    assert [event.message for event in recorder.events] == ["does not exist"]


def test_a_failed_job_ends_the_wait_at_once(client: Client, namespace: str) -> None:
    client.create(job(namespace))
    target = ObjectRef(BATCH, "Job", "work", namespace)
    entry = {"status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    moment = {"lastTransitionTime": "2026-01-02T03:04:05Z", "lastProbeTime": "2026-01-02T03:04:05Z"}
    conditions = [{"type": kind, **entry, **moment} for kind in ("FailureTarget", "Failed")]
    status = {"status": {"conditions": conditions, "startTime": "2026-01-02T03:04:05Z"}}
    soon(lambda: client.patch(target, status, subresource="status"))
    started = time.monotonic()
    with pytest.raises(Permanent, match="BackoffLimitExceeded"):
        wait_all(client, [Condition(target)], 30)
    assert time.monotonic() - started < 10


def test_an_unknown_kind_is_awaited_until_it_is_served(client: Client, namespace: str) -> None:
    wanted = [Condition(ObjectRef("absent.example/v1", "Absent", "x", namespace), "exists")]
    with pytest.raises(TimedOut, match="does not exist"):
        wait_all(client, wanted, 1.5)


def test_a_wait_can_be_cancelled(client: Client, namespace: str) -> None:
    cancel = Cancel()
    soon(lambda: cancel.set("enough"))
    with pytest.raises(Cancelled, match="enough"):
        wait_all(client, [Condition(ObjectRef("v1", "ConfigMap", "x", namespace), "exists")], 30, cancel=cancel)


def test_a_deployment_is_ready_when_its_pods_are(client: Client, namespace: str, cluster: str) -> None:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
    }
    meta = {"name": "web", "namespace": namespace}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    client.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    found = wait_all(client, [Condition(ObjectRef("apps/v1", "Deployment", "web", namespace))], 60)
    assert (found[0] or {})["status"]["availableReplicas"] == 2


def test_a_lease_admits_one_holder(client: Client, namespace: str) -> None:
    with Lease(client, namespace, "lock", "first") as lease:
        assert lease.held()
        lease.renew()
        with pytest.raises(Refused, match="held by first"), Lease(client, namespace, "lock", "second", wait=0.1):
            pass
    with Lease(client, namespace, "lock", "second", wait=0.1) as lease:
        lease.check()


def test_an_expired_lease_is_taken_over_and_its_holder_notices(client: Client, namespace: str) -> None:
    first = Lease(client, namespace, "lock", "first", seconds=1)
    first.acquire()
    with Lease(client, namespace, "lock", "second", wait=10):
        assert not first.held()
        with pytest.raises(Refused, match="held by second"):
            first.renew()
