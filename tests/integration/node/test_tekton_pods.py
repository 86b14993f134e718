# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TaskRuns and PipelineRuns as pods of a cluster without Tekton: a real API server, and a node that runs the steps."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Event, Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

from .conftest import HOST_IMAGE, ProcessNode

TOLERATION = {"key": "slipway.dev/test", "operator": "Exists"}
CLAIM = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}


class Tekton:
    """Runs on one node, in the node's namespace."""

    def __init__(self, node: ProcessNode, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.recorder, self.cancel, self.client = Recorder(), Cancel(), node.client

    def template(self) -> Manifest:
        return {"nodeSelector": {"kubernetes.io/hostname": self.node.name}, "tolerations": [TOLERATION]}

    def options(self) -> api.Options:
        folder = str(self.folder)
        return api.Options(executor="pods", client=self.client, namespace=self.node.namespace, state_dir=folder)

    def task(self, name: str, spec: Manifest, *more: Manifest, **run: Any) -> api.Report:
        body = {"taskSpec": spec, "podTemplate": self.template(), **run}
        made = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": name}, "spec": body}
        bundle = api.parse([Document(one, "test.yaml") for one in (made, *more)])
        found = bundle.find("TaskRun", name)
        assert found
        return api.run_task(bundle, found, self.options(), self.recorder, self.cancel)

    def pipeline(self, name: str, spec: Manifest, **run: Any) -> api.Report:
        body = {"pipelineSpec": spec, "taskRunTemplate": {"podTemplate": self.template()}, **run}
        made = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": name}, "spec": body}
        bundle = api.parse([Document(made, "test.yaml")])
        found = bundle.find("PipelineRun", name)
        assert found
        return api.run_pipeline(bundle, found, self.options(), self.recorder, self.cancel)

    def lines(self, step: str) -> list[str]:
        return [event.message for event in self.recorder.events if self._is_log(event, step)]

    @staticmethod
    def _is_log(event: Event, step: str) -> bool:
        return event.phase == "Log" and event.data.get("step") == step

    def left(self) -> list[str]:
        """Return what there is of runs in the namespace."""
        kinds = ("Pod", "PersistentVolumeClaim", "Secret", "ConfigMap")
        every = [one for kind in kinds for one in self.node.client.list("v1", kind, self.node.namespace)]
        ours = [one for one in every if "slipway.dev/run" in (one["metadata"].get("labels") or {})]
        return [
            f"{one['kind']} {one['metadata']['name']}" for one in ours if not one["metadata"].get("deletionTimestamp")
        ]


@pytest.fixture
def tekton(node: ProcessNode, tmp_path: Path) -> Tekton:
    return Tekton(node, tmp_path)


def script(text: str, **more: Any) -> Manifest:
    return {"image": HOST_IMAGE, "script": text, **more}


def test_two_steps_run_in_order_and_give_results(tekton: Tekton) -> None:
    spec = {
        "results": [{"name": "said"}, {"name": "list", "type": "array"}],
        "steps": [
            script("echo first; printf 'a \"b\"' > $(results.said.path)", name="one"),
            script("""echo second; printf '["x","y"]' > $(results.list.path)""", name="two"),
        ],
    }
    report = tekton.task("two-steps", spec)
    assert (report.status, report.results) == ("Succeeded", {"said": 'a "b"', "list": ["x", "y"]})
    assert (tekton.lines("one"), tekton.lines("two")) == (["first"], ["second"])
    assert tekton.left() == []


def test_tasks_share_a_claim_that_is_removed_with_the_run(tekton: Tekton) -> None:
    def task(name: str, text: str, **more: Any) -> Manifest:
        spec = {"workspaces": [{"name": "data"}], "steps": [script(text, name=name)]}
        return {"name": name, "taskSpec": spec, "workspaces": [{"name": "data"}], **more}

    spec = {
        "workspaces": [{"name": "data"}],
        "tasks": [
            task("write", "echo kept > $(workspaces.data.path)/file"),
            task("read", "cat $(workspaces.data.path)/file", runAfter=["write"]),
        ],
    }
    report = tekton.pipeline("claim", spec, workspaces=[{"name": "data", "volumeClaimTemplate": CLAIM}])
    assert (report.succeeded, tekton.lines("read")) == (True, ["kept"])
    assert tekton.left() == []


def test_given_secrets_and_config_maps_are_mounted_and_taken_back(tekton: Tekton) -> None:
    objects = (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"key": "value"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sec"}, "stringData": {"word": "canary-in-a-mine"}},
    )
    spec = {
        "workspaces": [{"name": "conf"}, {"name": "sec"}],
        "steps": [script("cat $(workspaces.conf.path)/key; echo; cat $(workspaces.sec.path)/word", name="s")],
    }
    bindings = [{"name": "conf", "configMap": {"name": "conf"}}, {"name": "sec", "secret": {"secretName": "sec"}}]
    tekton.task("given", spec, *objects, workspaces=bindings)
    assert tekton.lines("s") == ["value", "********"]
    assert tekton.left() == []


def test_a_failing_step_ends_the_task_run_with_its_code_and_skips_the_rest(tekton: Tekton) -> None:
    spec = {
        "steps": [
            script("exit 3", name="may", onError="continue"),
            script("exit 7", name="bad"),
            script("echo x", name="no"),
        ]
    }
    report = tekton.task("fails", spec)
    steps = [(step["exit_code"], step["termination_reason"]) for step in report.task_runs[0]["steps"]]
    assert (report.status, report.message) == ("StepFailed", '"step-bad" exited with code 7: Error')
    assert steps == [(3, "Continued"), (7, "Error"), (1, "Skipped")]


def test_steps_wait_for_a_sidecar_that_is_ready(tekton: Tekton) -> None:
    probe = {"exec": {"command": ["sh", "-c", "test -f /tekton/up"]}, "periodSeconds": 1}
    sidecar = script("sleep 0.5; touch /tekton/up; sleep 600", name="server", readinessProbe=probe)
    spec = {"sidecars": [sidecar], "steps": [script("test -f /tekton/up", name="s")]}
    assert tekton.task("sidecar", spec).status == "Succeeded"


def test_a_task_run_that_takes_too_long_is_ended(tekton: Tekton) -> None:
    report = tekton.task("slow", {"steps": [script("exec sleep 600", name="s")]}, timeout="1s")
    assert (report.status, report.message) == ("TaskRunTimeout", 'TaskRun "slow" failed to finish within "1s"')
    assert tekton.left() == []


def test_an_image_that_cannot_be_pulled_fails_the_task_run(tekton: Tekton) -> None:
    report = tekton.task("no-image", {"steps": [{"image": "127.0.0.1:1/none:1", "command": ["x"], "name": "s"}]})
    assert report.status == "TaskRunImagePullFailed"


def test_nothing_is_left_behind_after_a_cancel(tekton: Tekton) -> None:
    spec = {
        "workspaces": [{"name": "w"}],
        "tasks": [
            {
                "name": "long",
                "workspaces": [{"name": "w"}],
                "taskSpec": {"workspaces": [{"name": "w"}], "steps": [script("echo up; exec sleep 600", name="s")]},
            }
        ],
    }

    def stop() -> None:
        tekton.node.until(lambda: tekton.lines("s"), "the step did not start", 60)
        tekton.cancel.set("stopped")

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        tekton.pipeline("cancelled", spec, workspaces=[{"name": "w", "volumeClaimTemplate": CLAIM}])
    thread.join()
    tekton.node.until(lambda: tekton.left() == [], "something stays")


def test_annotated_secrets_of_the_account_are_files_in_the_home_of_a_step(tekton: Tekton) -> None:
    annotations = {"tekton.dev/docker-0": "https://registry.example"}
    data = {"username": "user", "password": "canary-of-registry"}
    objects: tuple[Manifest, ...] = (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}, "secrets": [{"name": "login"}]},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "login", "annotations": annotations},
            "type": "kubernetes.io/basic-auth",
            "stringData": data,
        },
    )
    step = script("cat $HOME/.docker/config.json", name="s", env=[{"name": "HOME", "value": "/tekton/home"}])
    report = tekton.task("creds", {"steps": [step]}, *objects, serviceAccountName="robot")
    assert (report.status, len(tekton.lines("s"))) == ("Succeeded", 1)
    assert tekton.lines("s")[0].startswith('{"auths":{')
    assert "canary-of-registry" not in str([event.as_dict() for event in tekton.recorder.events])
    assert tekton.left() == []


def test_a_pod_of_another_run_of_the_same_name_is_not_ended(tekton: Tekton) -> None:
    labels = {"app.kubernetes.io/managed-by": "slipway", "slipway.dev/run": "other"}
    tekton.node.pod("twin-pod", {"command": ["sleep", "600"]}, metadata={"labels": labels})
    with pytest.raises(Refused, match="of another run with this name is still active"):
        tekton.task("twin", {"steps": [script("echo", name="s")]})
    assert tekton.node.get("twin-pod")["metadata"].get("deletionTimestamp") is None
    tekton.node.delete("twin-pod")


def test_values_of_a_secret_of_the_cluster_are_hidden_in_logs(tekton: Tekton) -> None:
    meta = {"name": "theirs", "namespace": tekton.node.namespace}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"word": "canary-of-the-cluster"}}
    # Past our own client, which would learn the value by itself.
    tekton.node.client.session.json("POST", f"/api/v1/namespaces/{tekton.node.namespace}/secrets", body=made)
    env = [{"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "theirs", "key": "word"}}}]
    tekton.task("hidden", {"steps": [script("echo $WORD", name="s", env=env)]})
    assert tekton.lines("s") == ["********"]
    assert tekton.node.client.get("v1", "Secret", "theirs", tekton.node.namespace) is not None


def test_an_ended_pod_of_a_dead_run_is_removed_by_the_next_run(tekton: Tekton) -> None:
    labels = {"app.kubernetes.io/managed-by": "slipway", "slipway.dev/run": "dead"}
    past = {"slipway.dev/deadline": "2026-01-01T00:00:00Z"}
    meta = {"labels": labels, "annotations": past}
    tekton.node.pod("dead-pod", {"command": ["true"]}, metadata=meta, restartPolicy="Never")
    tekton.node.ended("dead-pod")
    tekton.task("sweeps", {"steps": [script("echo", name="s")]})
    tekton.node.until(lambda: tekton.node.get("dead-pod") == {}, "the pod stays")


def test_a_pod_of_somebody_else_is_not_touched(tekton: Tekton) -> None:
    tekton.node.pod("foreign-pod", {"command": ["sleep", "600"]})
    with pytest.raises(Refused, match="is not ours"):
        tekton.task("foreign", {"steps": [script("echo", name="s")]})
    assert tekton.node.get("foreign-pod")["metadata"].get("deletionTimestamp") is None
    tekton.node.delete("foreign-pod")


class Proxy:
    """A way to the API server that can be cut: open connections break, new ones are refused."""

    def __init__(self, server: str) -> None:
        url = urlsplit(server)
        self._target = (url.hostname or "", url.port or 443)
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def test_a_run_survives_an_api_server_that_is_away_for_a_while(tekton: Tekton) -> None:
    proxy = Proxy(tekton.node.client.config.server)
    config = replace(tekton.node.client.config, server=f"https://127.0.0.1:{proxy.port}")
    gate = tekton.folder / "gate"
    volume = {"name": "gate", "hostPath": {"path": str(tekton.folder)}}
    text = f"echo before; while [ ! -f {gate} ]; do sleep 0.1; done; echo after; printf kept > $(results.r.path)"
    step = script(text, name="s", volumeMounts=[{"name": "gate", "mountPath": str(tekton.folder)}])

    def outage() -> None:
        tekton.node.until(lambda: tekton.lines("s"), "the step did not start", 60)
        proxy.cut()
        tekton.node.until(
            lambda: any(e.reason == "Unreachable" for e in tekton.recorder.events), "nothing was told", 60
        )
        gate.write_text("")
        proxy.mend()

    thread = threading.Thread(target=outage)
    thread.start()
    tekton.client = Client(config, manager="slipway-test")
    report = tekton.task("outage", {"results": [{"name": "r"}], "volumes": [volume], "steps": [step]})
    thread.join()
    assert (report.status, report.results) == ("Succeeded", {"r": "kept"})
    assert tekton.lines("s") == ["before", "after"]


LIFE = """
import json, sys
from pathlib import Path
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Emitter
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
run, kubeconfig, namespace, folder = json.loads(sys.argv[1]), *sys.argv[2:]
bundle = api.parse([Document(run, "test.yaml")])
options = api.Options(executor="pods", client=Client(load_config({"kubeconfig": kubeconfig})), namespace=namespace,
                      state_dir=folder)
show = lambda event: print(event.phase, event.reason, event.message, flush=True)
report = api.run_task(bundle, bundle.find("TaskRun", "again"), options, Emitter([show]), Cancel())
print("RESULT", json.dumps(report.results), flush=True)
"""


def test_a_killed_run_takes_up_its_pod_again(tekton: Tekton) -> None:
    gate = tekton.folder / "gate"
    volume = {"name": "gate", "hostPath": {"path": str(tekton.folder)}}
    text = f"echo up; while [ ! -f {gate} ]; do sleep 0.1; done; printf once > $(results.r.path)"
    step = script(text, name="s", volumeMounts=[{"name": "gate", "mountPath": str(tekton.folder)}])
    spec = {"taskSpec": {"results": [{"name": "r"}], "volumes": [volume], "steps": [step]}}
    run = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": "again"}}
    body = json.dumps({**run, "spec": {**spec, "podTemplate": tekton.template()}})
    node = tekton.node
    command = [sys.executable, "-c", LIFE, body, node.kubeconfig, node.namespace, str(tekton.folder / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as first:
        assert first.stdout
        for line in first.stdout:
            if line.startswith(b"Log") and b"up" in line:
                break
        first.send_signal(signal.SIGKILL)
    uid = node.get("again-pod")["metadata"]["uid"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as second:
        assert second.stdout
        seen = [next(second.stdout) for _line in range(2)]
        assert node.get("again-pod")["metadata"]["uid"] == uid
        gate.write_text("")
        rest = second.stdout.read()
    assert any(b"Adopted" in line for line in seen)
    assert b'RESULT {"r": "once"}' in rest
    assert node.get("again-pod") == {}
