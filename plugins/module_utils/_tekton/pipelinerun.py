# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One PipelineRun: its pipeline resolved, its params and workspaces bound, each task turned into a TaskRun request.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/pipelinerun.go and resources/apply.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core import ids
from .._core.errors import Invalid
from .._core.events import Subject
from .._core.yaml import Document
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
from .decide.ending import Condition
from .decide.facts import Facts
from .decide.params import Value
from .decide.results import Outcome
from .decide.substitution import Replacements
from .loop import Loop, snapshot
from .model.parse import Bundle
from .pipelinetask import Child, PipelineTasks
from .resolve import local
from .resolve.local import Found
from .store import Store


class PipelineRun:
    """A run before, while and after it is driven."""

    def __init__(
        self,
        bundle: Bundle,
        run: Document,
        name: str,
        namespace: str,
        extra: Mapping[str, Any],
        world: World,
        store: Store,
        parallelism: int,
    ) -> None:
        self._bundle, self._run, self._name, self._namespace = bundle, run, name, namespace
        self._world, self._store, self._parallelism = world, store, parallelism
        self._spec, self._pipeline = self.pipeline_of(bundle, run)
        given = {**{entry["name"]: entry["value"] for entry in run.data["spec"].get("params") or []}, **extra}
        self._params = self._resolve_params(given)
        self._timeouts = timeouts.resolve(run.data["spec"].get("timeouts"), world.config.whole_timeout)
        self._bindings = self._check_bindings()
        applied = self._applied()
        entries, last = applied["tasks"], applied.get("finally") or []
        self.tasks: dict[str, Mapping[str, Any]] = {entry["name"]: entry for entry in entries}
        self.final: dict[str, Mapping[str, Any]] = {entry["name"]: entry for entry in last}
        self._facts: Facts | None = None
        self._found = {entry["name"]: self._resolve(entry) for entry in [*entries, *last]}
        self._check_dependencies([*entries, *last])
        self._tasks = PipelineTasks(
            run=run.data,
            name=name,
            namespace=namespace,
            params=self._params,
            bindings=self._bindings,
            found=self._found,
            specs={**self.tasks, **self.final},
            world=world,
            folder=store.folder,
            parallelism=parallelism,
        )

    @staticmethod
    def pipeline_of(bundle: Bundle, run: Document) -> tuple[Mapping[str, Any], str]:
        """Return the pipeline's spec and its name (empty for an inline one)."""
        spec = run.data["spec"]
        if spec.get("pipelineSpec"):
            return spec["pipelineSpec"], ""
        found = local.given(bundle, run, spec["pipelineRef"], "Pipeline", "spec.pipelineRef")
        return found.spec, found.name

    def run(self, before: Mapping[str, Any], subject: Subject) -> tuple[Condition, dict[str, TaskEnd]]:
        """Drive to the end; tasks that an interrupted earlier run finished are not run again."""
        loop = Loop(
            name=self._name,
            tasks=list(self.tasks.values()),
            final=list(self.final.values()),
            timeouts=self._timeouts,
            start=self._tasks.start,
            cel=self._world.cel,
            children=lambda task: [(child.name, child.end) for child in self._tasks.children.get(task) or ()],
            save=lambda loop: self._store.save({"tasks": snapshot(loop)}),
            events=self._world.events,
            subject=subject,
            cancel=self._world.cancel,
            parallelism=self._parallelism,
        )
        self._resume(loop, before.get("tasks") or {})
        self._facts = loop.run()
        return self._ended(ending.condition(self._facts, self._name)), loop.ends

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

    def task_runs(self, ends: Mapping[str, TaskEnd]) -> list[tuple[str, Child]]:
        """Return the TaskRuns with the names of their pipeline tasks, in the order in which tasks ended."""
        known = self._tasks.children
        return [
            (task, child)
            for task, end in ends.items()
            for child in known.get(task) or [Child(self._tasks.run_name(task), end)]
        ]

    def skipped(self) -> list[dict[str, str]]:
        """Return the skipped tasks with their reasons."""
        found = child_status.skipped_tasks(self._facts) if self._facts else []
        return [{"task": entry["name"], "reason": entry["reason"]} for entry in found]

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
        meta = {"name": self._name, "namespace": self._namespace, "uid": ids.new_uid()}
        context = apply_pipeline.context_values(self._pipeline or self._name, {"metadata": meta})
        bound = apply_pipeline.bound_workspaces(self._spec.get("workspaces") or [], list(self._bindings.values()))
        spec = apply_pipeline.apply(self._spec, params.replacements(self._params))
        return apply_pipeline.apply(apply_pipeline.contexts(spec, context), Replacements(bound))

    def _resolve(self, entry: Mapping[str, Any]) -> Found:
        group = "tasks" if entry["name"] in self.tasks else "finally"
        index = list(self.tasks if group == "tasks" else self.final).index(entry["name"])
        has_cel = any(expression.get("cel") for expression in entry.get("when") or [])
        if has_cel and self._world.cel is when.no_cel:
            raise Invalid(
                f"spec.{group}[{index}].when", "has CEL, which is not evaluated yet", hint="use input and values"
            )
        found = local.inline_or_given(self._bundle, self._pipeline_document(), entry, f"spec.{group}[{index}]")
        self._world.executor.refuse(found.spec, f"Task {found.name or entry['name']}", found.actions)
        return found

    def _check_dependencies(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Refuse before anything runs what pipeline tasks use of each other and cannot get."""
        known = [Resolved(entry, self._found[entry["name"]].spec) for entry in entries]
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
            self._world.executor.check(entry, f"spec.workspaces[{index}]")
        try:
            bindings.check_workspaces(self._spec, self._run.data["spec"])
            bindings.check_task_run_specs(self._spec, self._run.data["spec"])
        except Invalid as error:
            error.obj, error.at = f"PipelineRun {self._name}", self._run.place(error.field)
            raise
        return bound
