# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PersistentVolumeClaims on a process node: a storage class of its own, whose volumes are directories below the state.

The cluster's controller binds; this file only makes the volumes it asks for, and removes released ones.
Source of the protocol: Kubernetes 1.36 pkg/controller/volume/persistentvolume (external provisioning).
"""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.errors import Conflict
from ansible_collections.slipway.gitops.plugins.module_utils._kube.watch import Informer, Selection

from .environment import ConfigError

LOG = logging.getLogger("slipway.node")
PROVISIONER = "slipway.dev/node-directory"
CLASS = "process"
_ASKED = "volume.kubernetes.io/storage-provisioner"
_SELECTED = "volume.kubernetes.io/selected-node"
_MADE = "pv.kubernetes.io/provisioned-by"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_CLAIMS, _VOLUMES = Selection("v1", "PersistentVolumeClaim"), Selection("v1", "PersistentVolume")


def storage_class(*, default: bool) -> Manifest:
    """Return the class; `default` for claims that name none."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": {_DEFAULT: "true"} if default else {}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        # The scheduler chooses the node first: with two process nodes the wrong one would make the volume.
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def wanted(claim: Manifest, node: str) -> bool:
    """True when this claim waits for a volume on our node."""
    notes = deep_get(claim, "metadata", "annotations", default={})
    ours = notes.get(_ASKED) == PROVISIONER and notes.get(_SELECTED) == node
    return ours and not deep_get(claim, "spec", "volumeName") and not _leaving(claim)


def released(volume: Manifest) -> bool:
    """True when a volume of ours has lost its claim."""
    made = deep_get(volume, "metadata", "annotations", _MADE)
    return made == PROVISIONER and deep_get(volume, "status", "phase") == "Released" and not _leaving(volume)


def _leaving(obj: Manifest) -> bool:
    return bool(deep_get(obj, "metadata", "deletionTimestamp"))


def volume_for(claim: Manifest, node: str, root: Path) -> Manifest:
    """Return the volume of a claim, bound to this node."""
    meta, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{meta['uid']}"
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_MADE: PROVISIONER}},
        "spec": {
            "capacity": {"storage": deep_get(spec, "resources", "requests", "storage", default="1Gi")},
            "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec.get("storageClassName") or CLASS,
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                **{key: meta[key] for key in ("name", "namespace", "uid")},
            },
            "local": {"path": str(root / name)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}},
        },
    }  # fmt: skip


def directory(client: Client, namespace: str, claim: str) -> Path:
    """Return the directory behind a claim. ConfigError when it is not bound, or its volume is no directory."""
    found = client.get("v1", "PersistentVolumeClaim", claim, namespace)
    if found is None:
        raise ConfigError(f'persistentvolumeclaim "{claim}" not found')
    name = deep_get(found, "spec", "volumeName")
    volume = client.get("v1", "PersistentVolume", name) if name else None
    if volume is None:
        raise ConfigError(f'persistentvolumeclaim "{claim}" is not bound')
    path = deep_get(volume, "spec", "local", "path") or deep_get(volume, "spec", "hostPath", "path")
    if not path:
        raise ConfigError(f'the volume of claim "{claim}" is no directory: a process node mounts local and hostPath')
    if not Path(path).is_dir():
        raise ConfigError(f'the volume of claim "{claim}" is not there: {path}')
    return Path(path)


class Provisioner(threading.Thread):
    """Makes the volumes of claims, and removes released ones, until it is stopped."""

    def __init__(self, client: Client, node: str, root: Path) -> None:
        super().__init__(name="provisioner", daemon=True)
        self._client, self._node, self._root = client, node, root
        self._halt = threading.Event()

    def stop(self) -> None:
        """End; volumes stay."""
        self._halt.set()

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                self._serve()
            except SlipwayError as error:
                LOG.info("claims: %s", error)
                self._halt.wait(1.0)

    def _serve(self) -> None:
        self._offer()
        with Informer(self._client, [_CLAIMS, _VOLUMES]) as informer:
            while not self._halt.is_set():
                for claim in informer.items(_CLAIMS):
                    if wanted(claim, self._node):
                        self._make(claim)
                for volume in informer.items(_VOLUMES):
                    if released(volume):
                        self._remove(volume)
                informer.changed(0.5)

    def _offer(self) -> None:
        every = self._client.list("storage.k8s.io/v1", "StorageClass")
        others = [one for one in every if one["metadata"]["name"] != CLASS]
        taken = any(deep_get(one, "metadata", "annotations", _DEFAULT) == "true" for one in others)
        if len(others) == len(every):
            self._client.apply(storage_class(default=not taken))

    def _make(self, claim: Manifest) -> None:
        volume = volume_for(claim, self._node, self._root)
        path = Path(volume["spec"]["local"]["path"])
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        try:
            self._client.create(volume)
        except Conflict:
            return  # made before; the cluster has not bound it yet

    def _remove(self, volume: Manifest) -> None:
        path = Path(deep_get(volume, "spec", "local", "path", default=""))
        if path.is_relative_to(self._root) and path != self._root:
            shutil.rmtree(path, ignore_errors=True)
        self._client.delete(ObjectRef.of(volume), uid=volume["metadata"]["uid"])
