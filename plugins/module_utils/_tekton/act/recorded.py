# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Writes the runs of the native engine into a cluster, so that tkn and the Tekton Dashboard show them.

A thread of its own writes: a slow API server does not slow a run. What cannot be written is a warning, never a failure.
`spec.managedBy` tells a real Tekton in the same cluster to leave these runs alone.
"""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._core.errors import Refused, SlipwayError
from ..._core.events import Sink, Subject
from ..._core.redact import current as redactor
from ..._core.types import Manifest, ObjectRef

if TYPE_CHECKING:
    from ..._kube.client import Client

_GROUP = "tekton.dev/v1"
_CONTROLLER = "app.kubernetes.io/part-of=tekton-pipelines,app.kubernetes.io/component=controller"
_PATIENCE = 30.0


def check(client: Client) -> None:
    """Refused when the cluster cannot show runs, or has a Tekton that would run them again."""
    if not client.knows(_GROUP, "PipelineRun") or not client.knows(_GROUP, "TaskRun"):
        hint = "install its CRDs (role slipway.gitops.tekton), or leave record out"
        raise Refused("record: the cluster does not know PipelineRun and TaskRun of tekton.dev/v1", hint=hint)
    crd = client.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "pipelineruns.tekton.dev")
    if "managedBy" not in json.dumps(crd) and client.list("apps/v1", "Deployment", labels=_CONTROLLER):
        hint = "upgrade it, or leave record out"
        raise Refused(
            "record: the Tekton of this cluster does not know spec.managedBy and would run the runs again", hint=hint
        )


@dataclass(slots=True)
class ClusterRecord:
    """The objects of one run in a cluster. `write` returns at once; `close` waits for the last."""

    client: Client
    events: Sink
    _waiting: queue.Queue[Manifest | None] = field(default_factory=queue.Queue)
    _uids: dict[tuple[str, str], str] = field(default_factory=dict)
    _warned: bool = False
    _thread: threading.Thread | None = None

    def write(self, obj: Manifest) -> None:
        """Take an object as it is now; only the newest of each waits to be written."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="record", daemon=True)
            self._thread.start()
        self._waiting.put(obj)

    def close(self) -> None:
        """Write what still waits."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        more = True
        while more:
            newest: dict[tuple[str, str], Manifest] = {}
            batch = [self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            for obj in batch:
                more = more and obj is not None
                if obj is not None:
                    newest[_key(obj)] = obj
            for obj in newest.values():
                self._write(obj)

    def _write(self, obj: Manifest) -> None:
        try:
            self._send(redactor.scrub_data(obj))
        except SlipwayError as error:
            if not self._warned:
                kind, meta = str(obj["kind"]), obj["metadata"]
                subject = Subject(kind, meta["namespace"], meta["name"])
                self.events.emit(
                    subject, "Warning", reason="NotRecorded", message=f"it is not shown in the cluster: {error}"
                )
            self._warned = True

    def _send(self, obj: Manifest) -> None:
        key, meta = _key(obj), obj["metadata"]
        if key not in self._uids:
            plain = {name: value for name, value in meta.items() if name not in ("uid", "generateName")}
            owners = [self._owner(entry) for entry in meta.get("ownerReferences") or []]
            made = {**obj, "metadata": {**plain, **({"ownerReferences": owners} if owners else {})}}
            made.pop("status")
            self._uids[key] = str(self.client.apply(made, field_validation="Ignore")["metadata"]["uid"])
        target = ObjectRef.of(obj)
        self.client.patch(target, {"status": obj["status"]}, subresource="status")

    def _owner(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return an owner reference with the uid that the cluster gave the owner."""
        return {**entry, "uid": self._uids.get((entry["kind"], entry["name"]), entry["uid"])}


def _key(obj: Manifest) -> tuple[str, str]:
    return (str(obj["kind"]), str(obj["metadata"]["name"]))
