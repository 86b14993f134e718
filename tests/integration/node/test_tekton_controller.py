# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs handed to a Tekton in the cluster. A script plays the controller: it writes real objects of a real API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Refused
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api

from .conftest import ProcessNode

API = "tekton.dev/v1"
START, END = "2026-01-01T10:00:00Z", "2026-01-01T10:00:07Z"


def condition(status: str, reason: str, message: str) -> list[Manifest]:
    return [{"type": "Succeeded", "status": status, "reason": reason, "message": message}]


class Script(threading.Thread):
    """Plays Tekton for one PipelineRun: one TaskRun whose pod really runs, then the given end."""

    def __init__(self, node: ProcessNode, run: str, *, fails: bool = False, waits: bool = False) -> None:
        super().__init__(daemon=True)
        self.node, self.name, self.child = node, run, f"{run}-build"
        self.fails, self.waits = fails, waits
        self.problem: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._play()
        except BaseException as error:
            self.problem = error

    def _play(self) -> None:
        found = self._until(lambda: self._get("PipelineRun", self.name))
        self._status("PipelineRun", self.name, {"conditions": condition("Unknown", "Running", "Incomplete: 1")})
        labels = {"tekton.dev/pipelineRun": self.name, "tekton.dev/pipelineTask": "build"}
        self._create("TaskRun", API, self.child, labels, {"taskSpec": deep_get(found, "spec", default={})})
        self._pod({**labels, "tekton.dev/taskRun": self.child})
        if self.waits:
            self._until(lambda: deep_get(self._get("PipelineRun", self.name), "spec", "status") == "Cancelled")
            self._end(condition("False", "Cancelled", "PipelineRun was cancelled"))
            return
        self._until(lambda: deep_get(self.node.get(f"{self.child}-pod"), "status", "phase") in ("Succeeded", "Failed"))
        code = 4 if self.fails else 0
        ended = {"exitCode": code, "reason": "Error" if code else "Completed", "startedAt": START, "finishedAt": END}
        step = {"name": "say", "container": "step-say", "terminated": ended, "terminationReason": ended["reason"]}
        end = condition("False", "Failed", "it failed") if self.fails else condition("True", "Succeeded", "fine")
        times = {"startTime": START, "completionTime": END}
        found_results = [{"name": "digest", "type": "string", "value": "sha256:1"}]
        self._status("TaskRun", self.child, {**times, "conditions": end, "steps": [step], "results": found_results})
        self._end(end)

    def _end(self, conditions: list[Manifest]) -> None:
        skipped = [{"name": "deploy", "reason": "When Expressions evaluated to false"}]
        out = [{"name": "image", "value": "app@sha256:1"}, {"name": "list", "value": ["a", "b"]}]
        status = {"startTime": START, "completionTime": END, "results": out, "skippedTasks": skipped}
        self._status("PipelineRun", self.name, {**status, "conditions": conditions})

    def _pod(self, labels: dict[str, str]) -> None:
        say = {"name": "step-say", "command": ["sh", "-c", f"echo hello; exit {4 if self.fails else 0}"]}
        self.node.pod(f"{self.child}-pod", say, metadata={"labels": labels}, restartPolicy="Never")

    def _create(self, kind: str, version: str, name: str, labels: dict[str, str], spec: Manifest) -> None:
        meta = {"name": name, "namespace": self.node.namespace, "labels": labels}
        self.node.client.create({"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec})

    def _get(self, kind: str, name: str) -> Manifest:
        return self.node.client.get(API, kind, name, self.node.namespace) or {}

    def _status(self, kind: str, name: str, status: Manifest) -> None:
        target = ObjectRef(API, kind, name, self.node.namespace)
        self.node.client.patch(target, {"status": status}, subresource="status")

    def _until(self, good: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 30
        while not (found := good()):
            assert time.monotonic() < deadline, "the script waits in vain"
            time.sleep(0.02)
        return found


class Remote:
    """Submits runs to the namespace of the node."""

    def __init__(self, node: ProcessNode, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.recorder, self.cancel = Recorder(), Cancel()

    def pipeline(self, name: str, *, force: bool = False, **params: Any) -> api.Report:
        task = {"apiVersion": API, "kind": "Task", "metadata": {"name": "maker"}, "spec": {"steps": [{"image": "i"}]}}
        tasks = [{"name": "build", "taskRef": {"name": "maker"}}]
        pipeline = {"apiVersion": API, "kind": "Pipeline", "metadata": {"name": "chain"}, "spec": {"tasks": tasks}}
        run = {"apiVersion": API, "kind": "PipelineRun", "metadata": {"name": name}}
        run["spec"] = {"pipelineRef": {"name": "chain"}, "params": [{"name": "kept", "value": "k"}]}
        bundle = api.parse([Document(one, "test.yaml") for one in (task, pipeline, run)])
        found = bundle.find("PipelineRun", name)
        assert found
        options = api.Options(
            executor="controller", client=self.node.client, namespace=self.node.namespace, params=params,
            state_dir=str(self.folder), force=force,
        )  # fmt: skip
        return api.run_pipeline(bundle, found, options, self.recorder, self.cancel)

    def get(self, kind: str, name: str) -> Manifest:
        return self.node.client.get(API, kind, name, self.node.namespace) or {}


@pytest.fixture
def remote(node: ProcessNode, tmp_path: Path) -> Iterator[Remote]:
    if not node.client.knows(API, "PipelineRun"):
        pytest.skip("the cluster has no Tekton kinds")
    yield Remote(node, tmp_path)


def played(script: Script) -> None:
    script.join(30)
    assert script.problem is None


def test_a_run_is_submitted_with_what_it_needs_and_reported_like_a_native_one(remote: Remote) -> None:
    script = Script(remote.node, "good")
    report = remote.pipeline("good", extra="e")
    played(script)
    assert (report.succeeded, report.status, report.seconds) == (True, "Succeeded", 7.0)
    assert report.results == {"image": "app@sha256:1", "list": ["a", "b"]}
    assert report.skipped_tasks == [{"task": "deploy", "reason": "When Expressions evaluated to false"}]
    child = report.task_runs[0]
    assert (child["task"], child["name"], child["results"]) == ("build", "good-build", {"digest": "sha256:1"})
    assert [(step["name"], step["exit_code"], step["seconds"]) for step in child["steps"]] == [("say", 0, 7.0)]
    assert remote.get("Task", "maker") and remote.get("Pipeline", "chain")
    params = remote.get("PipelineRun", "good")["spec"]["params"]
    assert params == [{"name": "kept", "value": "k"}, {"name": "extra", "value": "e"}]


def test_logs_of_steps_arrive_and_are_kept(remote: Remote) -> None:
    script = Script(remote.node, "logs")
    report = remote.pipeline("logs")
    played(script)
    lines = [event for event in remote.recorder.events if event.phase == "Log"]
    assert [(line.message, dict(line.data)) for line in lines] == [("hello", {"task": "build", "step": "say"})]
    assert Path(report.log_dir, "logs-build", "logs", "say.log").read_text() == "hello\n"


def test_a_run_that_fails_in_the_cluster_is_a_failed_report(remote: Remote) -> None:
    script = Script(remote.node, "bad", fails=True)
    report = remote.pipeline("bad")
    played(script)
    assert (report.succeeded, report.status, report.message) == (False, "Failed", "it failed")
    assert report.task_runs[0]["steps"][0]["exit_code"] == 4


def test_a_cancelled_play_cancels_the_run_in_the_cluster(remote: Remote) -> None:
    script = Script(remote.node, "stops", waits=True)

    def stop() -> None:
        remote.node.until(lambda: any(e.phase == "Log" for e in remote.recorder.events), "no line came", 30)
        remote.cancel.set("stopped")

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        remote.pipeline("stops")
    thread.join()
    played(script)
    assert remote.get("PipelineRun", "stops")["spec"]["status"] == "Cancelled"


def test_a_run_of_somebody_else_is_not_followed_as_ours(remote: Remote) -> None:
    meta = {"name": "theirs", "namespace": remote.node.namespace}
    remote.node.client.create({"apiVersion": API, "kind": "PipelineRun", "metadata": meta, "spec": {"pipelineRef": {}}})
    with pytest.raises(Refused, match="is not of this run"):
        remote.pipeline("theirs")
