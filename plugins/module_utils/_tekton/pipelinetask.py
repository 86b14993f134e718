# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One pipeline task as TaskRuns: one, or one for each combination of its matrix.

Knows what a task gets of its run; must not know the order of tasks.
Source: tektoncd/pipeline pkg/reconciler/pipelinerun/pipelinerun.go (createTaskRuns), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .._core import ids
from .._core.errors import Invalid
from .._core.events import Subject
from .act import process
from .act.process import TaskEnd, World
from .act.workspaces import Bound
from .decide import apply_pipeline, apply_task, check_params, matrix, names, runs, timeouts, workspaces
from .decide.params import Value
from .decide.state import Facts, Task
from .decide.substitution import Replacements
from .resolve.local import Found
from .taskrun import Request, plan


@dataclass(frozen=True, slots=True)
class Child:
    """A TaskRun of a pipeline task, and how it ended."""

    name: str
    end: TaskEnd


@dataclass(slots=True)
class PipelineTasks:
    """Starts pipeline tasks. `run` is the PipelineRun object, `found` the Task of each pipeline task.

    `children` grows by the TaskRuns that have ended; it is empty for tasks that an earlier run finished.
    """

    run: Mapping[str, Any]
    name: str
    params: Mapping[str, Value]
    bindings: Mapping[str, Mapping[str, Any]]
    found: Mapping[str, Found]
    facts: Facts
    world: World
    folder: str
    parallelism: int = 8
    children: dict[str, list[Child]] = field(default_factory=dict)
    _resolved: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def run_name(self, task: str) -> str:
        """Return the name of a task's TaskRun; too long ones are cut and hashed as upstream does."""
        return names.child(self.name, f"-{task}")

    def start(self, task: Task, given: Replacements) -> TaskEnd:
        """Run a task to its end. `given` is what references to other tasks mean now."""
        entry = apply_pipeline.task_contexts(apply_pipeline.results(task.spec, given), self._tasks(), self._lists())
        self._resolved[task.name] = entry
        if matrix.fans_out(entry):
            return self._fan_out(task.name, entry, given)
        child = Child(self.run_name(task.name), self._attempts(task.name, entry, given, self.run_name(task.name)))
        self.children[task.name] = [child]
        return child.end

    def _tasks(self) -> list[Mapping[str, Any]]:
        """Return the pipeline tasks as far as they are known."""
        every = {name: task.spec for name, task in self.facts.tasks.items()}
        return list({**every, **self._resolved}.values())

    def _lists(self) -> dict[str, dict[str, Sequence[str]]]:
        """Return the collected results of the tasks with a matrix."""
        return {
            name: {key: value for key, value in task.results.items() if isinstance(value, list)}
            for name, task in self.facts.tasks.items()
            if matrix.fans_out(task.spec)
        }

    def _fan_out(self, task: str, entry: Mapping[str, Any], given: Replacements) -> TaskEnd:
        """Run all combinations side by side, also when one fails."""
        combinations = self._combinations(task, entry)
        found = [self.run_name(f"{task}-{index}") for index in range(len(combinations))]
        found = found if len(found) > 1 else [self.run_name(task)]

        def one(name: str, values: Mapping[str, str]) -> Child:
            own = [{"name": key, "value": value} for key, value in values.items()]
            params = [*(entry.get("params") or []), *own]
            return Child(name, self._attempts(task, {**entry, "params": params}, given, name))

        with ThreadPoolExecutor(self.parallelism, thread_name_prefix="matrix") as pool:
            children = list(pool.map(one, found, combinations))
        self.children[task] = children
        return together(children)

    def _combinations(self, task: str, entry: Mapping[str, Any]) -> list[matrix.Combination]:
        problem = check_params.matrix_types(entry)
        if problem:
            error = Invalid(f"tasks.{task}.matrix", problem.message, obj=f"PipelineRun {self.name}")
            error.reason = problem.reason
            raise error
        combinations = matrix.fan_out(entry["matrix"])
        if not 0 < len(combinations) <= matrix.MOST:
            hint = f"1 to {matrix.MOST} are possible"
            raise Invalid(f"tasks.{task}.matrix", f"gives {len(combinations)} combinations", hint=hint)
        return combinations

    def _attempts(self, task: str, entry: Mapping[str, Any], given: Replacements, name: str) -> TaskEnd:
        attempts = int(entry.get("retries") or 0) + 1
        for attempt in range(attempts):
            request = self._request(task, entry, given, name, attempt)
            folder = self.folder if attempt == 0 else f"{self.folder}/retry-{attempt}"
            end = process.TaskRun(plan(request, folder), self.world).run()
            if end.succeeded or attempt + 1 == attempts:
                return end
            text = f"{task}: {end.message}; trying again ({attempt + 1} of {attempts - 1})"
            self.world.events.emit(Subject("TaskRun", "", name), "Warning", reason="ToBeRetried", message=text)
        raise AssertionError("unreachable")

    def _request(self, task: str, entry: Mapping[str, Any], given: Replacements, name: str, attempt: int) -> Request:
        found = self.found[task]
        values = {param["name"]: param["value"] for param in entry.get("params") or []}
        spec: Mapping[str, Any] = found.spec
        if found.inline:
            values = {**self._propagated(spec), **values}
            spec = apply_task.apply(spec, _only_results(given))
        meta = {"name": name, "namespace": "default", "uid": ids.new_uid()}
        run = {"metadata": meta, "status": {"retriesStatus": [{}] * attempt}}
        own = runs.task_run_spec(self.run, task)
        return Request(
            name=name,
            task=task,
            spec=spec,
            params=values,
            workspaces=self._workspaces(entry, found, name),
            timeout=timeouts.task_timeout(entry.get("timeout"), own.get("timeout")),
            context=apply_task.context_values(found.name or name, run),
            actions=found.actions,
            pod_template=own.get("podTemplate") or {},
        )

    def _propagated(self, spec: Mapping[str, Any]) -> dict[str, Value]:
        """Params that an inline spec declares without a default are those of the run."""
        wanted = [entry["name"] for entry in spec.get("params") or [] if entry.get("default") is None]
        return {name: self.params[name] for name in wanted if name in self.params}

    def _workspaces(self, entry: Mapping[str, Any], found: Found, name: str) -> dict[str, Bound]:
        used = {usage["name"]: usage for usage in entry.get("workspaces") or []}
        if found.inline:
            declared = {one["name"] for one in found.spec.get("workspaces") or []}
            for workspace in sorted(declared | workspaces.used_by_task(found.spec)):
                used.setdefault(workspace, {"name": workspace})
        out = {}
        for workspace, usage in used.items():
            binding = self.bindings.get(usage.get("workspace") or workspace)
            if binding is None:
                continue
            parts = [part for part in (binding.get("subPath"), usage.get("subPath")) if part]
            out[workspace] = self.world.volumes.bind({**binding, "subPath": "/".join(parts)}, name)
        return out


def together(children: Sequence[Child]) -> TaskEnd:
    """Return the TaskRuns of a matrix as one end: the first failure counts, each result is the list of all that gave it.

    The lists are in the order of the TaskRuns' names as text. Source: createResultsCacheMatrixedTaskRuns.
    """
    failed = next((child.end for child in children if not child.end.succeeded), None)
    lists: dict[str, Value] = {}
    for child in sorted(children, key=lambda child: child.name):
        for name, value in child.end.results.items():
            if isinstance(value, str):
                known = lists.setdefault(name, [])
                assert isinstance(known, list)
                known.append(value)
    shown = failed or children[0].end
    steps = tuple(step for child in children for step in child.end.steps)
    seconds = max(child.end.seconds for child in children)
    return TaskEnd(failed is None, shown.reason, shown.message, lists, steps, seconds)


def _only_results(given: Replacements) -> Replacements:
    return Replacements(
        {key: value for key, value in given.strings.items() if key.startswith("tasks.")}, given.arrays, given.objects
    )
