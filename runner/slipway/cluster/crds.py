# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small CRDs of our own writing, for the kinds that the engines meet. Open schemas: upstream's text is not ours to ship.

A kind that the cluster knows already is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from slipway.core import TimedOut

_LABEL = {"slipway.dev/crd": "embedded"}
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Small:
    """One kind: versions, the storage version first; columns as (name, type, path)."""

    group: str
    kind: str
    plural: str
    versions: tuple[str, ...]
    short: tuple[str, ...] = ()
    namespaced: bool = True
    status: bool = True
    scale: bool = False
    columns: tuple[tuple[str, str, str], ...] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        return f"{self.plural}.{self.group}"


_PHASE = (("Status", "string", ".status.phase"), ("Age", "date", ".metadata.creationTimestamp"))
_RUN = (
    ("Succeeded", "string", '.status.conditions[?(@.type=="Succeeded")].status'),
    ("Reason", "string", '.status.conditions[?(@.type=="Succeeded")].reason'),
    ("StartTime", "date", ".status.startTime"),
    ("CompletionTime", "date", ".status.completionTime"),
)
_APPLICATION = (
    ("Sync Status", "string", ".status.sync.status"),
    ("Health Status", "string", ".status.health.status"),
    ("Revision", "string", ".status.sync.revision"),
)
_ROLLOUT = (
    ("Desired", "integer", ".spec.replicas"),
    ("Current", "integer", ".status.replicas"),
    ("Up-to-date", "integer", ".status.updatedReplicas"),
    ("Available", "integer", ".status.availableReplicas"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
_ARGO, _TEKTON, _TRIGGERS = "argoproj.io", "tekton.dev", "triggers.tekton.dev"
_ISTIO = ("v1", "v1beta1", "v1alpha3")
_NETWORK = "networking.istio.io"

KINDS: tuple[Small, ...] = (
    Small(_ARGO, "Application", "applications", ("v1alpha1",), ("app", "apps"), status=False, columns=_APPLICATION),
    Small(_ARGO, "ApplicationSet", "applicationsets", ("v1alpha1",), ("appset", "appsets")),
    Small(_ARGO, "AppProject", "appprojects", ("v1alpha1",), ("appproj", "appprojs"), status=False),
    Small(_ARGO, "Rollout", "rollouts", ("v1alpha1",), ("ro",), scale=True, columns=_ROLLOUT),
    Small(_ARGO, "AnalysisTemplate", "analysistemplates", ("v1alpha1",), ("at",), status=False),
    Small(_ARGO, "ClusterAnalysisTemplate", "clusteranalysistemplates", ("v1alpha1",), ("cat",), False, False),
    Small(_ARGO, "AnalysisRun", "analysisruns", ("v1alpha1",), ("ar",), status=False, columns=_PHASE),
    Small(_ARGO, "Experiment", "experiments", ("v1alpha1",), ("exp",), status=False, columns=_PHASE),
    Small(_NETWORK, "VirtualService", "virtualservices", _ISTIO, ("vs",)),
    Small(_NETWORK, "DestinationRule", "destinationrules", _ISTIO, ("dr",)),
    Small(_NETWORK, "Gateway", "gateways", _ISTIO, ("gw",)),
    Small(_TEKTON, "Task", "tasks", ("v1", "v1beta1")),
    Small(_TEKTON, "Pipeline", "pipelines", ("v1", "v1beta1")),
    Small(_TEKTON, "TaskRun", "taskruns", ("v1", "v1beta1"), ("tr", "trs"), columns=_RUN),
    Small(_TEKTON, "PipelineRun", "pipelineruns", ("v1", "v1beta1"), ("pr", "prs"), columns=_RUN),
    Small(_TEKTON, "StepAction", "stepactions", ("v1beta1", "v1alpha1"), status=False),
    Small(_TRIGGERS, "EventListener", "eventlisteners", ("v1beta1", "v1alpha1"), ("el",)),
    Small(_TRIGGERS, "Trigger", "triggers", ("v1beta1", "v1alpha1"), ("tri",)),
    Small(_TRIGGERS, "TriggerBinding", "triggerbindings", ("v1beta1", "v1alpha1"), ("tb",)),
    Small(_TRIGGERS, "ClusterTriggerBinding", "clustertriggerbindings", ("v1beta1", "v1alpha1"), ("ctb",), False),
    Small(_TRIGGERS, "TriggerTemplate", "triggertemplates", ("v1beta1", "v1alpha1"), ("tt",)),
)


def ensure(client: Client, kinds: tuple[Small, ...] = KINDS) -> list[str]:
    """Create the CRDs of kinds that the cluster does not know, wait until they are served; return their names."""
    missing = unknown(client, kinds)
    for kind in missing:
        client.create(manifest(kind))
    deadline = time.monotonic() + _SECONDS
    while not {kind.name for kind in missing} <= set(_established(client)):
        if time.monotonic() > deadline:
            raise TimedOut("the custom resource definitions were not established")
        time.sleep(0.05)
    client.kinds.forget()
    return [kind.name for kind in missing]


def unknown(client: Client, kinds: tuple[Small, ...] = KINDS) -> list[Small]:
    """Return the kinds whose CRD the cluster does not have."""
    present = {obj["metadata"]["name"] for obj in client.list(_CRD.api_version, _CRD.kind)}
    return [kind for kind in kinds if kind.name not in present]


def remove(client: Client, names: list[str]) -> list[str]:
    """Delete CRDs that `ensure` created; return those that stay because somebody has objects of them meanwhile."""
    kept = []
    for small in (kind for kind in KINDS if kind.name in names):
        api_version = f"{small.group}/{small.versions[0]}"
        if client.knows(api_version, small.kind) and client.list(api_version, small.kind):
            kept.append(small.name)
        else:
            client.delete(ObjectRef(_CRD.api_version, _CRD.kind, small.name))
    return kept


_CRD = ObjectRef("apiextensions.k8s.io/v1", "CustomResourceDefinition", "")


def _established(client: Client) -> Iterator[str]:
    for obj in client.list(_CRD.api_version, _CRD.kind):
        conditions = (obj.get("status") or {}).get("conditions") or []
        if any(entry["type"] == "Established" and entry["status"] == "True" for entry in conditions):
            yield obj["metadata"]["name"]


def manifest(kind: Small) -> dict[str, Any]:
    """Return the CRD of one kind."""
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower(), "listKind": f"{kind.kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.name, "labels": _LABEL},
        "spec": {
            "group": kind.group,
            "names": {**names, "shortNames": list(kind.short)},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [_version(kind, name) for name in kind.versions],
        },
    }


def _version(kind: Small, name: str) -> dict[str, Any]:
    subresources: dict[str, Any] = {"status": {}} if kind.status else {}
    if kind.scale:
        paths = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.HPAReplicas"}
        subresources["scale"] = {**paths, "labelSelectorPath": ".status.selector"}
    return {
        "name": name,
        "served": True,
        "storage": name == kind.versions[0],
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        "subresources": subresources,
        "additionalPrinterColumns": [
            {"name": title, "type": shape, "jsonPath": path} for title, shape, path in kind.columns
        ],
    }
