# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The pods executor: each TaskRun is one pod in a cluster that has no Tekton.

Knows how a pod is made, followed and removed; what a pod holds and what its status means is decided in `decide`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.cancel import Cancel
from ..._core.clock import parse_rfc3339, rfc3339
from ..._core.errors import (
    Cancelled,
    Invalid,
    Permanent,
    Refused,
    SlipwayError,
    TimedOut,
)
from ..._core.events import Sink, Subject
from ..._core.types import Manifest, ObjectRef
from ..._kube.client import Client
from ..._kube.errors import Conflict, InvalidObject, NotFound
from ..._kube.watch import Informer, Selection
from ..decide import merge, pod_build, pod_program, pod_view, when, workspaces
from ..decide.pod_view import Condition
from . import cluster_objects
from .cluster_objects import ClusterObjects
from .executor import Bound, StepEnd, TaskEnd, TaskPlan
from .lines import Lines
from .outage import Outage
from .pod_logs import Follower

_LOOK = 0.2
_GRACE = 3
_GONE_SECONDS = 20.0
_LOG_SECONDS = 15.0
_SOURCES = ("persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected", "csi")


@dataclass(slots=True)
class PodsExecutor:
    """Runs TaskRuns as pods. `labels` mark what belongs to the run, `cancel` is that of the whole run."""

    client: Client
    objects: ClusterObjects
    events: Sink
    cancel: Cancel
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    cel: Callable[[str], object] = when.no_cel

    def refuse(self, spec: Mapping[str, Any], obj: str, actions: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse by field name, before anything runs, what a pod without Tekton's entrypoint cannot do."""
        steps = merge.steps(spec.get("stepTemplate"), spec.get("steps") or [])
        named = [str(one["name"]) for one in spec.get("results") or [] if one.get("value") is None]
        for index, step in enumerate(steps):
            if step.get("ref"):
                step = {**step, **actions.get(str(step["ref"].get("name")), {})}
            where = f"spec.steps[{index}]"
            reason = pod_program.needs(step, named, last=index == len(steps) - 1)
            if reason and not (step.get("script") or step.get("command")):
                error = pod_program.refused(step, reason, where)
                error.obj = obj
                raise error
        if spec.get("sidecars"):
            self._check_version(obj)

    def _check_version(self, obj: str) -> None:
        version = self.client.server_version()
        numbers = [int(part) for part in version.lstrip("v").split(".")[:2] if part.isdigit()]
        if numbers and tuple(numbers) < (1, 29):
            raise Refused(
                f"spec.sidecars need Kubernetes 1.29 or newer, this cluster has {version}",
                hint="start what is needed in a step", obj=obj,
            )  # fmt: skip

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse a binding that names no source, or objects that are neither in the cluster nor given."""
        if problem := workspaces.binding_problem(binding):
            raise Invalid(field, problem, hint=f"sources: volumeClaimTemplate, {', '.join(_SOURCES)}")
        for wanted in cluster_objects.named(binding):
            if not self.objects.there(wanted):
                raise Invalid(
                    field, f"needs the {wanted.kind} {wanted.name!r}, which is neither in the cluster nor given",
                    hint=f"create it in namespace {self.objects.namespace}, or add it to src",
                )  # fmt: skip

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Return the volume of a binding; a claim template becomes one claim for the run."""
        sub = str(binding.get("subPath") or "")
        if "volumeClaimTemplate" in binding:
            claim = self.objects.claim(str(binding["name"]), binding["volumeClaimTemplate"])
            return Bound(claim=claim, source={"persistentVolumeClaim": {"claimName": claim}}, sub_path=sub)
        source = {key: binding[key] for key in _SOURCES if binding.get(key) is not None}
        claim = str((binding.get("persistentVolumeClaim") or {}).get("claimName") or "")
        return Bound(claim=claim, source=source, sub_path=sub)

    def run(self, plan: TaskPlan, cancel: Cancel) -> TaskEnd:
        """Run the pod of a plan to its end and remove it."""
        return PodRun(self, plan, cancel).run()

    def close(self, *, succeeded: bool) -> None:
        """Remove what was made for the run. The claims of a run that failed stay, so that one can look at them."""
        text = ""
        try:
            kept = self.objects.remove(keep_claims=not succeeded and not self.cancel.is_set())
            text = f"kept for a look: {', '.join(kept)}" if kept else ""
            self.objects.sweep(self.client.clock.now())
        except SlipwayError as error:  # what the run has come to must not be lost for that
            text = f"objects with the label {pod_build.RUN}={self.objects.run} are left: {error.message}"
        if text:
            self.events.emit(Subject("Namespace", "", self.objects.namespace), "Warning", reason="Kept", message=text)


class PodRun:
    """One attempt of a TaskRun: its pod made or taken up again, followed, and removed."""

    def __init__(self, host: PodsExecutor, plan: TaskPlan, cancel: Cancel) -> None:
        self._host, self._plan, self._cancel = host, plan, cancel
        self._subject = Subject("TaskRun", plan.namespace, plan.name)
        self._selection = Selection("v1", "Pod", host.objects.namespace, fields=f"metadata.name={self._name}")
        self._logs: dict[str, Follower] = {}
        self._said = ""
        self._pod: Manifest = {}
        self._started = time.monotonic()
        self._outage = Outage(cancel, lambda text: self._emit("Warning", "Unreachable", text), str(self._subject))
        self._deadline = time.time() + plan.timeout if plan.timeout else 0.0

    @property
    def _name(self) -> str:
        return pod_build.pod_name(self._plan.name)

    def run(self) -> TaskEnd:
        """Run to the end. Raises Cancelled after the pod is gone."""
        os.makedirs(os.path.join(self._plan.folder, "logs"), mode=0o700, exist_ok=True)
        self._host.objects.bring({"spec": {"serviceAccountName": self._plan.service_account or "default"}})
        wanted = pod_build.pod(self._wanted(), self._host.cel)
        self._host.objects.bring(wanted)
        try:
            self._pod = self._create(wanted)
            end = self._end(self._follow())
        finally:
            self._remove()
        return end

    def _wanted(self) -> pod_build.Wanted:
        plan, host = self._plan, self._host
        bindings = [
            {"name": name, **bound.source, **({"subPath": bound.sub_path} if bound.sub_path else {})}
            for name, bound in plan.workspaces.items()
        ]
        return pod_build.Wanted(
            name=plan.name, namespace=host.objects.namespace, spec=plan.spec, bindings=bindings,
            run=host.objects.run, timeout=plan.timeout, service_account=plan.service_account,
            deadline=rfc3339(self._deadline) if plan.timeout else "",
            template=plan.pod_template, labels={**host.labels, **plan.labels, "tekton.dev/pipelineTask": plan.task},
            env=host.env, credentials=host.objects.credentials(plan.name, plan.service_account or "default"),
        )  # fmt: skip

    def _create(self, wanted: Manifest) -> Manifest:
        """Create the pod, or take up the one that an earlier life of this run has made."""
        deadline = time.monotonic() + _GONE_SECONDS
        wanted = cluster_objects.with_hash(wanted)
        while True:
            try:
                return self._host.client.create(wanted)
            except Conflict:
                found = self._host.client.get("v1", "Pod", self._name, self._host.objects.namespace)
            except (InvalidObject, NotFound) as error:
                raise Permanent(f"the pod was not accepted: {error.message}", obj=str(self._subject)) from error
            if found and cluster_objects.same(found, wanted):
                until = (found["metadata"].get("annotations") or {}).get(pod_build.DEADLINE)
                self._deadline = parse_rfc3339(str(until)) if until else self._deadline
                self._emit("Warning", "Adopted", f"pod {self._name} of an earlier attempt is taken up again")
                return found
            if found:
                self._make_room(found)
            if self._cancel.wait(_LOOK):
                raise Cancelled(self._cancel.reason or "cancelled", obj=str(self._subject))
            if time.monotonic() > deadline:
                raise TimedOut(f"pod {self._name} does not go away", obj=str(self._subject))

    def _make_room(self, found: Manifest) -> None:
        meta = found["metadata"]
        if (meta.get("labels") or {}).get(pod_build.MANAGED_BY) != pod_build.OWNER:
            raise Refused(
                f"a pod named {self._name} is there and is not ours", obj=str(self._subject),
                hint="remove it, or give the run another name",
            )  # fmt: skip
        mine = meta["labels"].get(pod_build.RUN) == self._host.objects.run
        ended = (found.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if not mine and not ended and not meta.get("deletionTimestamp"):
            raise Refused(
                f"pod {self._name} of another run with this name is still active", obj=str(self._subject),
                hint="wait for it or delete it, or give the run another name",
            )  # fmt: skip
        if not meta.get("deletionTimestamp"):
            self._host.client.delete(ObjectRef.of({"apiVersion": "v1", "kind": "Pod", **found}), uid=meta["uid"])

    def _follow(self) -> Condition:
        return self._outage.survive(self._watch)

    def _watch(self) -> Condition:
        with Informer(self._host.client, [self._selection]) as informer:
            informer.observe(self._pod)
            while True:
                found = informer.items(self._selection)
                self._outage.answered()
                condition = self._look(found[0] if found else None)
                if condition.status != "Unknown":
                    return condition
                if self._cancel.is_set():
                    raise Cancelled(self._cancel.reason or "cancelled", obj=str(self._subject))
                if self._deadline and time.time() > self._deadline:
                    return pod_view.timed_out(self._plan.name, self._plan.timeout)
                informer.changed(_LOOK)

    def _look(self, pod: Manifest | None) -> Condition:
        if pod is None or pod["metadata"].get("uid") != self._pod["metadata"]["uid"]:
            return Condition("False", "PodDeleted", f"pod {self._name} was deleted before it had ended")
        self._pod = pod
        self._tell(pod_view.waits_for(pod))
        for step in pod_view.steps(pod):
            if step.container not in self._logs and step.state != "waiting" and step.began:
                self._logs[step.container] = self._log(step.name, step.container)
        return pod_view.condition(pod, self._plan.name, self._plan.timeout)

    def _tell(self, text: str) -> None:
        if text and text not in (self._said, "Pending"):
            self._said = text
            self._emit("Waiting", "Pending", text)

    def _log(self, step: str, container: str) -> Follower:
        self._emit("Progress", "StepStarted", f"step {step}", step)
        path = os.path.join(self._plan.folder, "logs", f"{step}.log")
        if os.path.exists(path):
            os.unlink(path)  # of an earlier life: the whole log is read again
        lines = Lines(path, lambda line: self._emit("Log", "", line, step))
        place = (self._host.objects.namespace, self._name, container)
        return Follower(self._host.client, place, lines, lambda: self._has_ended(container))

    def _has_ended(self, container: str) -> bool:
        ended = {step.container for step in pod_view.steps(self._pod) if step.state == "terminated"}
        return container in ended

    def _end(self, condition: Condition) -> TaskEnd:
        for log in self._logs.values():
            log.finish(_LOG_SECONDS if condition.reason != "TaskRunTimeout" else 1.0)
        found, spec, who = pod_view.steps(self._pod), self._plan.spec, self._plan.name
        succeeded, reason, message = condition.status == "True", condition.reason, condition.message
        for text in pod_view.not_started(self._pod):
            self._emit("Warning", "StartError", text)
        try:
            values = pod_view.task_results(spec, pod_view.written(self._pod), found, who)
        except Invalid as error:
            values = {}
            if succeeded:
                succeeded, reason, message = False, "TaskRunValidationFailed", str(error)
        return TaskEnd(
            succeeded, reason, message, values, tuple(self._step_end(step) for step in found),
            time.monotonic() - self._started, began=time.time() - (time.monotonic() - self._started), artifacts=pod_view.artifacts(self._pod),
        )  # fmt: skip

    def _step_end(self, step: pod_view.Step) -> StepEnd:
        seconds = max(0.0, step.ended - step.began) if step.ended else 0.0
        values = pod_view.step_results(self._plan.spec, step, self._plan.name)
        return StepEnd(step.name, step.exit_code, step.reason, seconds, step.began, values)

    def _remove(self) -> None:
        """Delete the pod and wait until it is gone: a TaskRun has ended when nothing of it runs."""
        if not self._pod:
            return
        target = ObjectRef("v1", "Pod", self._name, self._host.objects.namespace)
        uid = self._pod["metadata"]["uid"]
        try:
            cluster_objects.delete_pod(self._host.client, target, uid, _GRACE, _GONE_SECONDS)
        except SlipwayError as error:  # what the TaskRun has come to must not be lost for that
            self._emit("Warning", "Left", f"pod {self._name} is left: {error.message}")
        for log in self._logs.values():
            log.finish(0.0)

    def _emit(self, phase: str, reason: str, message: str, step: str = "") -> None:
        data = {"task": self._plan.task, **({"step": step} if step else {})}
        self._host.events.emit(self._subject, phase, reason=reason, message=message, data=data)
