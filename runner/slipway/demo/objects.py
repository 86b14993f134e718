# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo creates in the cluster, and how it is removed again. What is not labelled as its own is never touched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from slipway.cluster import crds
from slipway.core import Refused, TimedOut

APPLICATION = ObjectRef("argoproj.io/v1alpha1", "Application", "hello", "default")
LEASE = ObjectRef("coordination.k8s.io/v1", "Lease", "slipway-app-hello", "default")
LABEL = "slipway.dev/demo"
SECONDS_TO_GO = 60.0


def listing(kubeconfig: str | Path, namespace: str) -> list[str]:
    """Return what will be created in this cluster, for people. Refused when something of these names is not the demo's."""
    with _client(kubeconfig) as client:
        _guard(client, namespace)
        made = [f"CustomResourceDefinition {kind.name}" for kind in crds.unknown(client)]
    return [*made, f"Namespace {namespace} and everything in it", str(APPLICATION), str(LEASE)]


def create(kubeconfig: str | Path, namespace: str, application: Path) -> None:
    """Create the namespace, and the Application object, which keeps the state of its syncs."""
    with _client(kubeconfig) as client:
        _guard(client, namespace)
        labels = {LABEL: "true"}
        client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
        for document in yaml.load_path(str(application)):
            meta = document.data["metadata"]
            client.apply({**document.data, "metadata": {**meta, "labels": {**meta.get("labels", {}), **labels}}})


def remove(kubeconfig: str | Path, namespace: str) -> bool:
    """Delete the demo's objects and wait until they are gone; True when there was something. Refused as in `listing`."""
    with _client(kubeconfig) as client:
        _guard(client, namespace)
        known = client.knows(APPLICATION.api_version, APPLICATION.kind)
        found = client.delete(APPLICATION) if known else False
        client.delete(LEASE)
        found = client.delete(ObjectRef("v1", "Namespace", namespace)) or found
        deadline = time.monotonic() + SECONDS_TO_GO
        while client.get("v1", "Namespace", namespace):
            if time.monotonic() > deadline:
                raise TimedOut(
                    f"the namespace {namespace} is still being deleted", hint="what holds it? see its status"
                )
            time.sleep(0.1)
        return found


def _guard(client: Client, namespace: str) -> None:
    found = [client.get("v1", "Namespace", namespace)]
    if client.knows(APPLICATION.api_version, APPLICATION.kind):
        found.append(client.get(APPLICATION.api_version, APPLICATION.kind, APPLICATION.name, APPLICATION.namespace))
    for obj in filter(None, found):
        if not _ours(obj):
            meta = obj["metadata"]
            raise Refused(
                "is there already and was not made by the demo: it is left alone",
                obj=" ".join(filter(None, (obj["kind"], meta.get("namespace", ""), meta["name"]))),
                hint="give the demo another cluster, or rename or remove the object yourself",
            )


def _ours(obj: Manifest) -> bool:
    return (obj["metadata"].get("labels") or {}).get(LABEL) == "true"


@contextmanager
def _client(kubeconfig: str | Path) -> Iterator[Client]:
    with Client(load_config({"kubeconfig": str(kubeconfig)})) as client:
        yield client
