# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Native runs shown in a cluster: the objects that tkn and the Tekton Dashboard read, in a real API server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL, Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from slipway.cluster import crds

RUN = """
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata: {name: shown}
spec:
  params: [{name: word, value: ship}]
  pipelineSpec:
    params: [{name: word}]
    tasks:
    - name: say
      taskSpec:
        results: [{name: said}]
        steps: [{name: s, image: alpine, script: "printf $(params.word) > $(results.said.path)"}]
    - {name: bad, runAfter: [say], taskSpec: {steps: [{name: s, image: alpine, script: exit 3}]}}
"""


def run(client: Client, namespace: str, folder: Path, events: Any = NULL) -> api.Report:
    bundle = api.parse(yaml.load_all(RUN, "run.yaml"))
    document = bundle.find("PipelineRun", "shown")
    assert document is not None
    options = api.Options(state_dir=str(folder), namespace=namespace, client=client, record=True)
    return api.run_pipeline(bundle, document, options, events, Cancel())


def test_a_native_run_is_shown_with_its_children_and_their_ends(client: Client, namespace: str, tmp_path: Path) -> None:
    crds.ensure(client)
    report = run(client, namespace, tmp_path)
    shown = client.get("tekton.dev/v1", "PipelineRun", "shown", namespace)
    children = {one["metadata"]["name"]: one for one in client.list("tekton.dev/v1", "TaskRun", namespace)}
    assert shown is not None
    assert shown["spec"]["managedBy"] == "slipway.dev/native"
    assert shown["status"]["conditions"][0]["message"] == report.message
    assert {name: one["status"]["conditions"][0]["reason"] for name, one in children.items()} == {
        "shown-say": "Succeeded",
        "shown-bad": "StepFailed",
    }
    assert children["shown-say"]["status"]["results"] == [{"name": "said", "type": "string", "value": "ship"}]
    assert children["shown-say"]["metadata"]["ownerReferences"][0]["uid"] == shown["metadata"]["uid"]


def test_a_run_goes_on_when_it_cannot_be_shown(client: Client, tmp_path: Path) -> None:
    crds.ensure(client)
    events = Recorder()
    report = run(client, "no-such-namespace", tmp_path, events)
    warnings = [event.message for event in events.events if event.reason == "NotRecorded"]
    assert [one["task"] for one in report.task_runs] == ["say", "bad"]
    assert len(warnings) == 1
    assert "no-such-namespace" in warnings[0]


class Old:
    """A cluster whose Tekton is too old to leave runs of others alone."""

    def knows(self, _version: str, _kind: str) -> bool:
        return True

    def get(self, *_names: str) -> dict[str, Any]:
        return {"spec": {"versions": []}}

    def list(self, *_names: str, **_more: str) -> list[dict[str, Any]]:
        return [{"metadata": {"name": "tekton-pipelines-controller"}}]


def test_a_tekton_that_would_run_them_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"does not know spec\.managedBy"):
        run(Old(), "default", tmp_path)  # type: ignore[arg-type]
