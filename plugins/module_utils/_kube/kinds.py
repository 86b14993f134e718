# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where objects of a kind live: a static table for what we know, discovery for the rest.

Knows paths; must not know what the objects hold.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from .._core.types import split_api_version
from .errors import NotFound, UnknownKind
from .session import Session


@dataclass(frozen=True, slots=True)
class Kind:
    """One served kind."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, an object or a subresource."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return (
            root + scope + f"/{self.plural}" + (f"/{name}" if name else "") + (f"/{subresource}" if subresource else "")
        )


def _builtin() -> dict[tuple[str, str], Kind]:
    """Kinds that every cluster serves. CRDs are never assumed: they may be absent."""
    table: dict[tuple[str, str], Kind] = {}
    for api_version, names in _BUILTIN.items():
        group, version = split_api_version(api_version)
        for entry in names.split():
            namespaced = not entry.startswith("-")
            kind, _, plural = entry.lstrip("-").partition("=")
            table[(api_version, kind)] = Kind(group, version, kind, plural or f"{kind.lower()}s", namespaced)
    return table


_BUILTIN = {
    "v1": (
        "-Namespace -Node -PersistentVolume ConfigMap Endpoints=endpoints Event LimitRange PersistentVolumeClaim Pod "
        "PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount"
    ),
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "batch/v1": "CronJob Job",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "policy/v1": "PodDisruptionBudget",
    "networking.k8s.io/v1": "-IngressClass=ingressclasses Ingress=ingresses NetworkPolicy=networkpolicies",
    "rbac.authorization.k8s.io/v1": "-ClusterRole -ClusterRoleBinding Role RoleBinding",
    "storage.k8s.io/v1": "-CSIDriver -CSINode -StorageClass=storageclasses",
    "apiextensions.k8s.io/v1": "-CustomResourceDefinition",
    "admissionregistration.k8s.io/v1": "-MutatingWebhookConfiguration -ValidatingWebhookConfiguration",
    "apiregistration.k8s.io/v1": "-APIService",
    "scheduling.k8s.io/v1": "-PriorityClass=priorityclasses",
    "coordination.k8s.io/v1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
}


class KindTable:
    """Finds kinds: the static table first, then one discovery request per group and version."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._static = _builtin()
        self._found: dict[str, dict[str, Kind]] = {}
        self._lock = threading.Lock()

    def find(self, api_version: str, kind: str) -> Kind:
        """Return the kind; UnknownKind when the cluster does not serve it."""
        known = self._static.get((api_version, kind))
        if known:
            return known
        served = self._group(api_version)
        if kind in served:
            return served[kind]
        raise UnknownKind(
            f"the cluster does not serve kind {kind} of {api_version or 'no apiVersion'}",
            hint="install its CustomResourceDefinition first, or check apiVersion and kind",
        )

    def forget(self) -> None:
        """Ask the cluster again next time: a CRD was installed or removed."""
        with self._lock:
            self._found.clear()

    def _group(self, api_version: str) -> dict[str, Kind]:
        with self._lock:
            if api_version not in self._found:
                self._found[api_version] = self._discover(api_version)
            return self._found[api_version]

    def _discover(self, api_version: str) -> dict[str, Kind]:
        group, version = split_api_version(api_version)
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            answer: Any = self._session.json("GET", path)
        except NotFound:
            return {}
        return {
            entry["kind"]: Kind(group, version, entry["kind"], entry["name"], bool(entry["namespaced"]))
            for entry in answer.get("resources", [])
            if "/" not in entry["name"]
        }
