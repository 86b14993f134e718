# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node: registers itself, keeps its heartbeat, gives each pod bound to it a worker."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import threading
import time
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import rfc3339
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._kube.watch import Informer, Selection
from ansible_collections.slipway.gitops.plugins.module_utils._oci.unpack import host_architecture
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox

from . import support, volumes
from .pod import HOST_IP, Changed, Leave, Node, PodWorker

LOG = logging.getLogger("slipway.node")
HEARTBEAT = 10.0
KEPT_FOLDERS = 200
RUNTIME_LABEL = "slipway.dev/runtime"


def capacity() -> dict[str, str]:
    """Return what the machine has, as quantities."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": str(os.cpu_count() or 1),
        "memory": f"{memory // 1024}Ki",
        "pods": "110",
        "ephemeral-storage": "100Gi",
    }


def node_object(name: str, version: str, taint: str = "") -> Manifest:
    """Return the Node with its status. `taint` is "key=value:Effect"."""
    now = rfc3339(time.time())
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": host_architecture(),
        RUNTIME_LABEL: "process",
    }
    condition = {"type": "Ready", "status": "True", "reason": "ProcessNodeReady", "lastHeartbeatTime": now}
    condition.update(lastTransitionTime=now, message="pods run as processes of this machine")
    good = [
        {"type": kind, "status": "False", "reason": "Fine", "lastHeartbeatTime": now, "lastTransitionTime": now}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    info = dict.fromkeys(("machineID", "systemUUID", "bootID", "kubeProxyVersion"), "")
    info.update(kernelVersion=platform.release(), osImage="host", operatingSystem="linux")
    info.update(architecture=host_architecture(), kubeletVersion=version, containerRuntimeVersion="slipway://0.1")
    status = {
        "capacity": capacity(),
        "allocatable": capacity(),
        "conditions": [condition, *good],
        # No Hostname: API servers prefer it for logs, and nothing resolves this one.
        "addresses": [{"type": "InternalIP", "address": HOST_IP}],
        "nodeInfo": info,
    }
    node: Manifest = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"slipway.dev/not-enforced": support.NOT_ENFORCED}},
        "spec": {},
        "status": status,
    }
    if taint:
        key, _, effect = taint.rpartition(":")
        node["spec"]["taints"] = [{"key": key.partition("=")[0], "value": key.partition("=")[2], "effect": effect}]
    return node


class Agent:
    """Watches the pods of one node until it is told to stop."""

    def __init__(self, node: Node, *, version: str, taint: str = "") -> None:
        self._node, self._version, self._taint, self._kubelet_port = node, version, taint, 0
        self._selection = Selection("v1", "Pod", None, fields=f"spec.nodeName={node.name}")
        self._workers: dict[str, PodWorker] = {}
        self._versions: dict[str, str] = {}
        self._leaving: set[str] = set()
        self._ended: set[str] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.ready = threading.Event()

    @property
    def pods_selection(self) -> Selection:
        """Which pods are this node's."""
        return self._selection

    def runs(self, namespace: str, pod: str, container: str) -> bool:
        """Return whether a container's process runs now."""
        with self._lock:
            workers = list(self._workers.values())
        return any(worker.runs(namespace, pod, container) for worker in workers)

    def listen(self, kubelet_port: int) -> None:
        """Announce where logs are served; before `run`."""
        self._kubelet_port = kubelet_port

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    def run(self) -> None:
        """Register, then serve pods until stopped; at the end no process is left."""
        shutil.rmtree(volumes.private_root(self._node.state_dir), ignore_errors=True)
        warning = sandbox.take_warning()
        if warning:
            LOG.warning(warning)
        threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True).start()
        while not self._stop.is_set():
            try:
                self._serve()
            except SlipwayError as error:
                LOG.warning("the API does not answer: %s", error)
                self._stop.wait(1.0)
        self._end_all()

    def _serve(self) -> None:
        with Informer(self._node.api.client, [self._selection]) as informer:
            self.ready.set()
            while not self._stop.is_set():
                self._look(informer.items(self._selection))
                informer.changed(0.5)

    def _look(self, pods: list[Manifest]) -> None:
        present = {str(pod["metadata"]["uid"]): pod for pod in pods}
        with self._lock:
            known = dict(self._workers)
        for uid, pod in present.items():
            if self._versions.get(uid) == pod["metadata"].get("resourceVersion"):
                continue
            self._versions[uid] = str(pod["metadata"].get("resourceVersion"))
            self._consider(pod, known.get(uid))
        for uid in (set(self._versions) | self._ended) - set(present):
            self._versions.pop(uid, None)
            self._leaving.discard(uid)
            self._ended.discard(uid)
            if uid in known:
                # Removed by force: end its processes at once.
                known[uid].post(Leave(0, delete=False))

    def _consider(self, pod: Manifest, worker: PodWorker | None) -> None:
        meta = pod["metadata"]
        if meta.get("deletionTimestamp"):
            if worker is None:
                self._node.api.soon(lambda: self._node.api.delete_now(pod))
            elif meta["uid"] not in self._leaving:
                self._leaving.add(meta["uid"])
                worker.post(Leave(float(meta.get("deletionGracePeriodSeconds") or 0), delete=True))
        elif worker is not None:
            worker.post(Changed(pod))
        elif deep_get(pod, "status", "phase") not in ("Succeeded", "Failed") and meta["uid"] not in self._ended:
            self._start(pod)

    def _start(self, pod: Manifest) -> None:
        worker = PodWorker(pod, self._node, self._done)
        with self._lock:
            self._workers[worker.uid] = worker
        worker.start()

    def _done(self, uid: str) -> None:
        # The API's copy of an ended pod may still say Running for a moment: it is not started again.
        self._ended.add(uid)
        with self._lock:
            self._workers.pop(uid, None)
        # A deletion that arrived while the pod was ending by itself is looked at again.
        self._versions.pop(uid, None)

    def _heartbeat(self) -> None:
        refreshed = 0.0
        while not self._stop.is_set():
            pause = HEARTBEAT
            try:
                if time.monotonic() - refreshed > 60 or not refreshed:
                    self._register()
                    refreshed = time.monotonic()
                self._node.api.renew()
            except SlipwayError as error:
                LOG.info("heartbeat: %s", error)
                pause = 0.2 if not refreshed else 1.0
            except RuntimeError:
                return  # the API threads are gone: we are ending
            self._prune()
            self._stop.wait(pause)

    def _register(self) -> None:
        node = node_object(self._node.name, self._version, self._taint)
        if self._kubelet_port:
            node["status"]["daemonEndpoints"] = {"kubeletEndpoint": {"Port": self._kubelet_port}}
        self._node.api.register(node)

    def _prune(self) -> None:
        """Keep the logs of the newest pods only."""
        root = self._node.state_dir / "pods"
        folders = sorted(root.iterdir(), key=_changed_at, reverse=True) if root.is_dir() else []
        with self._lock:
            busy = {worker.uid for worker in self._workers.values()}
        for folder in folders[KEPT_FOLDERS:]:
            marker = folder / ".uid"
            if not marker.is_file() or marker.read_text(encoding="ascii") not in busy:
                shutil.rmtree(folder, ignore_errors=True)

    def _end_all(self) -> None:
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.post(Leave(5.0, delete=False))
        deadline = time.monotonic() + 8.0
        for worker in workers:
            worker.join(max(deadline - time.monotonic(), 0.1))
        shutil.rmtree(volumes.private_root(self._node.state_dir), ignore_errors=True)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
