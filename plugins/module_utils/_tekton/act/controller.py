# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The controller executor: a real Tekton in the cluster executes the run; here it is submitted, followed and cancelled.

Knows the objects of a run and their logs; what Tekton makes of them is Tekton's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, Permanent, Refused, SlipwayError
from ..._core.events import Sink, Subject
from ..._core.types import Manifest, ObjectRef
from ..._kube.client import Client
from ..._kube.errors import Conflict
from ..._kube.watch import Informer, Selection
from ..decide import remote
from ..decide.pod_build import MANAGED_BY, OWNER, RUN
from ..decide.remote import Ended
from .cluster_objects import ClusterObjects
from .executor import StepEnd, TaskEnd
from .lines import Lines
from .outage import Outage
from .pod_logs import Follower

API = "tekton.dev/v1"
_LOOK = 0.5
_CANCEL_SECONDS = 60.0
_LOG_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended in the cluster. `ends` holds (task, TaskRun's name, its end) in the order of their start."""

    condition: Ended
    results: dict[str, Any]
    seconds: float
    ends: list[tuple[str, str, TaskEnd]]
    skipped: list[dict[str, str]]


@dataclass(slots=True)
class Submitted:
    """One run of a real Tekton. `kind` is PipelineRun or TaskRun, `folder` takes the logs."""

    client: Client
    objects: ClusterObjects
    kind: str
    name: str
    folder: str
    events: Sink
    cancel: Cancel
    _said: dict[str, tuple[str, str]] = field(default_factory=dict)
    _logs: dict[tuple[str, str], Follower] = field(default_factory=dict)
    _pods: dict[str, Manifest] = field(default_factory=dict)

    @property
    def _target(self) -> ObjectRef:
        return ObjectRef(API, self.kind, self.name, self.objects.namespace)

    def run(self, run: Mapping[str, Any], params: Mapping[str, Any], *, force: bool) -> Finished:
        """Submit what the run needs and the run, follow it to its end. Raises Cancelled after Tekton has ended it."""
        if not self.client.knows(API, self.kind):
            raise Refused(
                f"this cluster has no Tekton: it serves no {self.kind} of {API}", obj=str(self._target),
                hint="install it with the role slipway.gitops.tekton, or use the executor pods",
            )  # fmt: skip
        self._submit(remote.with_params(run, params), force=force)
        outage = Outage(self.cancel, lambda text: self._emit("Warning", "Unreachable", text), str(self._target))
        try:
            return outage.survive(lambda: self._follow(outage))
        except Cancelled as error:
            if isinstance(error.__cause__, SlipwayError):
                error.hint = "the cluster does not answer: the run may go on there"
            raise

    # -- before ----------------------------------------------------------------------------------

    def _submit(self, run: Mapping[str, Any], *, force: bool) -> None:
        found = self.client.get(API, self.kind, self.name, self.objects.namespace)
        if found and (found["metadata"].get("labels") or {}).get(RUN) == self.objects.run and not force:
            self._emit("Warning", "Adopted", f"{self.kind} of an earlier attempt is followed again")
            return
        if found and not force:
            raise Refused(
                "exists in the cluster already and is not of this run", obj=str(self._target),
                hint="give the run another name, use generateName, or force",
            )  # fmt: skip
        if found:
            self._replace(found)
        self._apply_needed(run)
        meta = run.get("metadata") or {}
        labels = {**(meta.get("labels") or {}), RUN: self.objects.run, MANAGED_BY: OWNER}
        own = {key: meta[key] for key in ("annotations",) if meta.get(key)}
        named = {**own, "name": self.name, "namespace": self.objects.namespace, "labels": labels}
        try:
            self.client.create({"apiVersion": API, "kind": self.kind, "metadata": named, "spec": run["spec"]})
        except Conflict as error:
            raise Refused("was created by somebody else meanwhile", obj=str(self._target)) from error

    def _replace(self, found: Manifest) -> None:
        """Tekton's children are owned by the run: they go first, so that none of the old is followed."""
        self.client.delete(self._target, propagation="Foreground", uid=found["metadata"]["uid"])
        while self.client.get(API, self.kind, self.name, self.objects.namespace) is not None:
            if self.cancel.wait(_LOOK):
                raise Cancelled(self.cancel.reason or "cancelled", obj=str(self._target))

    def _apply_needed(self, run: Mapping[str, Any]) -> None:
        def find(kind: str, name: str) -> Mapping[str, Any] | None:
            document = self.objects.bundle.find(kind, name)
            return None if document is None else document.data

        needed = remote.needed(run, find)
        for obj in needed:
            meta = {key: value for key, value in obj["metadata"].items() if key in ("name", "labels", "annotations")}
            body = {**obj, "metadata": {**meta, "namespace": self.objects.namespace}}
            self.client.apply({key: value for key, value in body.items() if key != "status"})
            self._emit("Changed", "Applied", f"{obj['kind']} {meta['name']}")
        self.objects.bring({"spec": {"run": run.get("spec"), "needed": [obj.get("spec") for obj in needed]}})

    # -- while it runs -----------------------------------------------------------------------------

    def _follow(self, outage: Outage) -> Finished:
        space, label = self.objects.namespace, remote.PIPELINE_RUN if self.kind == "PipelineRun" else remote.TASK_RUN
        run = Selection(API, self.kind, space, fields=f"metadata.name={self.name}")
        pods = Selection("v1", "Pod", space, labels=f"{label}={self.name}")
        children = Selection(API, "TaskRun", space, labels=f"{label}={self.name}")
        selections = [run, pods, *([children] if self.kind == "PipelineRun" else [])]
        with Informer(self.client, selections) as informer:
            while True:
                found = next(iter(informer.items(run)), None)
                outage.answered()
                if found is None:
                    raise Permanent("was deleted while it ran", obj=str(self._target))
                runs = informer.items(children) if self.kind == "PipelineRun" else [found]
                self._look(found, runs, informer.items(pods))
                if remote.condition(found).done:
                    return self._finished(found, runs)
                if self.cancel.is_set():
                    self._stop(informer, run)
                informer.changed(_LOOK)

    def _look(self, run: Manifest, task_runs: list[Manifest], pods: list[Manifest]) -> None:
        for one in task_runs if self.kind == "PipelineRun" else []:
            self._tell(one, remote.task_of(one))
        self._tell(run, "")
        tasks = {one["metadata"]["name"]: remote.task_of(one) for one in task_runs}
        for pod in pods:
            self._pods[pod["metadata"]["name"]] = pod
            owner = str((pod["metadata"].get("labels") or {}).get(remote.TASK_RUN) or "")
            for container in remote.started_steps(pod):
                key = (pod["metadata"]["name"], container)
                if owner and key not in self._logs:
                    self._logs[key] = self._log(owner, tasks.get(owner, owner), key)

    def _tell(self, run: Manifest, task: str) -> None:
        """Say what has changed in the condition of a run."""
        found, name = remote.condition(run), str(run["metadata"]["name"])
        if not found.status or self._said.get(name) == (found.reason, found.message):
            return
        self._said[name] = (found.reason, found.message)
        phase = {"True": "Succeeded", "False": "Failed"}.get(found.status, "Progress")
        text = f"{task}: {found.message}" if task else found.message
        if task or not found.done:  # how the whole run ended is told by the caller
            self._emit(phase, found.reason, text, task)

    def _log(self, owner: str, task: str, key: tuple[str, str]) -> Follower:
        pod, container = key
        step = container.removeprefix("step-")
        subject, data = Subject("TaskRun", self.objects.namespace, owner), {"task": task, "step": step}
        self.events.emit(subject, "Progress", reason="StepStarted", message=f"step {step}", data=data)
        folder = os.path.join(self.folder, "tasks", owner, "logs")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        path = os.path.join(folder, f"{step}.log")
        if os.path.exists(path):
            os.unlink(path)  # of an earlier life: the whole log is read again
        lines = Lines(path, lambda line: self.events.emit(subject, "Log", message=line, data=data))
        place = (self.objects.namespace, pod, container)
        return Follower(self.client, place, lines, lambda: container in remote.ended_containers(self._pods.get(pod)))

    # -- the end -----------------------------------------------------------------------------------

    def _stop(self, informer: Informer, selection: Selection) -> None:
        """Ask Tekton to cancel the run and wait until it has."""
        self.client.patch(self._target, {"spec": {"status": remote.CANCELLED[self.kind]}})
        deadline = time.monotonic() + _CANCEL_SECONDS
        while time.monotonic() < deadline:
            found = next(iter(informer.items(selection)), None)
            if found is None or remote.condition(found).done:
                self._close_logs(1.0)
                raise Cancelled(self.cancel.reason or "cancelled", obj=str(self._target))
            informer.changed(_LOOK)
        raise Cancelled(
            f"{self.cancel.reason or 'cancelled'}; Tekton was asked to cancel the run and has not answered",
            obj=str(self._target), hint="is its controller running?",
        )  # fmt: skip

    def _finished(self, run: Manifest, task_runs: list[Manifest]) -> Finished:
        self._close_logs(_LOG_SECONDS)
        ordered = sorted(task_runs, key=remote.began)
        return Finished(
            remote.condition(run), remote.results(run), remote.seconds(run),
            [(remote.task_of(one), str(one["metadata"]["name"]), _end(one)) for one in ordered], remote.skipped(run),
        )  # fmt: skip

    def _close_logs(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for log in self._logs.values():
            log.finish(max(0.0, deadline - time.monotonic()))

    def _emit(self, phase: str, reason: str, message: str, task: str = "") -> None:
        subject = Subject(self.kind, self.objects.namespace, self.name)
        self.events.emit(subject, phase, reason=reason, message=message, data={"task": task} if task else {})


def _end(task_run: Manifest) -> TaskEnd:
    found = remote.condition(task_run)
    steps = tuple(
        StepEnd(one.name, one.exit_code, one.reason, one.seconds, one.began, one.results)
        for one in remote.steps(task_run)
    )
    return TaskEnd(
        found.status == "True", found.reason, found.message, remote.results(task_run), steps,
        remote.seconds(task_run), began=remote.began(task_run),
    )  # fmt: skip
