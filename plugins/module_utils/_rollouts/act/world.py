# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the engine sees of the cluster and the writes it makes. Every write's answer goes back into the cache."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid, Permanent
from ..._core.redact import current as redactor
from ..._core.types import Manifest, ObjectRef, deep_get
from ..._kube.client import Client
from ..._kube.errors import Conflict
from ..._kube.watch import Informer, Selection
from ..model.replicaset import DESIRED, HASH_LABEL, REVISION
from ..model.rollout import API_VERSION, KIND, Rollout
from ..traffic import istio

MANAGER = "rollouts-controller"
_VS = "networking.istio.io/v1"


class World:
    """The objects of one Rollout. `rollout` is the document when the cluster does not know the kind."""

    def __init__(self, client: Client, name: str, namespace: str, document: Manifest | None) -> None:
        self.client, self._name, self._namespace = client, name, namespace
        self.in_cluster = client.knows(API_VERSION, KIND)
        self._document = document
        self._replica_sets = Selection("apps/v1", "ReplicaSet", namespace)
        self._services = Selection("v1", "Service", namespace)
        self._rollouts = Selection(API_VERSION, KIND, namespace)
        self._routers = Selection(_VS, "VirtualService")
        wanted = [self._replica_sets, self._services]
        wanted += [self._rollouts] if self.in_cluster else []
        wanted += [self._routers] if client.knows(_VS, "VirtualService") else []
        self._has_routers = self._routers in wanted
        self._rules = Selection(_VS, "DestinationRule", namespace)
        self._has_rules = client.knows(_VS, "DestinationRule")
        wanted += [self._rules] if self._has_rules else []
        self.informer = Informer(client, wanted)

    def rollout(self) -> Manifest:
        """Return the Rollout as it is now. Invalid when it is gone."""
        found = self.informer.get(self._rollouts, self._name, self._namespace) if self.in_cluster else self._document
        if found is None:
            raise Invalid(
                "name", f"there is no Rollout {self._namespace}/{self._name}", hint="apply it first, or give it in src"
            )
        return found

    def replica_sets(self, ro: Rollout) -> list[Manifest]:
        """Return the Rollout's ReplicaSets, oldest first."""
        mine = [obj for obj in self.informer.items(self._replica_sets) if self._owned(obj, ro)]
        return sorted(mine, key=lambda obj: (obj["metadata"]["creationTimestamp"], int(revision(obj))))

    def service(self, name: str) -> Manifest | None:
        return self.informer.get(self._services, name, self._namespace)

    def router(self, wanted: Mapping[str, Any]) -> Manifest:
        """Return a VirtualService. Invalid when it is not there."""
        name, namespace = istio.split_name(str(wanted["name"]), self._namespace)
        found = self.informer.get(self._routers, name, namespace) if self._has_routers else None
        if found is None:
            raise Invalid(
                "trafficRouting.istio.virtualService",
                f"there is no VirtualService {namespace}/{name}",
                hint="apply it first",
            )
        return found

    def destination_rule(self, name: str) -> Manifest:
        """Return a DestinationRule. Invalid when it is not there."""
        found = self.informer.get(self._rules, name, self._namespace) if self._has_rules else None
        if found is None:
            raise Invalid(
                "trafficRouting.istio.destinationRule",
                f"there is no DestinationRule {self._namespace}/{name}",
                hint="apply it first",
            )
        return found

    def create_replica_set(self, ro: Rollout, pod_hash: str, number: int) -> Manifest:
        """Create the ReplicaSet of a template, without pods."""
        labels = {**(deep_get(ro.template, "metadata", "labels", default={})), HASH_LABEL: pod_hash}
        template = {**ro.template, "metadata": {**(ro.template.get("metadata") or {}), "labels": labels}}
        owner = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "name": ro.name,
            "uid": ro.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
        metadata: dict[str, Any] = {
            "name": f"{ro.name}-{pod_hash}", "namespace": ro.namespace, "labels": labels,
            "annotations": {REVISION: str(number), DESIRED: str(ro.replicas)},
        }  # fmt: skip
        if self.in_cluster:
            metadata["ownerReferences"] = [owner]
        spec = {"replicas": 0, "selector": {"matchLabels": {**ro.selector, HASH_LABEL: pod_hash}}, "template": template}
        made = self.client.create({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec})
        self.informer.observe(_typed(made, "apps/v1", "ReplicaSet"))
        return made

    def scale(self, obj: Manifest, replicas: int | None, annotations: Mapping[str, str | None]) -> None:
        """Set the size of a ReplicaSet, and annotations (None removes one)."""
        body: dict[str, Any] = {"metadata": {"annotations": dict(annotations)}} if annotations else {}
        if replicas is not None:
            body["spec"] = {"replicas": replicas}
        made = self.client.patch(ObjectRef("apps/v1", "ReplicaSet", obj["metadata"]["name"], self._namespace), body)
        self.informer.observe(_typed(made, "apps/v1", "ReplicaSet"))

    def delete_replica_set(self, obj: Manifest) -> None:
        """Delete an old ReplicaSet that has no pods."""
        self.client.delete(
            ObjectRef("apps/v1", "ReplicaSet", obj["metadata"]["name"], self._namespace), uid=obj["metadata"]["uid"]
        )
        self.informer.forget(obj)

    def select(self, service: Manifest, pod_hash: str, rollout: str) -> None:
        """Let a Service choose the pods of one hash."""
        body = {
            "metadata": {"annotations": {istio.MANAGED_BY: rollout}},
            "spec": {"selector": {HASH_LABEL: pod_hash}},
        }
        made = self.client.patch(ObjectRef("v1", "Service", service["metadata"]["name"], self._namespace), body)
        self.informer.observe(_typed(made, "v1", "Service"))

    def write_router(self, service: Manifest, kind: str = "VirtualService") -> None:
        """Write the routes of a VirtualService, or the subsets of a DestinationRule."""
        meta = service["metadata"]
        kept = {"resourceVersion": meta["resourceVersion"]}
        if meta.get("annotations"):
            kept["annotations"] = meta["annotations"]
        made = self.client.patch(
            ObjectRef(_VS, kind, meta["name"], meta.get("namespace")), {"metadata": kept, "spec": service["spec"]}
        )
        self.informer.observe(_typed(made, _VS, kind))

    def load_status(self) -> dict[str, Any]:
        """Return the engine's state: the Rollout's status, or what the Secret beside it holds."""
        if self.in_cluster:
            return dict(self.rollout().get("status") or {})
        secret = self.client.get("v1", "Secret", self._secret(), self._namespace)
        if not secret:
            return {}
        found: dict[str, Any] = json.loads(base64.b64decode(secret["data"]["status"]))
        return found

    def save_status(self, status: Mapping[str, Any]) -> None:
        """Write the whole status; keys that are gone are removed."""
        if not self.in_cluster:
            data = {"status": base64.b64encode(json.dumps(dict(status)).encode()).decode()}
            meta = {"name": self._secret(), "namespace": self._namespace}
            self.client.apply({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})
            return
        before = self.rollout().get("status") or {}
        body = {"status": {**dict.fromkeys(set(before) - set(status)), **status}}
        made = self.client.patch(ObjectRef(API_VERSION, KIND, self._name, self._namespace), body, subresource="status")
        self.informer.observe(_typed(made, API_VERSION, KIND))

    def template(self, name: str, cluster_scope: bool) -> Manifest | None:
        """Return an AnalysisTemplate of the cluster."""
        kind = "ClusterAnalysisTemplate" if cluster_scope else "AnalysisTemplate"
        if not self.client.knows(API_VERSION, kind):
            return None
        return self.client.get(API_VERSION, kind, name, None if cluster_scope else self._namespace)

    def secret(self, name: str, key: str) -> str:
        """Return one value of a Secret; it is registered for redaction. Permanent when it is not there."""
        found = self.client.get("v1", "Secret", name, self._namespace)
        if found is None:
            raise Permanent(f'secrets "{name}" not found')
        if key not in (found.get("data") or {}):
            raise Permanent(f"key '{key}' does not exist in secret '{name}'")
        value = base64.b64decode(found["data"][key]).decode()
        redactor.register(value)
        return value

    def create_analysis_run(self, obj: Manifest) -> str:
        """Create the AnalysisRun object where the cluster knows the kind; return its name (a number is added on a clash)."""
        if not self.client.knows(API_VERSION, "AnalysisRun"):
            return str(obj["metadata"]["name"])
        base = obj["metadata"]["name"]
        for number in range(100):
            obj["metadata"]["name"] = base if number == 0 else f"{base}.{number}"
            try:
                self.client.create(obj)
            except Conflict:
                continue
            break
        return str(obj["metadata"]["name"])

    def save_analysis_run(self, name: str, status: Mapping[str, Any]) -> None:
        """Write the status of an AnalysisRun."""
        if self.client.knows(API_VERSION, "AnalysisRun"):
            self.client.patch(ObjectRef(API_VERSION, "AnalysisRun", name, self._namespace), {"status": status})

    def _owned(self, obj: Manifest, ro: Rollout) -> bool:
        owners = obj["metadata"].get("ownerReferences") or []
        if self.in_cluster:
            return any(owner.get("uid") == ro.uid for owner in owners)
        labels = obj["metadata"].get("labels") or {}
        return HASH_LABEL in labels and all(labels.get(key) == value for key, value in ro.selector.items())

    def _secret(self) -> str:
        return f"slipway-rollout-{self._name}"


def revision(obj: Manifest) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(REVISION, "0"))


def _typed(obj: Manifest, api_version: str, kind: str) -> Manifest:
    return {**obj, "apiVersion": api_version, "kind": kind}
