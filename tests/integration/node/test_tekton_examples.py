# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upstream's examples that need objects of a cluster (class B of the vectors), run as pods on a process node.

SLIPWAY_TEST_VECTORS names the folder of the vectors. Images are the tools of the machine; that of Alpine has its shell, ash.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._oci import build
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

from .conftest import ProcessNode

ROOT = Path(os.environ.get("SLIPWAY_TEST_VECTORS", "/nowhere"), "tekton/examples")
RUNS: dict[str, Any] = {"PipelineRun": api.run_pipeline, "TaskRun": api.run_task}
KNOWN = {
    "taskruns/beta/authenticating-git-commands.yaml": "its sidecar is an SSH server, which the machine does not have",
    "taskruns/no-ci/default-workspaces.yaml": "needs the config-defaults of an installation, which the test does not give",
}


def cases() -> list[Any]:
    if not (ROOT / "manifest.json").is_file():
        return [pytest.param("", marks=pytest.mark.skip(reason="SLIPWAY_TEST_VECTORS names no vectors"))]
    every = json.loads((ROOT / "manifest.json").read_text())["cases"]
    return [_case(one["file"]) for one in every if one["class"] == "B"]


def _case(file: str) -> Any:
    reason = next((text for name, text in KNOWN.items() if file.endswith(name)), "")
    return pytest.param(file, id=file, marks=[pytest.mark.xfail(reason=reason)] if reason else [])


@pytest.fixture(scope="module")
def images(
    make_node: Callable[..., ProcessNode], registry: str, tmp_path_factory: pytest.TempPathFactory
) -> ProcessNode:
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("there is no busybox, whose shell Alpine's images have")
    folder = tmp_path_factory.mktemp("alpine")
    shutil.copy(busybox, folder / "ash")
    with build.build(str(folder), "FROM scratch\nCOPY ash /usr/local/bin/ash\n") as image:
        build.push(image, f"{registry}/alpine:1")
    return make_node("--image-map", json.dumps({"*alpine*": f"{registry}/alpine:1", "*": "host"}))


def placed(document: Document, node: ProcessNode) -> Document:
    """Return a run whose pods go to the node."""
    template = {
        "nodeSelector": {"kubernetes.io/hostname": node.name},
        "tolerations": [{"key": "slipway.dev/test", "operator": "Exists"}],
    }
    obj: Manifest = document.data
    if obj.get("kind") == "TaskRun":
        own = {"podTemplate": {**(obj["spec"].get("podTemplate") or {}), **template}}
    elif obj.get("kind") == "PipelineRun":
        given = obj["spec"].get("taskRunTemplate") or {}
        own = {"taskRunTemplate": {**given, "podTemplate": {**(given.get("podTemplate") or {}), **template}}}
    else:
        return document
    return Document({**obj, "spec": {**obj["spec"], **own}}, document.file, document.line, document.text)


@pytest.mark.parametrize("file", cases())
def test_an_example_ends_well(images: ProcessNode, tmp_path: Path, file: str) -> None:
    documents = [placed(one, images) for one in yaml.load_path(str(ROOT / file))]
    bundle = api.parse(documents)
    options = api.Options(executor="pods", client=images.client, namespace=images.namespace, state_dir=str(tmp_path))
    runs = [document for (kind, _name), document in bundle.objects.items() if kind in RUNS]
    assert runs
    for run in runs:
        report = RUNS[run.data["kind"]](bundle, run, options, NULL, Cancel())
        assert report.succeeded, [(task["name"], task["message"]) for task in report.task_runs]
