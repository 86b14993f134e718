# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One PipelineRun: its pipeline resolved, its params and workspaces bound, each task turned into a TaskRun request.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/pipelinerun.go and resources/apply.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Invalid
from .._core.events import Subject
from .._core.yaml import Document
from .act import process
from .act.process import StepEnd, TaskEnd, World
from .act.workspaces import Bound
from .decide import bindings, child_status, ending, params, results, state, substitution, timeouts, when
from .decide.ending import Condition
from .decide.facts import Facts
from .decide.params import Value
from .decide.substitution import Replacements
from .loop import Loop, snapshot
from .model.parse import Bundle
from .resolve import local
from .resolve.local import Found
from .store import Store
from .taskrun import Request, plan


class PipelineRun:
    """A run before, while and after it is driven."""

    def __init__(
        self,
        bundle: Bundle,
        run: Document,
        name: str,
        extra: Mapping[str, Any],
        world: World,
        store: Store,
        parallelism: int,
    ) -> None:
        self._bundle, self._run, self._name = bundle, run, name
        self._world, self._store, self._parallelism = world, store, parallelism
        self._spec, self._pipeline = self.pipeline_of(bundle, run)
        given = {**{entry["name"]: entry["value"] for entry in run.data["spec"].get("params") or []}, **extra}
        self._params: dict[str, Value] = params.resolve(self._spec.get("params") or [], given, f"PipelineRun {name}")
        self._timeouts = timeouts.resolve(run.data["spec"].get("timeouts"))
        self._bindings = self._check_bindings()
        fixed = self._fixed()
        entries = [_with(task, fixed) for task in self._spec["tasks"]]
        last = [_with(task, fixed) for task in self._spec.get("finally") or []]
        self.tasks: dict[str, Mapping[str, Any]] = {entry["name"]: entry for entry in entries}
        self.final: dict[str, Mapping[str, Any]] = {entry["name"]: entry for entry in last}
        self._facts: Facts | None = None
        self._found = {entry["name"]: self._resolve(entry) for entry in [*entries, *last]}

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
            start=self._start,
            cel=self._world.cel,
            save=lambda loop: self._store.save({"tasks": snapshot(loop)}),
            events=self._world.events,
            subject=subject,
            cancel=self._world.cancel,
            parallelism=self._parallelism,
        )
        self._resume(loop, before.get("tasks") or {})
        self._facts = loop.run()
        return ending.condition(self._facts, self._name), loop.ends

    def results(self, condition: Condition) -> dict[str, Value]:
        """Return the pipeline's results; one whose producer did not give it is left out."""
        found = state.task_results(self._facts.state if self._facts else ())
        known = _together(results.known(found), results.known(found, "finally"))
        out: dict[str, Value] = {}
        for declared in self._spec.get("results") or []:
            if not results.missing(declared["value"], found):
                out[declared["name"]] = substitution.whole(declared["value"], known)
        return out

    def skipped(self) -> list[dict[str, str]]:
        """Return the skipped tasks with their reasons."""
        found = child_status.skipped_tasks(self._facts) if self._facts else []
        return [{"task": entry["name"], "reason": entry["reason"]} for entry in found]

    def run_name(self, task: str) -> str:
        """Return the TaskRun's name; too long ones are cut and hashed as upstream does."""
        return child_status.new_names(task, self._name)[0]

    def _resume(self, loop: Loop, before: Mapping[str, Any]) -> None:
        for name, saved in before.items():
            if name in self.tasks:
                steps = tuple(StepEnd(**step) for step in saved["steps"])
                loop.took(name, TaskEnd(**{**saved, "steps": steps}))

    def _start(self, task: str, given: Replacements, cancel: Cancel) -> TaskEnd:
        found, entry = self._found[task], self.tasks.get(task) or self.final[task]
        attempts = int(entry.get("retries") or 0) + 1
        name, world = self.run_name(task), replace(self._world, cancel=cancel)
        for attempt in range(attempts):
            request = self._request(task, entry, found, given, attempt)
            folder = self._store.folder if attempt == 0 else f"{self._store.folder}/retry-{attempt}"
            end = process.TaskRun(plan(request, folder), world).run()
            if end.succeeded or attempt + 1 == attempts:
                return end
            text = f"{task}: {end.message}; trying again ({attempt + 1} of {attempts - 1})"
            self._world.events.emit(Subject("TaskRun", "", name), "Warning", reason="ToBeRetried", message=text)
        raise AssertionError("unreachable")

    def _request(self, name: str, entry: Mapping[str, Any], found: Found, given: Replacements, attempt: int) -> Request:
        values = {
            param["name"]: substitution.whole(params.typed(param["value"]), given)
            for param in entry.get("params") or []
        }
        spec: Mapping[str, Any] = found.spec
        if found.inline:
            values = {**self._propagated(spec), **values}
            spec = substitution.task_spec(spec, _only_results(given))
        context = {
            "context.taskRun.name": self.run_name(name),
            "context.taskRun.namespace": "default",
            "context.taskRun.uid": ids.new_uid(),
            "context.task.name": found.name or self.run_name(name),
            "context.task.retry-count": str(attempt),
        }
        return Request(
            name=self.run_name(name), task=name, spec=spec, params=values, workspaces=self._workspaces(entry, found),
            timeout=timeouts.task_timeout(entry.get("timeout"), self._run_spec(name).get("timeout")), context=context,
        )  # fmt: skip

    def _propagated(self, spec: Mapping[str, Any]) -> dict[str, Value]:
        """Params of the run reach inline specs, and beat the defaults there."""
        return dict(self._params)

    def _run_spec(self, name: str) -> Mapping[str, Any]:
        entries = self._run.data["spec"].get("taskRunSpecs") or []
        found: Mapping[str, Any] = next((entry for entry in entries if entry.get("pipelineTaskName") == name), {})
        return found

    def _fixed(self) -> list[Replacements]:
        """Stages that do not change while the run goes on."""
        context = {
            "context.pipelineRun.name": self._name,
            "context.pipelineRun.namespace": "default",
            "context.pipelineRun.uid": ids.new_uid(),
            "context.pipeline.name": self._pipeline or self._name,
        }
        bound = {
            f"workspaces.{w['name']}.bound": str(w["name"] in self._bindings).lower()
            for w in self._spec.get("workspaces") or []
        }
        return [params.replacements(self._params), Replacements(context), Replacements(bound)]

    def _resolve(self, entry: Mapping[str, Any]) -> Found:
        group = "tasks" if entry["name"] in self.tasks else "finally"
        index = list(self.tasks if group == "tasks" else self.final).index(entry["name"])
        if entry.get("matrix"):
            raise Invalid(
                f"spec.{group}[{index}].matrix", "is not executed yet", hint="write the combinations as tasks"
            )
        has_cel = any(expression.get("cel") for expression in entry.get("when") or [])
        if has_cel and self._world.cel is when.no_cel:
            raise Invalid(
                f"spec.{group}[{index}].when", "has CEL, which is not evaluated yet", hint="use input and values"
            )
        found = local.inline_or_given(self._bundle, self._pipeline_document(), entry, f"spec.{group}[{index}]")
        process.refuse(found.spec, self._world, f"Task {found.name or entry['name']}")
        return found

    def _pipeline_document(self) -> Document:
        return self._bundle.find("Pipeline", self._pipeline) or self._run if self._pipeline else self._run

    def _check_bindings(self) -> dict[str, Mapping[str, Any]]:
        given = {entry["name"]: entry for entry in self._run.data["spec"].get("workspaces") or []}
        for index, entry in enumerate(given.values()):
            self._world.volumes.check(entry, f"spec.workspaces[{index}]")
        try:
            bindings.check_workspaces(self._spec, self._run.data["spec"])
            bindings.check_task_run_specs(self._spec, self._run.data["spec"])
        except Invalid as error:
            error.obj, error.at = f"PipelineRun {self._name}", self._run.place(error.field)
            raise
        return given

    def _workspaces(self, entry: Mapping[str, Any], found: Found) -> dict[str, Bound]:
        out = {}
        used = {usage["name"]: usage for usage in entry.get("workspaces") or []}
        if found.inline:
            for declared in found.spec.get("workspaces") or []:
                used.setdefault(declared["name"], {"name": declared["name"]})
        for name, usage in used.items():
            binding = self._bindings.get(usage.get("workspace") or name)
            if binding is None:
                continue
            parts = [part for part in (binding.get("subPath"), usage.get("subPath")) if part]
            joined = {**binding, "subPath": "/".join(parts)}
            out[name] = self._world.volumes.bind(joined, self.run_name(entry["name"]))
        return out


def _with(task: Mapping[str, Any], stages: list[Replacements]) -> dict[str, Any]:
    """Return a pipeline task with the run's params and context in the fields that take them."""
    out = dict(task)
    for stage in stages:
        for name in ("when", "matrix", "displayName", "workspaces", "timeout", "onError"):
            if name in out:
                out[name] = substitution.deep(out[name], stage)
        if out.get("params"):
            out["params"] = [{**p, "value": substitution.whole(params.typed(p["value"]), stage)} for p in out["params"]]
    return out


def _together(first: Replacements, second: Replacements) -> Replacements:
    return Replacements(
        {**first.strings, **second.strings}, {**first.arrays, **second.arrays}, {**first.objects, **second.objects}
    )


def _only_results(given: Replacements) -> Replacements:
    return Replacements(
        {key: value for key, value in given.strings.items() if key.startswith("tasks.")}, given.arrays, given.objects
    )
