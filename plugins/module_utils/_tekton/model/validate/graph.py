# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph of a pipeline: every task that is waited for exists, and none waits for itself.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipeline_types.go (Deps), pkg/reconciler/pipeline/dag/dag.go
(Build), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...decide import dag
from .problem import Problem, Problems, invalid, quoted
from .read import Raw, part, text, texts


def deps(tasks: Sequence[Raw]) -> dict[str, list[str]]:
    """Return for each task that waits those it waits for, sorted: by runAfter and by use of results."""
    waits = {text(task, "name"): sorted({*texts(task, "runAfter"), *_result_tasks(task)}) for task in tasks}
    return {name: before for name, before in waits.items() if before}


def _result_tasks(task: Raw) -> list[str]:
    return dag.result_tasks({**task, "taskSpec": part(task, "taskSpec")})


def problems(tasks: Sequence[Raw]) -> Problems:
    """Check the graph. Source: validateGraph."""
    names = [text(task, "name") for task in tasks]
    doubled = next((index for index, name in enumerate(names) if name in names[:index]), None)
    if doubled is not None:
        name = names[doubled]
        message = f"task {name} is already present in Graph, can't add it again: duplicate pipeline task"
        return (_problem(message, f"tasks[{doubled}].name", f"is used twice: {name!r}"),)
    waits = deps(tasks)
    return _cycle(names, waits) or _strangers(tasks, names, waits)


def _cycle(names: Sequence[str], waits: Mapping[str, Sequence[str]]) -> Problems:
    """Source: findCyclesInDependencies: what is left when all that can be done is done."""
    left = {name: set(before) for name, before in waits.items()}
    free = {before for several in waits.values() for before in several} - set(left)
    while free:
        left = {name: before - free for name, before in left.items()}
        free = {name for name, before in left.items() if not before}
        left = {name: before for name, before in left.items() if before}
    if not left:
        return ()
    first = min(left)
    message = f"cycle detected; task {quoted(first)} depends on {', '.join(map(quoted, sorted(left[first])))}"
    where = f"tasks[{names.index(first)}]" if first in names else "tasks"
    return (_problem(message, where, f"is part of a cycle: {' -> '.join(_way(first, left))}"),)


def _way(first: str, left: Mapping[str, set[str]]) -> list[str]:
    """Return a way round the cycle for a person: each waits for the next."""
    way = [first]
    while way[-1] not in way[:-1]:
        way.append(min(left[way[-1]] & set(left), default=first))
    return way


def _strangers(tasks: Sequence[Raw], names: Sequence[str], waits: Mapping[str, Sequence[str]]) -> Problems:
    for index, task in enumerate(tasks):
        name = text(task, "name")
        for before in waits.get(name, ()):
            if before not in names:
                link = f"couldn't add link between {name} and {before}"
                message = f"{link}: task {name} depends on {before} but {before} wasn't present in Pipeline"
                return (_stranger(message, index, task, before, names),)
    return ()


def _stranger(message: str, index: int, task: Raw, before: str, names: Sequence[str]) -> Problem:
    hint = f"tasks of this pipeline: {', '.join(names)}"
    after = texts(task, "runAfter")
    if before in after:
        where, plain = f"tasks[{index}].runAfter[{after.index(before)}]", "names a task that does not exist"
    else:
        where, plain = f"tasks[{index}]", "uses a result of a task that does not exist"
    return replace(_problem(message, where, f"{plain}: {before!r}"), hint=hint)


def _problem(message: str, at: str, plain: str) -> Problem:
    return replace(invalid(message, "tasks"), at=at, plain=plain)
