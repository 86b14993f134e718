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
from .._core.clock import Clock
from .._core.errors import Invalid, TimedOut
from .._core.events import Sink, Subject
from .._core.types import Manifest, deep_get
from .._kube.errors import Conflict
from . import references
from .act.world import World
from .analysis import arguments, template
from .analysis.run import AnalysisRun
from .decide import blue_green, canary, hashes, pauses, report, templates
from .decide.actions import Analyse, Create, Delete, EndAnalyses, Label, Scale, Select, SetWeight
from .decide.seen import Analysis, Pass, Seen
from .decide.sets import available, by_hash, clean_up
from .model import replicaset
from .model.replicaset import DEADLINE, DESIRED, HASH_LABEL, REVISION
from .model.rollout import Rollout, read
from .traffic import istio

_LOOK = 0.5
_RUN_TYPES = {
    "step": template.STEP,
    "background": template.BACKGROUND,
    "pre": template.PRE_PROMOTION,
    "post": template.POST_PROMOTION,
}


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

    def run(self) -> Rollout:
        """Drive to an end: Healthy, Degraded, or an indefinite pause. TimedOut and Cancelled otherwise."""
        self.status = self.world.load_status()
        references.refuse_unfit(read(self.world.rollout()), self.world, self.find)
        try:
            while True:
                self.cancel.check()
                self.held()
                ro = read(self.world.rollout())
                seen = self._seen(ro)
                decide = blue_green.decide if ro.is_blue_green else canary.decide
                out = decide(ro, seen, self.status, self.clock.now())
                status = report.completed(ro, self.status, out.status, seen.replica_sets, self.clock.now())
                self._forget_former_runs(status)
                out.actions += self._clean_up(ro, seen)
                acted = self._save(ro, seen, status) | self._act(ro, out)
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
        self.weight = self._current_weight(ro)
        selectors, managed = {}, set()
        for name in ro.services:
            service = self.world.service(name)
            if service is None:
                raise Invalid("spec.strategy", f"there is no Service {ro.namespace}/{name}", obj=f"Rollout {ro.name}")
            selectors[name] = str(deep_get(service, "spec", "selector", HASH_LABEL, default=""))
            if istio.MANAGED_BY in (service["metadata"].get("annotations") or {}):
                managed.add(name)
        wanted = templates.adopted_hash(ro, self.status, objects, self._template_hash(ro))
        found = [Analysis(r.kind, r.step, r.run.phase, r.run.message) for r in self._runs]
        sets = [replicaset.of(obj) for obj in objects]
        return Seen(sets, wanted, self.weight, selectors, found, managed, self._subsets(ro))

    def _subsets(self, ro: Rollout) -> dict[str, str] | None:
        name = istio.rule_name(ro)
        return istio.subset_hashes(self.world.destination_rule(name), istio.roles(ro, self.status)) if name else None

    def _who(self, ro: Rollout) -> istio.Roles:
        """How the routes name canary and stable; with a DestinationRule its host counts as well."""
        name = istio.rule_name(ro)
        host = str(deep_get(self.world.destination_rule(name), "spec", "host", default="")) if name else ""
        return istio.roles(ro, self.status, host)

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
        return istio.current_weight(router, services[0], self._who(ro), istio.managed_routes(ro))

    def _clean_up(self, ro: Rollout, seen: Seen) -> list[Delete]:
        """Old versions beyond revisionHistoryLimit go; nothing that the status names does."""
        used = {seen.new_hash, *(str(self.status.get(name) or "") for name in ("stableRS", "currentPodHash"))}
        return clean_up(ro, used, self.world.replica_sets(ro))

    def _forget_former_runs(self, status: Mapping[str, Any]) -> None:
        """Verdicts on one version say nothing of the next."""
        if status.get("currentPodHash") == self.status.get("currentPodHash"):
            return
        for entry in self._runs:
            entry.run.terminate()
        self._save_analyses()
        self._runs.clear()

    def _save(self, ro: Rollout, seen: Seen, status: dict[str, Any]) -> bool:
        if status == self.status:
            return False
        self.world.save_status(status)
        self.status = status
        self._tell(ro, seen)
        return True

    def _tell(self, ro: Rollout, seen: Seen) -> None:
        """One event for each change of phase or step, and one when the new pods of a step are there."""
        index, word = self.status.get("currentStepIndex"), self.status["phase"]
        ready = word == "Progressing" and available(by_hash(seen.replica_sets, seen.new_hash))
        now = (word, self.status.get("message"), index, ready)
        if now == self._told:
            return
        self._told = now
        step = f"step {index}/{len(ro.steps)}" if index is not None else ""
        parts = (word, step, self.status.get("message", ""), "new pods are ready" if ready else "")
        data = {"step": index, "ready": ready}
        kind = "Failed" if word == "Degraded" else "Progress"
        self.events.emit(self._subject(ro), kind, reason=word, message=", ".join(filter(None, parts)), data=data)

    def _act(self, ro: Rollout, out: Pass) -> bool:
        for action in out.actions:
            if isinstance(action, Create):
                self._create(ro, action)
            elif isinstance(action, Scale):
                self._scale(ro, action)
            elif isinstance(action, Delete):
                self.world.delete_replica_set(self._object(ro, action.name))
            elif isinstance(action, Select):
                service = self.world.service(action.service)
                if service is None:
                    raise AssertionError
                self.world.select(service, action.hash, ro.name)
            elif isinstance(action, Label):
                rule = self.world.destination_rule(istio.rule_name(ro))
                hashed = {"canary": action.canary, "stable": action.stable}
                changed = istio.set_subsets(rule, istio.roles(ro, self.status), hashed, ro.name)
                self.world.write_router(changed, "DestinationRule")
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

    def _object(self, ro: Rollout, name: str) -> Manifest:
        return next(one for one in self.world.replica_sets(ro) if one["metadata"]["name"] == name)

    def _scale(self, ro: Rollout, action: Scale) -> None:
        obj = self._object(ro, action.name)
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
            self.world.write_router(
                istio.set_weight(router, wanted, self._who(ro), weight, managed=istio.managed_routes(ro))
            )
        self.weights.append(weight)
        self.events.emit(
            self._subject(ro),
            "Changed",
            reason="TrafficWeightUpdated",
            message=f"weight {weight}",
            data={"weight": weight},
        )

    def _analyse(self, ro: Rollout, action: Analyse) -> None:
        spec = _analysis_spec(ro, action)
        stable, latest = str(self.status.get("stableRS", "")), str(self.status.get("currentPodHash", ""))
        args = arguments.build(spec.get("args") or [], stable, latest, ro.manifest)
        number, step = self.status.get("revision", 1), action.step if action.kind == "step" else None
        naming = template.Naming(
            name=f"{ro.name}-{latest}-{number}{_run_suffix(action)}",
            namespace=ro.namespace,
            labels=template.run_labels(_RUN_TYPES[action.kind], latest, template.instance_id(ro.manifest), step),
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
            reasons = [str(entry["reason"]) for entry in self.status.get("pauseConditions") or []]
            manual = any(pauses.needs_a_person(ro, self.status, reason) for reason in reasons)
            return self.stop_at_pause and (ro.paused or manual)
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


def _analysis_spec(ro: Rollout, action: Analyse) -> Mapping[str, Any]:
    if action.kind == "step":
        found: Mapping[str, Any] = ro.steps[action.step]["analysis"]
    elif action.kind == "background":
        found = ro.canary["analysis"]
    else:
        found = ro.blue_green[f"{action.kind}PromotionAnalysis"]
    return found


def _run_suffix(action: Analyse) -> str:
    return {"step": f"-{action.step}", "background": ""}.get(action.kind, f"-{action.kind}")
