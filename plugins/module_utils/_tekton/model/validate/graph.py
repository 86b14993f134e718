# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph of a pipeline: every task that is waited for exists, and none waits for itself.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipeline_types.go (Deps), pkg/reconciler/pipeline/dag/dag.go
(Build), v1.15. The graph itself is read by decide/dag; here its mistakes get their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...decide import dag
from .problem import Problem, Problems, invalid
from .read import Raw, text, texts


def deps(tasks: Sequence[Raw]) -> dict[str, list[str]]:
    """Return for each task that waits those it waits for, sorted: by runAfter and by use of results."""
    waits = {text(task, "name"): sorted(dag.dependencies(task)) for task in tasks}
    return {name: before for name, before in waits.items() if before}


def problems(tasks: Sequence[Raw]) -> Problems:
    """Check the graph. Source: validateGraph."""
    wrong = dag.wrong(tasks)
    if wrong is None:
        return ()
    names = [text(task, "name") for task in tasks]
    index = names.index(wrong.task) if wrong.task in names else 0
    if wrong.way:
        plain = f"is part of a cycle: {' -> '.join(wrong.way)}"
        return (_problem(wrong.message, f"tasks[{index}]", plain),)
    if wrong.other:
        return (_stranger(wrong.message, index, tasks[index], wrong.other, names),)
    second = names.index(wrong.task, index + 1)
    return (_problem(wrong.message, f"tasks[{second}].name", f"is used twice: {wrong.task!r}"),)


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
