# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph of a pipeline: edges by runAfter and by use of results.

Source: tektoncd/pipeline pkg/reconciler/pipeline/dag/dag.go, pkg/apis/pipeline/v1/pipeline_types.go (Deps), v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from . import references
from .references import quoted

RESULT = re.compile(r"\$\((?:tasks|finally)\.([^.()\[\]]+)\.(?:results\.|results\[|matrix\.|outputs)")
_WITH_EDGES = ("params", "matrix", "when")


def result_tasks(task: Mapping[str, Any]) -> list[str]:
    """Return the tasks whose results this one uses, in order of appearance."""
    found: list[str] = []
    for value in references.texts([task.get(name) for name in _WITH_EDGES] + [_inline(task)]):
        found += [name for name in RESULT.findall(value) if name not in found]
    return found


def _inline(task: Mapping[str, Any]) -> Any:
    spec = task.get("taskSpec") or {}
    return [spec.get("steps"), spec.get("sidecars")]


def edges(tasks: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return for each task those that must be done before it."""
    names = {task["name"] for task in tasks}
    return {task["name"]: sorted({*(task.get("runAfter") or []), *result_tasks(task)} & names) for task in tasks}


def dependencies(task: Mapping[str, Any]) -> list[str]:
    """Return all tasks that one waits for, also those that do not exist. Source: PipelineTask.Deps."""
    return list(dict.fromkeys([*result_tasks(task), *(task.get("runAfter") or [])]))


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a graph is none. `task` is the task at fault, `other` what it waits for in vain, `way` goes round a cycle."""

    message: str
    task: str
    other: str = ""
    way: tuple[str, ...] = ()


def wrong(tasks: Sequence[Mapping[str, Any]]) -> Wrong | None:
    """Return what is wrong with a graph: a name used twice, a cycle, or a task that does not exist; None for nothing.

    Source: Build.
    """
    graph: dict[str, list[str]] = {}
    for task in tasks:
        name = str(task.get("name") or "")
        if name in graph:
            message = f"task {name} is already present in Graph, can't add it again: duplicate pipeline task"
            return Wrong(message, name)
        graph[name] = dependencies(task)
    if left := unreachable(graph):
        way = _way(min(left), left)
        return Wrong(f"cycle detected; {_interdependent(left)}", min(left), way=way)
    for name, before in graph.items():
        for other in sorted(before):
            if other not in graph:
                link = f"couldn't add link between {name} and {other}"
                message = f"{link}: task {name} depends on {other} but {other} wasn't present in Pipeline"
                return Wrong(message, name, other)
    return None


def build(tasks: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return for each task those before it; Invalid for what is no graph."""
    problem = wrong(tasks)
    if problem is not None:
        raise _invalid(problem.message)
    return {str(task["name"]): dependencies(task) for task in tasks}


def _invalid(message: str) -> Invalid:
    error = Invalid("tasks", message)
    error.reason = "PipelineInvalidGraph"
    return error


def unreachable(before: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Return the tasks that are left when all that can run has run, with what each still waits for.

    Source: findCyclesInDependencies.
    """
    left = {name: set(others) for name, others in before.items() if others}
    after = _followers(left)
    ready = [name for name in after if name not in left]
    while ready:
        done = ready.pop()
        for name in after.get(done, ()):
            left[name].discard(done)
            if not left[name]:
                del left[name]
                ready.append(name)
    return left


def _followers(before: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Return for each task those that wait for it."""
    after: dict[str, list[str]] = {}
    for name, others in before.items():
        for other in others:
            after.setdefault(other, []).append(name)
    return after


def interdependency(before: Mapping[str, Collection[str]]) -> str:
    """Say which task can never start because tasks wait for each other, "" for none. The first by name is named."""
    left = unreachable(before)
    return _interdependent(left) if left else ""


def _interdependent(left: Mapping[str, set[str]]) -> str:
    first = min(left)
    return f"task {quoted(first)} depends on {', '.join(quoted(other) for other in sorted(left[first]))}"


def _way(first: str, left: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return a way round the cycle for a person: each waits for the next."""
    way = [first]
    while way[-1] not in way[:-1]:
        way.append(min(left[way[-1]] & set(left), default=first))
    return tuple(way)


def candidates(before: Mapping[str, Sequence[str]], done: Collection[str]) -> set[str]:
    """Return the tasks that may start when `done` are done; Invalid when one is done before those it waits for.

    Source: GetCandidateTasks.
    """
    impossible = [name for name in done if name not in before or not _reached(name, before, done)]
    if impossible:
        raise _invalid(
            "invalid list of done tasks; some tasks were indicated completed without ancestors being done: "
            f"[{' '.join(impossible)}]"
        )
    return {name for name, others in before.items() if name not in done and all(other in done for other in others)}


def _reached(name: str, before: Mapping[str, Sequence[str]], done: Collection[str]) -> bool:
    """A task is looked at when it waits for nothing, or after one of those it waits for that is done and was reached."""
    others = before[name]
    return not others or any(other in done and _reached(other, before, done) for other in others)


def order(tasks: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the tasks in waves: those of one wave may run together. Tasks of a cycle, and what waits for them, are left out."""
    before = edges(tasks)
    after, missing = _followers(before), {name: len(needed) for name, needed in before.items()}
    place = {name: index for index, name in enumerate(before)}
    waves: list[list[str]] = []
    wave = [name for name, count in missing.items() if not count]
    while wave:
        waves.append(wave)
        following: list[str] = []
        for name in (one for done in wave for one in after.get(done, ())):
            missing[name] -= 1
            if not missing[name]:
                following.append(name)
        wave = sorted(following, key=lambda name: place[name])
    return waves
