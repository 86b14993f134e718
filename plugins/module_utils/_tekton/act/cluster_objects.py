# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a run needs and makes in a cluster beside its pods: claims, and given Secrets, ConfigMaps and accounts.

All of it carries the label of the run, so that it is found and removed, also by a later life of the run.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import gojson, ids
from ..._core.clock import parse_rfc3339
from ..._core.errors import Permanent
from ..._core.redact import current as redactor
from ..._core.types import Manifest, ObjectRef
from ..._kube.client import Client
from ..._kube.errors import Conflict, Forbidden, NotFound
from ..decide import credentials
from ..decide.pod_build import DEADLINE, MANAGED_BY, OWNER, RUN, credential_keys, credentials_name
from ..model.parse import Bundle

_HASH = "slipway.dev/spec"
_GIVEN = ("Secret", "ConfigMap", "PersistentVolumeClaim", "ServiceAccount")
_LOOK = 0.05
_KEPT_SECONDS = 3600.0
_AUTH = re.compile(r'"auth":"([^"]+)"|://[^:@/\s"]*:([^@/\s"]+)@')


def identity(folder: str) -> str:
    """Return the identity of the run that lives in `folder`: made once, before anything is in the cluster."""
    path = os.path.join(folder, "cluster.json")
    try:
        with open(path, encoding="utf-8") as stream:
            return str(json.load(stream)["run"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError) as error:
        raise Permanent(f"the state of an earlier run cannot be read: {path}: {error}", hint="remove it") from error
    uid = ids.new_uid()
    with open(os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump({"format": 1, "run": uid}, stream)
    os.replace(f"{path}.new", path)
    return uid


def named(binding: Mapping[str, Any]) -> Iterator[ObjectRef]:
    """Yield the objects without which a pod with this binding never starts; optional ones are left out."""
    claim = (binding.get("persistentVolumeClaim") or {}).get("claimName")
    if claim:
        yield ObjectRef("v1", "PersistentVolumeClaim", str(claim))
    for source in [binding, *((binding.get("projected") or {}).get("sources") or [])]:
        for kind, key in (("Secret", "secret"), ("ConfigMap", "configMap")):
            entry = source.get(key) or {}
            name = entry.get("secretName") or entry.get("name")
            if name and not entry.get("optional"):
                yield ObjectRef("v1", kind, str(name))


def with_hash(pod: Manifest) -> Manifest:
    """Return the pod with a digest of its spec, by which a later life of the run knows it."""
    digest = hashlib.sha256(gojson.dumps(pod["spec"]).encode()).hexdigest()[:32]
    meta = pod["metadata"]
    return {**pod, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), _HASH: digest}}}


def same(found: Manifest, wanted: Manifest) -> bool:
    """True when `found` is the pod that this run has made earlier from the same spec, and nobody deletes it."""
    mine, theirs = wanted["metadata"], found["metadata"]
    return (
        (theirs.get("labels") or {}).get(RUN) == mine["labels"][RUN]
        and (theirs.get("annotations") or {}).get(_HASH) == mine["annotations"][_HASH]
        and not theirs.get("deletionTimestamp")
    )


def delete_pod(client: Client, target: ObjectRef, uid: str, grace: int, seconds: float) -> None:
    """Delete a pod and wait until it is gone; after `seconds` it is removed by force."""
    try:
        client.delete(target, uid=uid, grace=grace)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = client.get(target.api_version, target.kind, target.name, target.namespace)
            if found is None or found["metadata"]["uid"] != uid:
                return
            client.clock.sleep(_LOOK)
        client.delete(target, uid=uid, grace=0)
    except (Conflict, NotFound):
        return  # a successor of that name is not ours to delete


@dataclass(slots=True)
class ClusterObjects:
    """The objects of one run in one namespace. Safe from several threads."""

    client: Client
    namespace: str
    run: str
    bundle: Bundle
    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def there(self, wanted: ObjectRef) -> bool:
        """True when the object is in the cluster or among what was given."""
        if self.bundle.find(wanted.kind, wanted.name) is not None:
            return True
        try:
            return self.client.get(wanted.api_version, wanted.kind, wanted.name, self.namespace) is not None
        except Forbidden:
            return True  # who may not look lets the kubelet tell

    def claim(self, workspace: str, template: Mapping[str, Any]) -> str:
        """Make the claim of a workspace, once, and return its name.

        Source of the name: tektoncd/pipeline pkg/reconciler/volumeclaim/pvchandler.go, v1.15.
        """
        digest = hashlib.sha256(f"{workspace}{self.run}".encode()).hexdigest()[:10]
        base = str((template.get("metadata") or {}).get("name") or "pvc")
        name = f"{base}-{digest}"
        with self._lock:
            if name not in self._known:
                meta = template.get("metadata") or {}
                obj = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": template.get("spec") or {}}
                obj["metadata"] = {
                    **{key: meta[key] for key in ("labels", "annotations") if meta.get(key)},
                    "name": name,
                }
                self._create(obj, {RUN: self.run})
                self._known.add(name)
        return name

    def bring(self, pod: Manifest) -> None:
        """Create those of the given objects that the spec names and the cluster does not have."""
        texts = set(_texts(pod["spec"]))
        for kind in _GIVEN:
            for name in self.bundle.names(kind):
                if name in texts:
                    self._bring(kind, name)
        for name in secret_names(pod["spec"]):
            self._know(name)

    def _know(self, secret: str) -> None:
        """Read a Secret once: from then on its values are hidden in logs."""
        with self._lock:
            if f"know/{secret}" in self._known:
                return
            self._known.add(f"know/{secret}")
        with contextlib.suppress(Forbidden):
            self.client.get("v1", "Secret", secret, self.namespace)

    def _bring(self, kind: str, name: str) -> None:
        with self._lock:
            if f"{kind}/{name}" in self._known:
                return
            self._known.add(f"{kind}/{name}")
            document = self.bundle.find(kind, name)
            if document is not None and self.client.get("v1", kind, name, self.namespace) is None:
                for account in _texts(document.data) if kind == "ServiceAccount" else ():
                    self._secret_of_account(account)
                # A claim that a user gives outlives the run, as its data is meant to.
                self._create(document.data, {} if kind == "PersistentVolumeClaim" else {RUN: self.run})

    def _secret_of_account(self, name: str) -> None:
        document = self.bundle.find("Secret", name)
        if document is not None and self.client.get("v1", "Secret", name, self.namespace) is None:
            self._create(document.data, {RUN: self.run})

    def credentials(self, task_run: str, account: str) -> dict[str, str]:
        """Return the files that the annotated Secrets of a ServiceAccount give to steps, text by path.

        They are put into a Secret of this TaskRun, which goes with the run. None for an account that is not there.
        """
        found = self._object("ServiceAccount", account)
        named = [str(entry.get("name") or "") for entry in (found or {}).get("secrets") or []]
        secrets = [_credential(obj) for name in named if (obj := self._object("Secret", name)) is not None]
        files = credentials.files(secrets)
        if files:
            keys = credential_keys(files)
            data = {keys[path]: base64.b64encode(text.encode()).decode() for path, text in files.items()}
            meta = {"name": credentials_name(task_run)}
            self._create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data}, {RUN: self.run})
            for text in files.values():
                for match in _AUTH.finditer(text):
                    redactor.register(match[1] or match[2])
        return files

    def _object(self, kind: str, name: str) -> Mapping[str, Any] | None:
        document = self.bundle.find(kind, name)
        try:
            found = self.client.get("v1", kind, name, self.namespace)
        except Forbidden:
            found = None
        return found or (document.data if document else None)

    def _create(self, obj: Mapping[str, Any], own: Mapping[str, str]) -> None:
        meta = obj.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), **own, MANAGED_BY: OWNER}
        try:
            self.client.create({**obj, "metadata": {**meta, "namespace": self.namespace, "labels": labels}})
        except Conflict:
            return  # an earlier life of this run has made it

    def sweep(self, now: float) -> None:
        """Remove ended pods of runs that died and were never repeated, once their deadline is well past."""
        for pod in self.client.list("v1", "Pod", self.namespace, labels=f"{MANAGED_BY}={OWNER},{RUN}"):
            deadline = (pod["metadata"].get("annotations") or {}).get(DEADLINE)
            ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
            if ended and deadline and parse_rfc3339(str(deadline)) + _KEPT_SECONDS < now:
                self.client.delete(ObjectRef.of(pod), uid=pod["metadata"]["uid"])

    def remove(self, *, keep_claims: bool, pods: bool = True) -> list[str]:
        """Remove everything with the label of this run; return what was kept. `pods`: those are ours, not Tekton's."""
        kept = []
        for kind in (*(("Pod",) if pods else ()), *_GIVEN):
            for obj in self.client.list("v1", kind, self.namespace, labels=f"{RUN}={self.run}"):
                if kind == "PersistentVolumeClaim" and keep_claims:
                    kept.append(f"{kind} {obj['metadata']['name']}")
                else:
                    self.client.delete(ObjectRef.of(obj), uid=obj["metadata"]["uid"])
        return kept


def secret_names(spec: Any) -> Iterator[str]:
    """Yield the Secrets that a pod's spec names, in volumes and environment."""
    if isinstance(spec, Mapping):
        for key, value in spec.items():
            if key == "secretName" and isinstance(value, str):
                yield value
            elif key in ("secretKeyRef", "secretRef", "secret") and isinstance(value, Mapping) and value.get("name"):
                yield str(value["name"])
            yield from secret_names(value)
    elif isinstance(spec, list):
        for one in spec:
            yield from secret_names(one)


def _credential(secret: Mapping[str, Any]) -> credentials.Secret:
    meta, data = secret["metadata"], secret.get("data") or {}
    content = {key: base64.b64decode(value) for key, value in data.items()}
    content |= {key: str(value).encode() for key, value in (secret.get("stringData") or {}).items()}
    redactor.register_secret({**secret, "kind": "Secret"})
    annotations = {str(key): str(value) for key, value in (meta.get("annotations") or {}).items()}
    return credentials.Secret(str(meta["name"]), str(secret.get("type") or ""), annotations, content)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)
