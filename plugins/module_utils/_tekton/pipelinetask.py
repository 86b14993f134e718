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
from dataclasses import dataclass, field, replace
from typing import Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Invalid
from .act.executor import Bound, TaskEnd, World
from .decide import apply_pipeline, apply_task, check_params, matrix, names, resources, runs, timeouts, workspaces
from .decide.params import Value
from .decide.substitution import Replacements
from .resolve.local import Found
from .taskrun import Request, attempts


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
    namespace: str
    params: Mapping[str, Value]
    bindings: Mapping[str, Mapping[str, Any]]
    found: Mapping[str, Found]
    specs: Mapping[str, Mapping[str, Any]]
    world: World
    folder: str
    parallelism: int = 8
    children: dict[str, list[Child]] = field(default_factory=dict)
    _resolved: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def run_name(self, task: str) -> str:
        """Return the name of a task's TaskRun; too long ones are cut and hashed as upstream does."""
        return names.child(self.name, f"-{task}")

    def start(self, task: str, given: Replacements, cancel: Cancel) -> TaskEnd:
        """Run a task to its end. `given` is what references to other tasks mean now, `cancel` stops this task."""
        spec = apply_pipeline.results(self.specs[task], given)
        entry = apply_pipeline.task_contexts(spec, self._tasks(), self._lists())
        self._resolved[task] = entry
        world = replace(self.world, cancel=cancel)
        if matrix.fans_out(entry):
            return self._fan_out(task, entry, given, world)
        child = Child(self.run_name(task), self._attempts(task, entry, given, self.run_name(task), world))
        self.children[task] = [child]
        return child.end

    def _tasks(self) -> list[Mapping[str, Any]]:
        """Return the pipeline tasks as far as they are known."""
        return list({**self.specs, **self._resolved}.values())

    def _lists(self) -> dict[str, dict[str, Sequence[str]]]:
        """Return the collected results of the tasks with a matrix."""
        ends = {name: together(found) for name, found in self.children.items() if matrix.fans_out(self.specs[name])}
        return {
            name: {key: value for key, value in end.results.items() if isinstance(value, list)}
            for name, end in ends.items()
        }

    def _fan_out(self, task: str, entry: Mapping[str, Any], given: Replacements, world: World) -> TaskEnd:
        """Run all combinations side by side, also when one fails."""
        combinations = self._combinations(task, entry)
        found = [self.run_name(f"{task}-{index}") for index in range(len(combinations))]
        found = found if len(found) > 1 else [self.run_name(task)]

        def one(name: str, values: Mapping[str, str]) -> Child:
            own = [{"name": key, "value": value} for key, value in values.items()]
            params = [*(entry.get("params") or []), *own]
            return Child(name, self._attempts(task, {**entry, "params": params}, given, name, world))

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

    def _attempts(self, task: str, entry: Mapping[str, Any], given: Replacements, name: str, world: World) -> TaskEnd:
        return attempts(self._request(task, entry, given, name), int(entry.get("retries") or 0), self.folder, world)

    def _request(self, task: str, entry: Mapping[str, Any], given: Replacements, name: str) -> Request:
        found = self.found[task]
        values = {param["name"]: param["value"] for param in entry.get("params") or []}
        spec: Mapping[str, Any] = found.spec
        if found.inline:
            values = {**self._propagated(spec), **values}
            spec = apply_task.apply(spec, _only_results(given))
        own = runs.task_run_spec(self.run, task)
        return Request(
            name=name,
            task=task,
            reference=found.name,
            uid=ids.new_uid(),
            namespace=self.namespace,
            spec=resources.of_run(spec, {**own, "podTemplate": self.world.config.pod_of(own.get("podTemplate"))}),
            params=values,
            workspaces=self._workspaces(entry, found, name),
            timeout=timeouts.task_timeout(entry.get("timeout") or self.world.config.task_timeout, own.get("timeout")),
            actions=found.actions,
            service_account=str(own.get("serviceAccountName") or self.world.config.service_account),
            pod_template=self.world.config.pod_of(own.get("podTemplate")),
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
            out[workspace] = self.world.executor.bind({**binding, "subPath": "/".join(parts)}, name)
        bound = [{"name": workspace} for workspace in out]
        for entry in workspaces.defaults(found.spec.get("workspaces") or [], bound, self.world.config.workspace):
            out[str(entry["name"])] = self.world.executor.bind(entry, name)
        return out


def together(children: Sequence[Child]) -> TaskEnd:
    """Return the TaskRuns of a matrix as one end: the first failure counts, each result is the list of all that gave it.

    The lists are in the order of the TaskRuns' names as text. Source: createResultsCacheMatrixedTaskRuns.
    """
    failed = next((child.end for child in children if not child.end.succeeded), None)
    lists: dict[str, list[str]] = {}
    for child in sorted(children, key=lambda child: child.name):
        for name, value in child.end.results.items():
            if isinstance(value, str):
                lists.setdefault(name, []).append(value)
    shown = failed or children[0].end
    steps = tuple(step for child in children for step in child.end.steps)
    seconds = max(child.end.seconds for child in children)
    return TaskEnd(failed is None, shown.reason, shown.message, dict(lists), steps, seconds)


def _only_results(given: Replacements) -> Replacements:
    return Replacements(
        {key: value for key, value in given.strings.items() if key.startswith("tasks.")}, given.arrays, given.objects
    )
