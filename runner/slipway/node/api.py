# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's words to the API, and the threads that say them.

All calls go through a few threads, because a connection belongs to a thread and a pod's thread is
short-lived. Must not know what a pod means.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import rfc3339, rfc3339_micro
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Permanent, Temporary
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.errors import Conflict, NotFound

LOG = logging.getLogger("slipway.node")
T = TypeVar("T")


class Api:
    """What the node asks of the API server."""

    def __init__(self, client: Client, node: str, threads: int = 6) -> None:
        self.client = client
        self.node = node
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="api")

    def close(self) -> None:
        """Drop what is not sent yet."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.client.close()

    def soon(self, call: Callable[[], T]) -> Future[T]:
        """Do `call` in one of the API threads."""
        return self._pool.submit(call)

    def now(self, call: Callable[[], T]) -> T:
        """Do `call` in one of the API threads and wait for it."""
        return self._pool.submit(call).result()

    def config_map(self, namespace: str, name: str) -> Manifest | None:
        """Return a ConfigMap, None when it is not there."""
        return self.now(lambda: self.client.get("v1", "ConfigMap", name, namespace))

    def secret(self, namespace: str, name: str) -> Manifest | None:
        """Return a Secret, None when it is not there."""
        return self.now(lambda: self.client.get("v1", "Secret", name, namespace))

    def token(self, namespace: str, account: str, audience: str, seconds: int, pod: Manifest) -> str:
        """Return a token of a service account, bound to the pod."""
        bound = {"kind": "Pod", "apiVersion": "v1", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        spec = {
            "expirationSeconds": seconds,
            "boundObjectRef": bound,
            **({"audiences": [audience]} if audience else {}),
        }
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        answer = self.now(lambda: self.client.session.json("POST", path, body=body, what=f"ServiceAccount {account}"))
        return str(answer["status"]["token"])

    def write_status(self, pod: Manifest, status: Manifest) -> Manifest | None:
        """Write a pod's status; None when the pod is gone or was replaced by another of its name."""
        meta = pod["metadata"]
        body = {"metadata": {"uid": meta["uid"]}, "status": status}
        target = ObjectRef("v1", "Pod", meta["name"], meta["namespace"])
        try:
            return self.client.patch(target, body, how="merge", subresource="status")
        except (NotFound, Conflict):
            return None

    def delete_now(self, pod: Manifest) -> None:
        """Remove the pod from the API: its processes have ended."""
        meta = pod["metadata"]
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        try:
            self.client.session.json("DELETE", path, body=body, what=f"Pod {meta['namespace']}/{meta['name']}")
        except (NotFound, Conflict):
            return

    def event(self, pod: Manifest, kind: str, reason: str, message: str) -> None:
        """Record an Event about a pod; best effort, in the background."""
        self.soon(lambda: self._event(pod, kind, reason, message))

    def _event(self, pod: Manifest, kind: str, reason: str, message: str) -> None:
        meta, now = pod["metadata"], time.time()
        involved = {"apiVersion": "v1", "kind": "Pod", **{key: meta[key] for key in ("name", "namespace", "uid")}}
        body: Manifest = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{meta['name'][:200]}.", "namespace": meta["namespace"]},
            "involvedObject": involved,
            "type": kind,
            "reason": reason,
            "message": message[:1000],
            "source": {"component": "slipway-node", "host": self.node},
            "firstTimestamp": rfc3339(now),
            "lastTimestamp": rfc3339(now),
            "count": 1,
        }
        try:
            self.client.create(body)
        except (Permanent, Temporary) as error:
            LOG.debug("event of %s not recorded: %s", meta["name"], error)

    # -- the node itself -----------------------------------------------------------------------

    def register(self, node: Manifest) -> None:
        """Create or refresh the Node and write its status."""
        status = node.pop("status")
        self.now(lambda: self.client.apply(node))
        target = ObjectRef("v1", "Node", self.node)
        self.now(lambda: self.client.patch(target, {"status": status}, how="merge", subresource="status"))

    def renew(self) -> None:
        """Renew the node's Lease: the heartbeat."""
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.node, "namespace": "kube-node-lease"},
            "spec": {"holderIdentity": self.node, "leaseDurationSeconds": 40, "renewTime": rfc3339_micro(time.time())},
        }
        self.now(lambda: self.client.apply(lease))


class Publisher:
    """Writes the newest status of one pod, never two at once, never an older one after a newer one."""

    def __init__(self, api: Api, pod: Manifest, took: Callable[[Manifest], None]) -> None:
        self._api, self._pod, self._took = api, pod, took
        self._lock = threading.Condition()
        self._wanted: Manifest | None = None
        self._busy = False
        self._last: Manifest | None = None

    def put(self, status: Manifest) -> None:
        """Have `status` written, unless it is what was written last."""
        with self._lock:
            if status == (self._wanted or self._last):
                return
            self._wanted = status
            if not self._busy:
                self._busy = True
                self._api.soon(self._work)

    def flush(self, timeout: float) -> None:
        """Wait until everything is written."""
        with self._lock:
            self._lock.wait_for(lambda: not self._busy, timeout)

    def _work(self) -> None:
        pause = 0.1
        while True:
            with self._lock:
                status, self._wanted = self._wanted, None
                if status is None:
                    self._busy = False
                    self._lock.notify_all()
                    return
                self._last = status
            try:
                answer = self._api.write_status(self._pod, status)
                if answer is not None:
                    self._took(answer)
            except (Permanent, Temporary) as error:
                LOG.warning("status of pod %s not written: %s", self._pod["metadata"]["name"], error)
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
                with self._lock:
                    self._wanted = self._wanted or status
                    self._last = None
