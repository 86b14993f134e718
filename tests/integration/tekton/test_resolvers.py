# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolvers in a play, against real servers: smart HTTP of Git, a registry, a hub, an API server.

The runs have the shapes of upstream's examples of resolvers (examples/v1 of tektoncd/pipeline), with addresses of loopback.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._oci.registry import Registry, sha256
from slipway.cluster import crds
from tests.integration.tekton.conftest import Forge
from tests.unit.tekton.resolving import Web, serve

CLONE = """
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: git-clone}
spec:
  params: [{name: url}, {name: revision, default: ""}, {name: deleteExisting, default: "true"}]
  workspaces: [{name: output}]
  results: [{name: cloned}]
  steps:
  - name: clone
    image: alpine
    script: |
      printf '%s' "$(params.url)" > $(workspaces.output.path)/url
      printf 'cloned %s' "$(params.url)" > $(results.cloned.path)
"""
ACTION = """
apiVersion: tekton.dev/v1beta1
kind: StepAction
metadata: {name: git-clone}
spec:
  params: [{name: url}, {name: revision, default: main}, {name: output-path}]
  image: alpine
  env: [{name: URL, value: $(params.url)}, {name: TO, value: $(params.output-path)}]
  script: |
    printf '%s' "$URL" > "$TO/url"
"""
GIT = """
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata:
  generateName: git-resolver-
spec:
  workspaces:
    - name: output
      volumeClaimTemplate:
        spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
  pipelineSpec:
    workspaces:
      - name: output
    tasks:
      - name: task1
        workspaces:
          - name: output
        taskRef:
          resolver: git
          params:
            - name: url
              value: {git}
            - name: pathInRepo
              value: /task/git-clone/0.7/git-clone.yaml
            - name: revision
              value: main
        params:
          - name: url
            value: https://github.com/tektoncd/catalog
          - name: deleteExisting
            value: "true"
"""
HTTP = """
kind: Secret
apiVersion: v1
metadata:
  name: my-secret
stringData:
  token: "the-token-of-http"
---
apiVersion: tekton.dev/v1
kind: PipelineRun
metadata:
  generateName: http-resolver-
spec:
  workspaces:
  - name: output
    emptyDir: {{}}
  pipelineSpec:
    workspaces:
    - name: output
    tasks:
      - name: http-resolver
        taskRef:
          resolver: http
          params:
            - name: url
              value: {web}/v1/resource/tekton/task/git-clone/0.10/raw
            - name: digest
              value: sha256:{digest}
            - name: http-username
              value: git
            - name: http-password-secret
              value: my-secret
            - name: http-password-secret-key
              value: token
        params:
          - name: url
            value: "https://github.com/kelseyhightower/nocode"
        workspaces:
          - name: output
            workspace: output
"""
HUB = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata:
  generateName: hub-resolver-
spec:
  workspaces:
    - name: output
      emptyDir: {}
  taskRef:
    resolver: hub
    params:
      - name: catalog
        value: Tekton
      - name: type
        value: tekton
      - name: kind
        value: task
      - name: name
        value: git-clone
      - name: version
        value: "0.6"
  params:
    - name: url
      value: https://github.com/kelseyhightower/nocode
"""
BUNDLES = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata:
  generateName: bundles-resolver-
spec:
  workspaces:
    - name: output
      emptyDir: {{}}
  podTemplate:
    securityContext:
      fsGroup: 65532
  taskRef:
    resolver: bundles
    params:
      - name: bundle
        value: {bundle}
      - name: name
        value: git-clone
      - name: kind
        value: task
  params:
    - name: url
      value: https://github.com/kelseyhightower/nocode
    - name: revision
      value: master
"""
STEP_ACTION = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata:
  generateName: step-action-run-
spec:
  params:
    - name: pathInRepo
      value: stepaction/git-clone/0.1/git-clone.yaml
    - name: revision
      value: main
    - name: repoUrl
      value: {git}
  TaskSpec:
    steps:
      - name: action-runner
        ref:
          resolver: git
          params:
            - name: url
              value: $(params.repoUrl)
            - name: revision
              value: $(params.revision)
            - name: pathInRepo
              value: $(params.pathInRepo)
        params:
          - name: url
            value: https://github.com/kelseyhightower/nocode
          - name: revision
            value: master
          - name: output-path
            value: /workspace
      - name: look
        image: alpine
        script: grep -q kelseyhightower /workspace/url
"""
CLUSTER = """
apiVersion: tekton.dev/v1
kind: TaskRun
metadata:
  name: remote-cluster-reference
spec:
  params:
    - name: url
      value: https://github.com/kelseyhightower/nocode
  workspaces:
    - name: output
      emptyDir: {{}}
  taskRef:
    resolver: cluster
    params:
      - name: kind
        value: task
      - name: name
        value: git-clone
      - name: namespace
        value: {namespace}
"""


class Play:
    """Runs one module against a file of objects and returns its result."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.output = folder, ""

    def run(self, module: str, text: str, *arguments: str, **resolvers: Any) -> dict[str, Any]:
        (self.folder / "run.yaml").write_text(text)
        options = {"src": ["run.yaml"], "state_dir": str(self.folder / "state"), "resolvers": resolvers}
        save = {"content": "{{ r | to_json }}", "dest": str(self.folder / "result.json")}
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [
                {f"slipway.gitops.{module}": options, "register": "r", "ignore_errors": True},
                {"ansible.builtin.copy": save, "check_mode": False},
            ],
        }
        (self.folder / "play.yml").write_text(json.dumps([play]))
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "HOME": str(self.folder)}
        command = [program, "-vv", *arguments, str(self.folder / "play.yml")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        self.output = done.stdout + done.stderr
        assert done.returncode == 0, self.output
        result: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return result


@pytest.fixture
def play(tmp_path: Path) -> Play:
    folder = tmp_path / "play"
    folder.mkdir()
    return Play(folder)


@pytest.fixture
def web() -> Iterator[Web]:
    found, server = serve()
    yield found
    server.shutdown()
    server.server_close()


def pushed(registry: str, kind: str, name: str, text: str) -> str:
    """Push a bundle of one object with our own client; return its reference by digest."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(text.encode())
        archive.addfile(member, io.BytesIO(text.encode()))
    layer, client = buffer.getvalue(), Registry(registry)
    prefix, oci = "dev.tekton.image", "application/vnd.oci.image"
    notes = {f"{prefix}.name": name, f"{prefix}.kind": kind, f"{prefix}.apiVersion": "v1"}
    parts = [(f"{oci}.config.v1+json", b"{}", {}), (f"{oci}.layer.v1.tar+gzip", layer, notes)]
    entries = []
    for media_type, data, noted in parts:
        client.upload("cat/bundle", sha256(data), data, len(data))
        entry = {"mediaType": media_type, "digest": sha256(data), "size": len(data)}
        entries.append({**entry, "annotations": noted} if noted else entry)
    manifest = {"schemaVersion": 2, "mediaType": f"{oci}.manifest.v1+json", "config": entries[0], "layers": entries[1:]}
    digest = client.put_manifest("cat/bundle", "1.0", json.dumps(manifest).encode())
    client.close()
    return f"{registry}/cat/bundle@{digest}"


def test_a_task_of_a_git_server(forge: Forge, play: Play) -> None:
    commit = forge.commit("task/git-clone/0.7/git-clone.yaml", CLONE)
    result = play.run("pipeline_run", GIT.format(git=forge.url))
    assert result["succeeded"], play.output
    assert result["resolved"][0]["refSource"] == {
        "uri": f"git+{forge.url}", "digest": {"sha1": commit}, "entryPoint": "/task/git-clone/0.7/git-clone.yaml",
    }  # fmt: skip


def test_a_pinned_task_of_a_git_server_is_cached_for_later_runs_without_the_network(forge: Forge, play: Play) -> None:
    commit = forge.commit("task/git-clone/0.7/git-clone.yaml", CLONE)
    text = GIT.format(git=forge.url).replace("value: main", f"value: {commit}")
    assert play.run("pipeline_run", text)["succeeded"]
    assert play.run("pipeline_run", text, network=False)["succeeded"], play.output


def test_a_task_behind_a_password_with_a_digest(web: Web, play: Play) -> None:
    web.pages["/v1/resource/tekton/task/git-clone/0.10/raw"] = CLONE
    text = HTTP.format(web=web.url, digest=hashlib.sha256(CLONE.encode()).hexdigest())
    assert play.run("pipeline_run", text)["succeeded"], play.output
    assert web.asked[0][1]["Authorization"] == "Basic " + base64.b64encode(b"git:the-token-of-http").decode()
    assert "the-token-of-http" not in play.output


def test_a_task_of_a_hub(web: Web, play: Play) -> None:
    base = "/v1/resource/Tekton/task/git-clone"
    web.pages = {
        base: json.dumps({"data": {"versions": [{"version": "0.6"}]}}),
        f"{base}/0.6/yaml": json.dumps({"data": {"yaml": CLONE}}),
    }
    assert play.run("task_run", HUB, hub={"tekton-hub-urls": [web.url]})["succeeded"], play.output


def test_a_task_of_a_bundle(registry: str, play: Play) -> None:
    reference = pushed(registry, "task", "git-clone", CLONE)
    result = play.run("task_run", BUNDLES.format(bundle=reference))
    assert result["results"] == {"cloned": "cloned https://github.com/kelseyhightower/nocode"}, play.output
    assert result["resolved"][0]["refSource"]["digest"] == {"sha256": reference.rpartition(":")[2]}


def test_a_step_action_of_a_git_server(forge: Forge, play: Play) -> None:
    forge.commit("stepaction/git-clone/0.1/git-clone.yaml", ACTION)
    assert play.run("task_run", STEP_ACTION.format(git=forge.url))["succeeded"], play.output


def test_a_task_of_a_cluster(client: Client, cluster: str, namespace: str, play: Play) -> None:
    crds.ensure(client)
    client.create({**yaml.load_all(CLONE)[0].data, "metadata": {"name": "git-clone", "namespace": namespace}})
    result = play.run("task_run", CLUSTER.format(namespace=namespace), cluster={"kubeconfig": cluster})
    assert result["succeeded"], play.output
    assert result["resolved"][0]["refSource"]["uri"].startswith(
        f"/apis/tekton.dev/v1/namespaces/{namespace}/task/git-clone@"
    )


def test_check_mode_resolves_and_runs_nothing(forge: Forge, play: Play) -> None:
    forge.commit("task/git-clone/0.7/git-clone.yaml", CLONE)
    result = play.run("pipeline_run", GIT.format(git=forge.url), "--check")
    assert [one["name"] for one in result["resolved"]] == ["git-clone"]
    assert not (play.folder / "state").exists()


def test_the_map_is_relative_to_the_playbook(play: Play) -> None:
    (play.folder / "task.yaml").write_text(CLONE)
    entry = {"resolver": "git", "params": {"url": "https://nowhere.example/catalog.git"}, "path": "task.yaml"}
    text = GIT.format(git="https://nowhere.example/catalog.git")
    assert play.run("pipeline_run", text, network=False, map=[entry])["succeeded"], play.output


def test_without_the_network_the_task_fails_with_option_and_reference(play: Play) -> None:
    result = play.run("pipeline_run", GIT.format(git="https://nowhere.example/catalog.git"), network=False)
    assert result["failure"]["reason"] == "NetworkNotAllowed"
    assert "resolvers.network: false" in result["msg"] and "https://nowhere.example/catalog.git" in result["msg"]
