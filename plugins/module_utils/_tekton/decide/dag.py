# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph of a pipeline: edges by runAfter and by use of results.

Source: tektoncd/pipeline pkg/reconciler/pipeline/dag/dag.go, pkg/apis/pipeline/v1/pipeline_types.go (Deps), v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
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


def build(tasks: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return for each task those before it; Invalid for a name used twice, a cycle, or a task that does not exist.

    Source: Build.
    """
    graph: dict[str, list[str]] = {}
    for task in tasks:
        name = str(task["name"])
        if name in graph:
            raise _invalid(f"task {name} is already present in Graph, can't add it again: duplicate pipeline task")
        graph[name] = dependencies(task)
    problem = interdependency(graph)
    if problem:
        raise _invalid(f"cycle detected; {problem}")
    for name, before in graph.items():
        for other in before:
            if other not in graph:
                raise _invalid(
                    f"couldn't add link between {name} and {other}: "
                    f"task {name} depends on {other} but {other} wasn't present in Pipeline"
                )
    return graph


def _invalid(message: str) -> Invalid:
    error = Invalid("tasks", message)
    error.reason = "PipelineInvalidGraph"
    return error


def interdependency(before: Mapping[str, Collection[str]]) -> str:
    """Say which task can never start because tasks wait for each other, "" for none.

    Of those that are left when all others have run, the first by name. Source: findCyclesInDependencies.
    """
    left = {name: set(others) for name, others in before.items() if others}
    while ready := {other for others in left.values() for other in others} - set(left):
        for others in left.values():
            others -= ready
        left = {name: others for name, others in left.items() if others}
    if not left:
        return ""
    first = min(left)
    return f"task {quoted(first)} depends on {', '.join(quoted(other) for other in sorted(left[first]))}"


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


def cycle(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the tasks of a cycle, first one repeated at the end, or an empty list."""
    before = edges(tasks)
    done: set[str] = set()
    for start in before:
        path: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(before[start]))]
        while stack:
            name, rest = stack[-1]
            if name in done:
                stack.pop()
                continue
            if name not in path:
                path.append(name)
            following = next(rest, None)
            if following is None:
                done.add(name)
                path.remove(name)
                stack.pop()
            elif following in path:
                return [*reversed(path[path.index(following) :]), path[-1]]
            else:
                stack.append((following, iter(before[following])))
    return []


def order(tasks: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the tasks in waves: those of one wave may run together. Tasks of a cycle, and what waits for them, are left out."""
    before = edges(tasks)
    place = {name: index for index, name in enumerate(before)}
    open_ones = {name: len(others) for name, others in before.items()}
    after: dict[str, list[str]] = {name: [] for name in before}
    for name, others in before.items():
        for other in others:
            after[other].append(name)
    waves: list[list[str]] = []
    wave = [name for name, number in open_ones.items() if not number]
    while wave:
        waves.append(wave)
        following = [name for done in wave for name in after[done]]
        for name in following:
            open_ones[name] -= 1
        wave = sorted({name for name in following if not open_ones[name]}, key=place.__getitem__)
    return waves
