# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upstream's example runs, executed as local processes: each must end as its manifest says.

What the executor refuses by name is skipped with its words. Claims of an example become directories.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from tests.conformance.registry import Case, Skip, scenario

RUNS = {"PipelineRun": api.run_pipeline, "TaskRun": api.run_task}


@scenario("tekton/examples")
def example(case: Case) -> None:
    documents = [*yaml.load_path(str(case.path / str(case.meta["file"]))), *_cluster(case)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            reports = run(documents, Path(folder))
        except Refused as error:
            raise Skip(f"refused: {error.message}") from None
        except SlipwayError as error:
            raise AssertionError(str(error)) from None
    for report in reports:
        steps = [(task["name"], task["status"], task.get("message")) for task in report.task_runs]
        assert report.succeeded is (case.meta["expected"] == "Succeeded"), f"{report.status}: {report.message} {steps}"


def _cluster(case: Case) -> list[Document]:
    """Return the cluster's own defaults with which the example was recorded upstream."""
    recorded = (case.path.parent / "golden" / str(case.meta["file"])).with_suffix(".json")
    defaults = json.loads(recorded.read_text()).get("configDefaults") if recorded.is_file() else None
    meta = {"name": "config-defaults", "namespace": "tekton-pipelines"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": defaults}
    return [Document(config, "<golden>")] if defaults else []


def run(documents: Sequence[Document], folder: Path, namespace: str = "default") -> list[api.Report]:
    """Run what an example holds; its claims become directories below `folder`."""
    runs = [document for document in documents if document.data.get("kind") in RUNS]
    others = [document for document in documents if document not in runs]
    claims = {one.data["metadata"]["name"]: folder for one in others if one.data.get("kind") == "PersistentVolumeClaim"}
    for name in claims:
        (folder / name).mkdir()
    places = {name: str(folder / name) for name in claims}
    options = api.Options(state_dir=str(folder / "state"), claims=places, namespace=namespace)
    return [_one([*others, document], options) for document in runs]


def _one(documents: Sequence[Document], options: api.Options) -> api.Report:
    bundle = api.parse(documents)
    run = next(one for (kind, _name), one in bundle.objects.items() if kind in RUNS)
    return RUNS[run.data["kind"]](bundle, run, options, NULL, Cancel())
