# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph of a pipeline: edges by runAfter and by use of results.

Source: tektoncd/pipeline pkg/reconciler/pipeline/dag/dag.go, pkg/apis/pipeline/v1/pipeline_types.go (Deps), v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RESULT = re.compile(r"\$\((?:tasks|finally)\.([^.()\[\]]+)\.(?:results\.|results\[|matrix\.|outputs)")
_WITH_EDGES = ("params", "matrix", "when")


def result_tasks(task: Mapping[str, Any]) -> list[str]:
    """Return the tasks whose results this one uses, in order of appearance."""
    found: list[str] = []
    for value in _texts([task.get(name) for name in _WITH_EDGES] + [_inline(task)]):
        found += [name for name in RESULT.findall(value) if name not in found]
    return found


def _inline(task: Mapping[str, Any]) -> Any:
    spec = task.get("taskSpec") or {}
    return [spec.get("steps"), spec.get("sidecars")]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def edges(tasks: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return for each task those that must be done before it."""
    names = {task["name"] for task in tasks}
    return {task["name"]: sorted({*(task.get("runAfter") or []), *result_tasks(task)} & names) for task in tasks}


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
    """Return the tasks in waves: those of one wave may run together."""
    before = edges(tasks)
    waves: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(before):
        wave = [name for name, needed in before.items() if name not in placed and set(needed) <= placed]
        if not wave:
            break
        waves.append(wave)
        placed.update(wave)
    return waves
