# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo creates in the cluster, and how it is removed again. Nothing else is ever touched."""

from __future__ import annotations

import time
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config

APPLICATION = ObjectRef("argoproj.io/v1alpha1", "Application", "hello", "default")
LEASES = 60.0


def listing(namespace: str) -> list[str]:
    """Return what will be created, for people."""
    return [f"Namespace {namespace} and everything in it", str(APPLICATION)]


def create(kubeconfig: str | Path, application: Path) -> None:
    """Create the Application object, which keeps the state of its syncs."""
    with Client(load_config({"kubeconfig": str(kubeconfig)})) as client:
        for document in yaml.load_path(str(application)):
            client.apply(document.data)


def remove(kubeconfig: str | Path, namespace: str) -> bool:
    """Delete the demo's objects and wait until they are gone; True when there was something."""
    client = Client(load_config({"kubeconfig": str(kubeconfig)}))
    try:
        known = client.knows(APPLICATION.api_version, APPLICATION.kind)
        found = client.delete(APPLICATION) if known else False
        found = client.delete(ObjectRef("v1", "Namespace", namespace)) or found
        deadline = time.monotonic() + LEASES
        while client.get("v1", "Namespace", namespace) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found
    finally:
        client.close()
