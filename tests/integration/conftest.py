# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster that integration tests share, and a namespace of its own for each test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config

GIVEN = "SLIPWAY_KUBECONFIG"
ALLOWED = "SLIPWAY_TEST_DESTRUCTIVE"


@pytest.fixture(scope="session")
def cluster() -> str:
    """Path of the kubeconfig. A cluster that somebody gives is only used when its owner says it may be changed."""
    given = os.environ.get(GIVEN, "")
    if given and os.environ.get(ALLOWED) != "1":
        pytest.skip(f"{GIVEN} is set, but {ALLOWED}=1 is not: the tests change the cluster")
    from slipway.cluster import api

    return api.up("external-test" if given else "test", fake_nodes=3).kubeconfig


@pytest.fixture
def client(cluster: str) -> Iterator[Client]:
    with Client(load_config({"kubeconfig": cluster})) as one:
        yield one


@pytest.fixture
def namespace(client: Client) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    client.delete(ObjectRef("v1", "Namespace", name))
