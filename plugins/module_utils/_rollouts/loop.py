# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Drives one Rollout: look, decide, save, act, wait for a change. Resumes where a killed run stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.cancel import Cancel
from .._core.clock import Clock, parse_rfc3339
from .._core.errors import Invalid, TimedOut
from .._core.events import Sink, Subject
from .._core.types import Manifest, deep_get
from .._kube.errors import Conflict
from . import references
from .act.world import DEADLINE, DESIRED, REVISION, World, revision
from .analysis import arguments, template
from .analysis.run import AnalysisRun
from .decide import canary, hashes
from .decide.actions import Analyse, Create, EndAnalyses, Scale, Select, SetWeight
from .decide.canary import Analysis, Pass, ReplicaSet, Seen
from .decide.status import Sizes, phase
from .model.rollout import HASH_LABEL, Rollout, read
from .traffic import istio

_LOOK = 0.5


@dataclass(slots=True)
class _Running:
    kind: str
    step: int
    run: AnalysisRun
    saved: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Loop:
    """One rollout. `find` returns an AnalysisTemplate by name and scope; `deadline` is monotonic seconds."""

    world: World
    clock: Clock
    events: Sink
    cancel: Cancel
    find: Callable[[str, bool], Manifest | None]
    http_proxy: str
    deadline: float
    held: Callable[[], None]
    wait_for_scale_down: bool = True
    stop_at_pause: bool = True
    weights: list[int] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=dict)
    analysis_phases: list[str] = field(default_factory=list)
    weight: int | None = None
    _runs: list[_Running] = field(default_factory=list)
    _told: tuple[Any, ...] = ()
    _hash: tuple[str, str] = ("", "")
    _progressed: float = 0.0
    _seen_counts: tuple[Any, ...] = ()

    def run(self) -> Rollout:
        """Drive to an end: Healthy, Degraded, or an indefinite pause. TimedOut and Cancelled otherwise."""
        self.status = self.world.load_status()
        self._progressed = time.monotonic()
        references.refuse_unfit(read(self.world.rollout()), self.world, self.find)
        try:
            while True:
                self.cancel.check()
                self.held()
                ro = read(self.world.rollout())
                seen = self._seen(ro)
                out = canary.decide(ro, seen, self.status, self.clock.now())
                self._finish_status(ro, seen, out.status)
                acted = self._save(ro, out.status) | self._act(ro, out)
                self._save_analyses()
                if not acted:
                    if self._ended(ro, seen):
                        return ro
                    self._wait(out)
        finally:
            for entry in self._runs:
                entry.run.terminate()

    def _seen(self, ro: Rollout) -> Seen:
        objects = self.world.replica_sets(ro)
        sets = [_replica_set(obj) for obj in objects]
        self.weight = self._current_weight(ro)
        selectors = {}
        for name in filter(None, (ro.stable_service, ro.canary_service)):
            service = self.world.service(name)
            if service is None:
                raise Invalid(
                    "spec.strategy.canary", f"there is no Service {ro.namespace}/{name}", obj=f"Rollout {ro.name}"
                )
            selectors[name] = str(deep_get(service, "spec", "selector", HASH_LABEL, default=""))
        wanted = self._template_hash(ro)
        found = [Analysis(r.kind, r.step, r.run.phase, r.run.message) for r in self._runs]
        self._watch_progress(sets)
        return Seen(sets, wanted, self.weight, selectors, found)

    def _template_hash(self, ro: Rollout) -> str:
        """Hashing Go's JSON costs a millisecond; the template changes only with the generation."""
        key = f"{ro.generation}/{self.status.get('collisionCount')}"
        if self._hash[0] != key:
            self._hash = (key, hashes.pod_template_hash(ro.template, self.status.get("collisionCount")))
        return self._hash[1]

    def _current_weight(self, ro: Rollout) -> int | None:
        services = istio.virtual_services(ro.traffic)
        if not services:
            return None
        router = self.world.router(services[0])
        return istio.current_weight(router, services[0], ro.canary_service, ro.stable_service)

    def _watch_progress(self, sets: list[ReplicaSet]) -> None:
        counts = tuple((one.name, one.spec, one.ready, one.available) for one in sets)
        if counts != self._seen_counts:
            self._seen_counts, self._progressed = counts, time.monotonic()

    def _finish_status(self, ro: Rollout, seen: Seen, status: dict[str, Any]) -> None:
        """Fill in counts, conditions, phase and message."""
        new = next((one for one in seen.replica_sets if one.hash == seen.new_hash), None)
        sizes = Sizes(
            ro.replicas, new.total if new else 0, sum(one.ready for one in seen.replica_sets),
            new.available if new else 0, sum(one.total for one in seen.replica_sets),
        )  # fmt: skip
        status.update(
            replicas=sizes.all_pods,
            updatedReplicas=sizes.updated,
            readyReplicas=sizes.ready,
            availableReplicas=sum(one.available for one in seen.replica_sets),
            HPAReplicas=sizes.all_pods,
            observedGeneration=str(ro.generation),
            selector=",".join(f"{name}={value}" for name, value in sorted(ro.selector.items())),
        )
        self._deadline_condition(ro, status)
        word, message = phase(status, sizes, spec_paused=ro.paused, has_traffic=bool(ro.traffic), steps=len(ro.steps))
        status["phase"] = word
        if message:
            status["message"] = message
        else:
            status.pop("message", None)

    def _deadline_condition(self, ro: Rollout, status: dict[str, Any]) -> None:
        late = time.monotonic() - self._progressed > ro.progress_deadline
        index = int(status.get("currentStepIndex") or 0)
        waiting = index < len(ro.steps) and ("pause" in ro.steps[index] or "analysis" in ro.steps[index])
        done = status.get("stableRS") == status.get("currentPodHash") and status.get("phase") == "Healthy"
        conditions = [entry for entry in status.get("conditions") or [] if entry.get("type") != "Progressing"]
        if late and not waiting and not done and not status.get("pauseConditions"):
            text = f'ReplicaSet "{ro.name}-{status.get("currentPodHash")}" has timed out progressing.'
            entry = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": text}
            conditions.append(entry)
            if ro.manifest["spec"].get("progressDeadlineAbort"):
                status.update(abort=True, abortMessage=f"ProgressDeadlineExceeded: {text}")
        if conditions:
            status["conditions"] = conditions
        else:
            status.pop("conditions", None)

    def _save(self, ro: Rollout, status: dict[str, Any]) -> bool:
        if status == self.status:
            return False
        self.world.save_status(status)
        self.status = status
        self._tell(ro)
        return True

    def _tell(self, ro: Rollout) -> None:
        """One event for each change of phase or step."""
        index = self.status.get("currentStepIndex")
        now = (self.status["phase"], self.status.get("message"), index)
        if now == self._told:
            return
        self._told = now
        step = f"step {index}/{len(ro.steps)}" if index is not None else ""
        text = ", ".join(part for part in (self.status["phase"], step, self.status.get("message", "")) if part)
        word = "Failed" if self.status["phase"] == "Degraded" else "Progress"
        self.events.emit(self._subject(ro), word, reason=self.status["phase"], message=text, data={"step": index})

    def _act(self, ro: Rollout, out: Pass) -> bool:
        for action in out.actions:
            if isinstance(action, Create):
                self._create(ro, action)
            elif isinstance(action, Scale):
                self._scale(ro, action)
            elif isinstance(action, Select):
                service = self.world.service(action.service)
                if service is None:
                    raise AssertionError
                self.world.select(service, action.hash, ro.name)
            elif isinstance(action, SetWeight):
                self._set_weight(ro, action.weight)
            elif isinstance(action, Analyse):
                self._analyse(ro, action)
            elif isinstance(action, EndAnalyses):
                for entry in self._runs:
                    entry.run.terminate()
        return bool(out.actions)

    def _create(self, ro: Rollout, action: Create) -> None:
        try:
            self.world.create_replica_set(ro, action.hash, action.revision)
        except Conflict:
            self.status = {**self.status, "collisionCount": int(self.status.get("collisionCount") or 0) + 1}
            self.world.save_status(self.status)
            return
        text = f"ReplicaSet {ro.name}-{action.hash}, revision {action.revision}"
        self.events.emit(self._subject(ro), "Changed", reason="NewReplicaSetCreated", message=text)

    def _scale(self, ro: Rollout, action: Scale) -> None:
        obj = next(one for one in self.world.replica_sets(ro) if one["metadata"]["name"] == action.name)
        annotations: dict[str, str | None] = {}
        known = obj["metadata"].get("annotations") or {}
        if action.deadline is not None and (action.deadline or DEADLINE in known):
            annotations[DEADLINE] = action.deadline or None
        if action.revision is not None:
            annotations[REVISION] = str(action.revision)
        if action.replicas is not None:
            annotations[DESIRED] = str(ro.replicas)
        self.world.scale(obj, action.replicas, annotations)

    def _set_weight(self, ro: Rollout, weight: int) -> None:
        for wanted in istio.virtual_services(ro.traffic):
            router = self.world.router(wanted)
            self.world.write_router(istio.set_weight(router, wanted, ro.canary_service, ro.stable_service, weight))
        self.weights.append(weight)
        self.events.emit(
            self._subject(ro),
            "Changed",
            reason="TrafficWeightUpdated",
            message=f"weight {weight}",
            data={"weight": weight},
        )

    def _analyse(self, ro: Rollout, action: Analyse) -> None:
        spec: Mapping[str, Any] = (
            ro.canary["analysis"] if action.kind == "background" else ro.steps[action.step]["analysis"]
        )
        stable, latest = str(self.status.get("stableRS", "")), str(self.status.get("currentPodHash", ""))
        args = arguments.build(spec.get("args") or [], stable, latest, ro.manifest)
        number, step = self.status.get("revision", 1), action.step if action.kind == "step" else None
        naming = template.Naming(
            name=f"{ro.name}-{latest}-{number}" + ("" if step is None else f"-{step}"),
            namespace=ro.namespace,
            labels=template.run_labels(action.kind.capitalize(), latest, template.instance_id(ro.manifest), step),
            annotations={REVISION: str(number)},
        )
        obj = template.planned_run(spec, args, self.find, naming)
        run = AnalysisRun(
            naming.name, obj["spec"], self.clock, self.world.informer.poke,
            secret=self.world.secret, http_proxy=self.http_proxy,
        )  # fmt: skip
        name = run.name = self.world.create_analysis_run(obj)
        self._runs.append(_Running(action.kind, action.step, run))
        run.start()
        self.events.emit(
            Subject("AnalysisRun", ro.namespace, name),
            "Started",
            reason="Running",
            message=f"{len(obj['spec']['metrics'])} metrics",
        )

    def _save_analyses(self) -> None:
        for entry in self._runs:
            status = entry.run.status()
            if status == entry.saved:
                continue
            entry.saved = status
            self.world.save_analysis_run(entry.run.name, status)
            self._tell_analysis(entry, status)

    def _tell_analysis(self, entry: _Running, status: Mapping[str, Any]) -> None:
        measured = [m for metric in status["metricResults"] for m in metric["measurements"]]
        if entry.run.done:
            self.analysis_phases.append(entry.run.phase)
        if not measured and not entry.run.done:
            return
        last = measured[-1] if measured else {"phase": "", "value": ""}
        text = entry.run.message or f"measured {last['value']}: {last['phase']}"
        word = {"Running": "Progress", "Successful": "Succeeded"}.get(entry.run.phase, "Failed")
        self.events.emit(Subject("AnalysisRun", "", entry.run.name), word, reason=entry.run.phase, message=text)

    def _ended(self, ro: Rollout, seen: Seen) -> bool:
        word = self.status.get("phase")
        if word == "Degraded":
            return self.weight in (None, 0)
        if word == "Paused":
            index = int(self.status.get("currentStepIndex") or 0)
            step = ro.steps[index] if index < len(ro.steps) else {}
            timed = "pause" in step and (step["pause"] or {}).get("duration") is not None
            return self.stop_at_pause and (ro.paused or not timed)
        if word != "Healthy" or self.weight not in (None, 0):
            return False
        old = [one for one in seen.replica_sets if one.hash != seen.new_hash and (one.spec or one.total)]
        return not old or not self.wait_for_scale_down

    def _wait(self, out: Pass) -> None:
        if time.monotonic() > self.deadline:
            text = f"is still {self.status.get('phase')}: {self.status.get('message', '')}"
            raise TimedOut(text, hint="raise wait_timeout", reason="TimedOut")
        left = _LOOK if out.due is None else max(0.001, out.due - self.clock.now())
        self.world.informer.changed(min(left, _LOOK))

    @staticmethod
    def _subject(ro: Rollout) -> Subject:
        return Subject("Rollout", ro.namespace, ro.name)


def _replica_set(obj: Manifest) -> ReplicaSet:
    status, annotations = obj.get("status") or {}, obj["metadata"].get("annotations") or {}
    deadline = annotations.get(DEADLINE)
    return ReplicaSet(
        name=obj["metadata"]["name"],
        hash=str((obj["metadata"].get("labels") or {}).get(HASH_LABEL, "")),
        revision=int(revision(obj)),
        spec=int(deep_get(obj, "spec", "replicas", default=0)),
        total=int(status.get("replicas", 0)),
        ready=int(status.get("readyReplicas", 0)),
        available=int(status.get("availableReplicas", 0)),
        desired=int(annotations.get(DESIRED, -1)),
        deadline=parse_rfc3339(deadline) if deadline else None,
    )
