# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One PipelineRun: its pipeline resolved, its params and workspaces bound, each task turned into a TaskRun request.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/pipelinerun.go and resources/apply.go, v1.15.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from .._core import clock
from .._core.cancel import Cancel
from .._core.errors import Cancelled, Invalid, Refused
from .._core.events import Subject
from .._core.redact import current as redactor
from .._core.types import Manifest
from .._core.yaml import Document
from . import custom, objects
from .act.executor import TaskEnd, World, end_of
from .decide import (
    apply_pipeline,
    bindings,
    check_dependencies,
    check_params,
    child_status,
    ending,
    params,
    results,
    state,
    timeouts,
    when,
    workspaces,
)
from .decide.check_dependencies import Resolved
from .decide.children import Kind, kind_of
from .decide.ending import Condition
from .decide.facts import CANCELLED, Facts
from .decide.params import Value
from .decide.results import Outcome
from .decide.substitution import Replacements
from .loop import Child, Loop
from .model.parse import Bundle
from .pipelinetask import PipelineTasks
from .resolve import local, referenced
from .resolve.local import Found
from .store import Store


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run and the runs in it share. `folder` holds the logs of all; `path` names the Pipelines around this one."""

    world: World
    store: Store
    folder: str
    parallelism: int
    path: tuple[str, ...] = ()


class PipelineRun:
    """A run before, while and after it is driven."""

    def __init__(self, bundle: Bundle, run: Document, setting: Setting) -> None:
        self._bundle, self._run, self._setting = bundle, run, setting
        self._name = str(run.data["metadata"]["name"])
        found = self._pipeline_found(bundle, run)
        self._spec, self._pipeline, self._source = found.spec, found.name, found.source
        self._params = self._resolve_params(given_params(run.data))
        self._timeouts = timeouts.resolve(run.data["spec"].get("timeouts"), setting.world.config.whole_timeout)
        self._bindings = self._check_bindings()
        self.applied = self._applied()
        entries, last = self.applied["tasks"], self.applied.get("finally") or []
        self.tasks: dict[str, Mapping[str, Any]] = {entry["name"]: entry for entry in entries}
        self.final: dict[str, Mapping[str, Any]] = {entry["name"]: entry for entry in last}
        self._facts: Facts | None = None
        self._began = 0.0
        referenced.start(bundle, self._pipeline_document(), [*entries, *last])
        self._found = {entry["name"]: self._resolve(entry) for entry in [*entries, *last]}
        self._check_dependencies([*entries, *last])
        self._tasks = PipelineTasks(
            run=run.data,
            params=self._params,
            bindings=self._bindings,
            found=self._found,
            specs={**self.tasks, **self.final},
            world=setting.world,
            folder=setting.folder,
            nested=self._nested,
            parallelism=setting.parallelism,
        )

    @staticmethod
    def pipeline_of(bundle: Bundle, run: Document) -> tuple[Mapping[str, Any], str]:
        """Return the pipeline's spec and its name (empty for an inline one)."""
        found = PipelineRun._pipeline_found(bundle, run)
        return found.spec, found.name

    @staticmethod
    def _pipeline_found(bundle: Bundle, run: Document) -> Found:
        spec = run.data["spec"]
        if spec.get("pipelineSpec"):
            return Found("", spec["pipelineSpec"], True)
        return local.given(bundle, run, spec["pipelineRef"], "Pipeline", "spec.pipelineRef")

    def run(self, before: Mapping[str, Any], subject: Subject) -> Condition:
        """Drive to the end; tasks that an interrupted earlier run finished are not run again."""
        self._began = time.time()
        self._note(ending.Condition("Unknown", "Running", "Tasks Completed: 0"), None)
        loop = Loop(
            name=self._name,
            tasks=list(self.tasks.values()),
            final=list(self.final.values()),
            timeouts=self._timeouts,
            start=self._tasks.start,
            cel=self._setting.world.cel,
            children=lambda task: self._tasks.children.get(task) or (),
            asked=self._asked,
            save=self._keep,
            events=self._setting.world.events,
            subject=subject,
            cancel=self._setting.world.cancel,
            parallelism=self._setting.parallelism,
        )
        self._resume(loop, before.get("tasks") or {})
        try:
            self._facts = loop.run()
        except Cancelled:
            self._facts = replace(loop.facts(), spec_status=CANCELLED)
            self._end(self._cancelled(), loop)
            raise
        condition = self._ended(ending.condition(self._facts, self._name))
        if self._facts.cancelled:
            condition = self._cancelled()
        self._end(condition, loop)
        return condition

    def _cancelled(self) -> Condition:
        return Condition("False", CANCELLED, f'PipelineRun "{self._name}" was cancelled')

    def _asked(self) -> str:
        """Return spec.status: as it was given, or as somebody asked for since."""
        return self._setting.store.asked() or str(self._run.data["spec"].get("status") or "")

    def _end(self, condition: Condition, loop: Loop) -> None:
        self.ends = loop.ends
        self._note(condition, time.time())

    def _note(self, condition: Condition, done: float | None) -> None:
        moment = done or self._began
        status: dict[str, Any] = {
            "conditions": [objects.condition(condition.status, condition.reason, condition.message, moment)],
            "startTime": clock.rfc3339(self._began),
            "pipelineSpec": self.applied,
        }
        if self._source:
            status["provenance"] = {"refSource": dict(self._source)}
        if done:
            status["completionTime"] = clock.rfc3339(done)
        if self._facts:
            references = child_status.child_references(self._facts)
            values = self.results() if condition.status == "True" or done else {}
            status |= objects.child_status(references, child_status.skipped_tasks(self._facts), values)
        self._setting.world.note({**self._run.data, "spec": objects.ours(self._run.data["spec"]), "status": status})

    def _nested(self, run: Document, cancel: Cancel, path: tuple[str, ...]) -> TaskEnd:
        """Drive a pipeline in this pipeline. It has no results for its parent."""
        began, name = time.time(), str(run.data["metadata"]["name"])
        world = replace(self._setting.world, cancel=cancel)
        store = Store(os.path.join(self._setting.store.folder, "runs"), name)
        before = store.begin({"spec": run.data["spec"]}, name, force=False)
        try:
            child = PipelineRun(self._bundle, run, replace(self._setting, world=world, store=store, path=path))
            condition = child.run(before, Subject("PipelineRun", self._namespace, name))
        except Cancelled:
            condition = Condition("False", "Cancelled", f'PipelineRun "{name}" was cancelled')
        except (Invalid, referenced.Unresolved) as error:
            condition = Condition("False", error.reason, str(error))
        return TaskEnd(
            condition.status == "True", condition.reason, condition.message, began=began, seconds=time.time() - began
        )

    @property
    def _namespace(self) -> str:
        return str(self._run.data["metadata"]["namespace"])

    def results(self) -> dict[str, Value]:
        """Return the pipeline's results; one whose producer did not give it is left out."""
        return self._outcome().values

    def _outcome(self) -> Outcome:
        every = self._facts.state if self._facts else ()
        done = state.task_results(every)
        others = {f"tasks.{task.name}.status": "None" for task in every if not task.successful}
        return results.of_pipeline(self._spec.get("results") or [], done, None, others)

    def _ended(self, condition: Condition) -> Condition:
        """A run that succeeded still fails when a result of its cannot be had."""
        problem = self._outcome().problem
        if condition.status != "True" or not problem:
            return condition
        text = f"Failed to get PipelineResult from TaskRun Results for PipelineRun {self._name}: {problem}"
        return Condition("False", "CouldntGetPipelineResult", text)

    def task_runs(self) -> list[tuple[str, Child]]:
        """Return the runs with the names of their pipeline tasks, in the order in which tasks ended."""
        known = self._tasks.children
        return [
            (task, child)
            for task, end in self.ends.items()
            for child in known.get(task) or [Child(self._tasks.run_name(task), end)]
        ]

    def skipped(self) -> list[dict[str, str]]:
        """Return the skipped tasks with their reasons."""
        found = child_status.skipped_tasks(self._facts) if self._facts else []
        return [{"task": entry["name"], "reason": entry["reason"]} for entry in found]

    def _keep(self, task: str, end: TaskEnd) -> None:
        """Keep what a later run needs not do again. Results that hold a secret are not kept: such a task runs again."""
        if end.succeeded and redactor.scrub_data(dict(end.results)) == dict(end.results):
            self._setting.store.keep(task, asdict(end))

    def _resume(self, loop: Loop, before: Mapping[str, Any]) -> None:
        for name, saved in before.items():
            if name in self.tasks:
                loop.took(name, end_of(saved))

    def _resolve_params(self, given: Mapping[str, Any]) -> dict[str, Value]:
        who = f"PipelineRun {self._name}"
        values = params.resolve_pipeline(self._spec.get("params") or [], given, who)
        used = check_params.texts_of_pipeline(self._spec)
        problem = check_params.array_indexes([], params.as_list(values), used)
        if problem:
            raise self._refused(problem.reason, "spec.params", problem.message)
        return values

    def _applied(self) -> dict[str, Any]:
        """Return the pipeline's spec after the stages that do not change while the run goes on."""
        context = apply_pipeline.context_values(self._pipeline or self._name, self._run.data)
        bound = apply_pipeline.bound_workspaces(self._spec.get("workspaces") or [], list(self._bindings.values()))
        spec = apply_pipeline.apply(self._spec, params.replacements(self._params))
        return apply_pipeline.apply(apply_pipeline.contexts(spec, context), Replacements(bound))

    def _resolve(self, entry: Mapping[str, Any]) -> Found:
        group = "tasks" if entry["name"] in self.tasks else "finally"
        index = list(self.tasks if group == "tasks" else self.final).index(entry["name"])
        has_cel = any(expression.get("cel") for expression in entry.get("when") or [])
        if has_cel and self._setting.world.cel is when.no_cel:
            raise Invalid(
                f"spec.{group}[{index}].when", "has CEL, which is not evaluated yet", hint="use input and values"
            )
        place = f"spec.{group}[{index}]"
        kind = kind_of(entry)
        if kind is Kind.PIPELINE_RUN:
            return self._pipeline_in(entry, place)
        if kind is Kind.CUSTOM_RUN:
            return self._custom_task(entry, place)
        found = local.inline_or_given(self._bundle, self._pipeline_document(), entry, place)
        self._setting.world.executor.refuse(found.spec, f"Task {found.name or entry['name']}", found.actions)
        return found

    def _pipeline_in(self, entry: Mapping[str, Any], place: str) -> Found:
        """Return the pipeline of a pipeline task; one that lies in itself is refused, as upstream does by its owners."""
        reference = entry.get("pipelineRef")
        path = (*self._setting.path, self._pipeline)
        if reference is None:
            return Found("", entry["pipelineSpec"], True, path=path)
        found = local.given(self._bundle, self._pipeline_document(), reference, "Pipeline", f"{place}.pipelineRef")
        if found.name in path:
            chain = " -> ".join([*(name for name in path if name), found.name])
            raise self._refused("PipelineInvalidGraph", f"{place}.pipelineRef", f"makes a cycle of Pipelines: {chain}")
        return replace(found, path=path)

    def _custom_task(self, entry: Mapping[str, Any], place: str) -> Found:
        key = custom.kind_key(entry)
        if key not in self._setting.world.custom:
            version, _, kind = key.rpartition("/")
            hint = f"give custom_tasks: [{{apiVersion: {version}, kind: {kind}, command: [...]}}]"
            raise Refused(f"{place}: nothing here does custom tasks of kind {kind} ({version})", hint=hint)
        return Found("", {}, True)

    def _check_dependencies(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Refuse before anything runs what pipeline tasks use of each other and cannot get."""
        known = [_resolved(entry, self._found[entry["name"]]) for entry in entries]
        declared = self._spec.get("workspaces") or []
        for reason, problem in (
            ("InvalidTaskResultReference", check_dependencies.task_results(known)),
            (
                "InvalidPipelineResultReference",
                check_dependencies.pipeline_results(self._spec.get("results") or [], known),
            ),
            ("RequiredWorkspaceMarkedOptional", check_dependencies.optional_workspaces(declared, known)),
        ):
            if problem:
                raise self._refused(reason, "spec", problem)
        self._check_enums()

    def _check_enums(self) -> None:
        """A param of the Pipeline must not reach a Task with values that the Task's enum has not."""
        declared = self._spec.get("params") or []
        for entry in [*self._spec["tasks"], *(self._spec.get("finally") or [])]:
            try:
                bindings.check_enums(
                    entry.get("params") or [], declared, self._found[entry["name"]].spec, entry["name"]
                )
            except Invalid as error:
                raise self._refused("PipelineValidationFailed", "spec.params", error.message) from error

    def _refused(self, reason: str, path: str, message: str) -> Invalid:
        error = Invalid(path, message, obj=f"PipelineRun {self._name}", at=self._run.place(path))
        error.reason = reason
        return error

    def _pipeline_document(self) -> Document:
        return self._bundle.find("Pipeline", self._pipeline) or self._run if self._pipeline else self._run

    def _check_bindings(self) -> dict[str, Mapping[str, Any]]:
        given = self._run.data["spec"].get("workspaces") or []
        strings = params.replacements(self._params).strings
        bound: dict[str, Mapping[str, Any]] = {e["name"]: e for e in workspaces.replaced(given, strings)}
        for index, entry in enumerate(bound.values()):
            self._setting.world.executor.check(entry, f"spec.workspaces[{index}]")
        try:
            bindings.check_workspaces(self._spec, self._run.data["spec"])
            bindings.check_task_run_specs(self._spec, self._run.data["spec"])
        except Invalid as error:
            error.obj, error.at = f"PipelineRun {self._name}", self._run.place(error.field)
            raise
        return bound


def given_params(run: Manifest) -> dict[str, Any]:
    """Return the params of a PipelineRun or TaskRun object by name."""
    return {entry["name"]: entry["value"] for entry in run["spec"].get("params") or []}


def _resolved(entry: Mapping[str, Any], found: Found) -> Resolved:
    kind = kind_of(entry)
    return Resolved(entry, found.spec if kind is Kind.TASK_RUN else None, custom=kind is Kind.CUSTOM_RUN)
