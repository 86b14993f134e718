# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One pipeline task as TaskRuns: one, or one for each combination of its matrix.

Knows what a task gets of its run; must not know the order of tasks.
Source: tektoncd/pipeline pkg/reconciler/pipelinerun/pipelinerun.go (createTaskRuns), v1.15.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from .._core import ids
from .._core.cancel import Cancel
from .._core.errors import Invalid
from .._core.types import Manifest
from .._core.yaml import Document
from . import custom, objects
from .act.executor import TaskEnd, World
from .decide import apply_pipeline, apply_task, check_params, child_status, matrix, runs, timeouts, workspaces
from .decide.children import Kind, kind_of
from .decide.params import Value
from .decide.substitution import Replacements
from .loop import Child
from .objects import Identity
from .resolve.local import Found
from .taskrun import RESOURCES, Request, Sources, attempts

Nested = Callable[[Document, Cancel, "tuple[str, ...]"], TaskEnd]


@dataclass(slots=True)
class PipelineTasks:
    """Starts pipeline tasks. `run` is the PipelineRun object, `found` what each pipeline task runs.

    `nested` drives a child PipelineRun, `custom` a CustomRun. `children` grows by the runs that have ended; it is
    empty for tasks that an earlier run finished.
    """

    run: Manifest
    params: Mapping[str, Value]
    bindings: Mapping[str, Mapping[str, Any]]
    found: Mapping[str, Found]
    specs: Mapping[str, Mapping[str, Any]]
    world: World
    folder: str
    nested: Nested
    parallelism: int = 8
    children: dict[str, list[Child]] = field(default_factory=dict)
    _fanned: dict[str, Mapping[str, Any]] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._fanned = {name: entry for name, entry in self.specs.items() if matrix.fans_out(entry)}

    @property
    def name(self) -> str:
        return str(self.run["metadata"]["name"])

    def run_name(self, task: str) -> str:
        """Return the name of a task's run when it has one only."""
        return child_status.new_names(task, self.name)[0]

    def start(self, task: str, given: Replacements, cancel: Cancel) -> TaskEnd:
        """Run a task to its end. `given` is what references to other tasks mean now, `cancel` stops this task."""
        spec = apply_pipeline.results(self.specs[task], given)
        with self._lock:
            entry = apply_pipeline.task_contexts(spec, list({**self._fanned, task: spec}.values()), self._lists())
            if task in self._fanned:
                self._fanned[task] = entry
        world = replace(self.world, cancel=cancel)
        if matrix.fans_out(entry):
            return self._fan_out(task, entry, given, world)
        params = entry.get("params") or []
        child = Child(self.run_name(task), self._one(task, entry, given, self.run_name(task), world), params)
        self.children[task] = [child]
        return child.end

    def _one(self, task: str, entry: Mapping[str, Any], given: Replacements, name: str, world: World) -> TaskEnd:
        kind = kind_of(entry)
        if kind is Kind.PIPELINE_RUN:
            return self.nested(self._child_run(task, entry, name), world.cancel, self.found[task].path)
        if kind is Kind.CUSTOM_RUN:
            return custom.run(self._identity(Kind.CUSTOM_RUN, name, task), custom.spec_of(entry), world)
        return attempts(self._request(task, entry, given, name), int(entry.get("retries") or 0), self.folder, world)

    def _child_run(self, task: str, entry: Mapping[str, Any], name: str) -> Document:
        """Return the PipelineRun of a pipeline in a pipeline: it gets params, workspaces and the template of its parent."""
        spec = {key: entry[key] for key in ("pipelineRef", "pipelineSpec", "params") if entry.get(key)}
        template = self.run["spec"].get("taskRunTemplate")
        bound = [self._for_child(usage) for usage in entry.get("workspaces") or [] if self._binding(usage) is not None]
        more = {"workspaces": bound, "taskRunTemplate": template}
        obj = objects.of_run(self._identity(Kind.PIPELINE_RUN, name, task), {**spec, **_without_empty(more)}, {})
        return Document(obj, f"<{task} of PipelineRun {self.name}>")

    def _binding(self, usage: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return self.bindings.get(str(usage.get("workspace") or usage["name"]))

    def _for_child(self, usage: Mapping[str, Any]) -> dict[str, Any]:
        """A claim made from a template is one for the whole run: children get it by its name."""
        binding = {**(self._binding(usage) or {}), "name": usage["name"]}
        if "volumeClaimTemplate" in binding:
            bound = self.world.executor.bind(self._binding(usage) or {}, self.name)
            del binding["volumeClaimTemplate"]
            binding["persistentVolumeClaim"] = {"claimName": bound.claim}
        return _within(binding, usage)

    def _identity(self, kind: Kind, name: str, task: str) -> Identity:
        meta = self.run["metadata"]
        return Identity(kind, name, str(meta["namespace"]), ids.new_uid(), {}, self.run, task)

    def _lists(self) -> dict[str, dict[str, Sequence[str]]]:
        """Return the collected results of the tasks with a matrix."""
        ends = {name: together(self.children[name]) for name in self._fanned if name in self.children}
        return {
            name: {key: value for key, value in end.results.items() if isinstance(value, list)}
            for name, end in ends.items()
        }

    def _fan_out(self, task: str, entry: Mapping[str, Any], given: Replacements, world: World) -> TaskEnd:
        """Run all combinations side by side, also when one fails."""
        combinations = self._combinations(task, entry)
        found = child_status.new_names(task, self.name, len(combinations))

        def one(name: str, values: Mapping[str, str]) -> Child:
            own = [{"name": key, "value": value} for key, value in values.items()]
            params = [*(entry.get("params") or []), *own]
            return Child(name, self._one(task, {**entry, "params": params}, given, name, world), params)

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

    def _request(self, task: str, entry: Mapping[str, Any], given: Replacements, name: str) -> Request:
        found = self.found[task]
        values = {param["name"]: param["value"] for param in entry.get("params") or []}
        spec: Mapping[str, Any] = found.spec
        if found.inline:
            values = {**self._propagated(spec), **values}
            spec = apply_task.apply(spec, _only_results(given))
        own = runs.task_run_spec(self.run, task)
        bound, config = self._workspaces(entry, found), self.world.config
        missing = workspaces.defaults(found.spec.get("workspaces") or [], _named(bound), config.workspace)
        bound |= {str(binding["name"]): binding for binding in missing}
        return Request(
            who=self._identity(Kind.TASK_RUN, name, task),
            task=task,
            reference=found.name,
            spec=spec,
            params=values,
            workspaces={workspace: self.world.executor.bind(binding, name) for workspace, binding in bound.items()},
            timeout=timeouts.task_timeout(entry.get("timeout") or config.task_timeout, own.get("timeout")),
            actions=found.actions,
            sources=Sources(found.source, found.step_sources),
            service_account=str(own.get("serviceAccountName") or config.service_account),
            pod_template=config.pod_of(own.get("podTemplate")),
            given=_object_spec(entry, found, own, list(bound.values())),
            ignores_failure=entry.get("onError") == "continue",
        )

    def _propagated(self, spec: Mapping[str, Any]) -> dict[str, Value]:
        """Params that an inline spec declares without a default are those of the run."""
        wanted = [entry["name"] for entry in spec.get("params") or [] if entry.get("default") is None]
        return {name: self.params[name] for name in wanted if name in self.params}

    def _workspaces(self, entry: Mapping[str, Any], found: Found) -> dict[str, Mapping[str, Any]]:
        """Return the bindings of the workspaces that a task gets, by the names that the task gives them."""
        used = {usage["name"]: usage for usage in entry.get("workspaces") or []}
        if found.inline:
            declared = {one["name"] for one in found.spec.get("workspaces") or []}
            for workspace in sorted(declared | workspaces.used_by_task(found.spec)):
                used.setdefault(workspace, {"name": workspace})
        known = {name: (usage, self._binding(usage)) for name, usage in used.items()}
        return {name: _within(binding, usage) for name, (usage, binding) in known.items() if binding is not None}


def _named(bound: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name} for name in bound]


def _within(binding: Mapping[str, Any], usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return a binding narrowed to the part that the pipeline task uses."""
    parts = [part for part in (binding.get("subPath"), usage.get("subPath")) if part]
    return {**binding, "subPath": "/".join(parts)} if parts else dict(binding)


def _object_spec(
    entry: Mapping[str, Any], found: Found, own: Mapping[str, Any], bound: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the spec of the TaskRun object."""
    names = ("params", "retries", "timeout", "taskRef", "taskSpec")
    spec = {key: entry[key] for key in names if entry.get(key)}
    more = {name: own.get(name) for name in ("serviceAccountName", "podTemplate", *RESOURCES)}
    return {**spec, **_without_empty({**more, "workspaces": list(bound)})}


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


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
