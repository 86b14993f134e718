# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What comes out of a pipeline: its results, and its final tasks with what they may refer to.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipeline_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...decide import references as refs
from ...decide.matrix import all_params
from ...decide.params import typed
from . import variables
from .params import listed
from .problem import Problems, at_index, invalid, via
from .read import Raw, entries, given, part, text, texts


def section(tasks_: Sequence[Raw], last: Sequence[Raw]) -> Problems:
    """Check that finally does not stand alone. Source: validateTasksAndFinallySection."""
    if not last or tasks_:
        return ()
    return (invalid(f"spec.tasks is empty but spec.finally has {len(last)} tasks", "finally"),)


def tasks(dag_tasks: Sequence[Raw], last: Sequence[Raw]) -> Problems:
    """Check the final tasks: no order, results of other tasks only. Source: validateFinalTasks."""
    found: Problems = ()
    for index, entry in enumerate(last):
        if texts(entry, "runAfter"):
            who = text(entry, "name")
            message = f"no runAfter allowed under spec.finally, final task {who} has runAfter specified"
            found += via((invalid(message, ""),), f"finally[{index}]")
    known, final = {text(entry, "name") for entry in dag_tasks}, {text(entry, "name") for entry in last}
    for index, entry in enumerate(last):
        found += via(_references(entry, known, final), f"finally[{index}]")
    return found


def _references(entry: Raw, known: Collection[str], final: Collection[str]) -> Problems:
    """Source: validateTaskResultReferenceInFinallyTasks."""
    found: Problems = ()
    for param in entries(entry, "params"):
        problems = _results(variables.value_expressions(param.get("value")), known, final)
        found += via(problems, "params", at_index(text(param, "name")), "value")
    for index, expression in enumerate(entries(entry, "when")):
        found += via(_results(variables.when_expressions(expression), known, final), f"when[{index}]")
    return found


def _results(expressions: Sequence[str], known: Collection[str], final: Collection[str]) -> Problems:
    found: Problems = ()
    begin = "invalid task result reference, final task has task result reference from a"
    for ref in refs.task_results(expressions):
        if ref.owner in final:
            found += (invalid(f"{begin} final task {ref.owner}", ""),)
        elif ref.owner not in known:
            found += (invalid(f"{begin} task {ref.owner} which is not defined in the pipeline", ""),)
    return found


def child_results(dag_tasks: Sequence[Raw], last: Sequence[Raw]) -> Problems:
    """Check that nobody uses results of a nested pipeline. Source: validatePipelineRefResultReferencesDisallowed."""
    nested = ("pipelineRef", "pipelineSpec")
    children = {text(t, "name") for t in (*dag_tasks, *last) if any(given(t, key) for key in nested)}
    found: Problems = ()
    for group, members in (("tasks", dag_tasks), ("finally", last)):
        for index, entry in enumerate(members):
            used = [ref.owner for ref in refs.task_results(_expressions(entry)) if ref.owner in children]
            found += via((invalid(_no_propagation(who), "") for who in dict.fromkeys(used)), f"{group}[{index}]")
    return found


def _no_propagation(task: str) -> str:
    return (
        f'result reference to pipelineTask "{task}" is not supported: referenced task uses pipelineRef or pipelineSpec '
        "and result propagation from child Pipelines is not yet implemented"
    )


def _expressions(entry: Raw) -> list[str]:
    """Return the expressions of a task that may name results. Source: PipelineTaskResultRefs."""
    given_params = [*entries(entry, "params"), *all_params(part(entry, "matrix"))]
    found = [one for param in given_params for one in variables.value_expressions(param.get("value"))]
    found += [one for expression in entries(entry, "when") for one in variables.when_expressions(expression)]
    spec = part(entry, "taskSpec")
    for step in (*entries(spec, "steps"), *entries(spec, "sidecars")):
        values = [text(step, "script"), text(step, "workingDir"), *texts(step, "command"), *texts(step, "args")]
        values += [text(variable, "value") for variable in entries(step, "env")]
        found += [one for value in values for one in refs.expressions(value)]
    return found


def results(declared: Sequence[Raw], dag_tasks: Sequence[Raw], last: Sequence[Raw]) -> Problems:
    """Check that a pipeline's results are made of results of its tasks. Source: validatePipelineResults."""
    groups = {
        "tasks": {text(entry, "name") for entry in dag_tasks},
        "finally": {text(entry, "name") for entry in last},
    }
    found: Problems = ()
    for index, result in enumerate(declared):
        found += via(_result(result.get("value"), groups), f"results[{index}]", "value")
    return found


def _result(value: object, groups: dict[str, set[str]]) -> Problems:
    expected = "expected pipeline results to be task result expressions but"
    every = variables.value_expressions(value)
    found: Problems = () if every else (invalid(f"{expected} no expressions were found", ""),)
    likely = [one for one in every if refs.looks_like_task_result(one)]
    if not likely:
        found += (invalid(f"{expected} an invalid expressions was found", ""),)
    good = [one for one in likely if variables.result_ref(one)]
    if len(good) != len(likely):
        message = (
            f"expected all of the expressions {listed(likely)} to be result expressions but only {listed(good)} were"
        )
        found += (invalid(message, ""),)
    whole = typed(value)
    if isinstance(whole, str) and not _only_results(whole, groups):
        found += (invalid("referencing a nonexistent task", ""),)
    return found


def _only_results(value: str, groups: dict[str, set[str]]) -> bool:
    """True when the text is nothing but references to tasks that exist. Source: taskContainsResult."""
    for piece in filter(None, value.split("$")):
        expression = piece[1:].removesuffix(")") if piece.startswith("(") else ""
        ref = variables.result_ref(expression)
        if ref is None or ref.owner not in groups[expression.split(".", maxsplit=1)[0]]:
            return False
    return True
