# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pods executor on the embedded cluster against Tekton 1.15: two steps, and a chain of five.

The nodes differ: ours are sandboxed processes of the process node, the recorded peer's were containers of a real one.
So these rows measure the executor and the API, not the start of containers.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from slipway.cluster import api as cluster
from tests.bench.measure import Row, interleaved, seconds

PEER, SOURCE, NAME = "tekton", "recorded", "bench-pods"
ECHO = {"image": "host/tools:1", "script": "#!/bin/sh\necho hello"}


def rows(real: bool) -> list[Row]:
    """Return the rows. RuntimeError when the cluster cannot be had."""
    if os.environ.get(cluster.EXTERNAL):
        raise RuntimeError("the embedded cluster with a process node is needed, not a given one")
    with _client() as client:
        actions = {
            "two": lambda: seconds(lambda: _run(client, "TaskRun", {"taskSpec": {"steps": [ECHO, ECHO]}})),
            "chain": lambda: seconds(lambda: _run(client, "PipelineRun", {"pipelineSpec": {"tasks": _chain()}})),
        }
        for action in actions.values():
            action()
        found = interleaved(actions)
    return [
        Row("pods.two_step", found["two"], 4.8, PEER, source=SOURCE),
        Row("pods.chain5", found["chain"], 23.1, PEER, source=SOURCE),
    ]


@contextmanager
def _client() -> Iterator[Client]:
    os.environ.setdefault("SLIPWAY_BASE_MAP", '{"host/*": "host"}')
    state = cluster.up(NAME, fake_nodes=0, process_node=True)
    try:
        with Client(load_config({"kubeconfig": state.kubeconfig})) as client:
            yield client
    finally:
        cluster.down(NAME)


def _chain() -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = [{"name": f"t{number}", "taskSpec": {"steps": [ECHO]}} for number in range(5)]
    for before, task in itertools.pairwise(tasks):
        task["runAfter"] = [before["name"]]
    return tasks


def _run(client: Client, kind: str, spec: dict[str, Any]) -> None:
    obj = {"apiVersion": "tekton.dev/v1", "kind": kind, "metadata": {"name": "bench"}, "spec": spec}
    bundle = api.parse([Document(obj)])
    found = bundle.find(kind, "bench")
    assert found
    with tempfile.TemporaryDirectory() as folder:
        options = api.Options(executor="pods", client=client, state_dir=folder)
        call = api.run_task if kind == "TaskRun" else api.run_pipeline
        report = call(bundle, found, options, NULL, Cancel())
    if not report.succeeded:
        raise RuntimeError(report.message)
