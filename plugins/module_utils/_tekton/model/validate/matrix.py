# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Matrix: how many combinations, each param once, and results of fanned-out tasks used as a whole.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/matrix_types.go, pipeline_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...decide import references as refs
from ...decide.matrix import all_params, count, fans_out
from ...decide.params import typed
from ...decide.references import ResultRef
from . import params, variables
from .flags import BETA, Flags, gate
from .problem import Problems, at_index, both, generic, invalid, out_of_bounds, via
from .read import Raw, entries, part, text
from .scope import Scope


def of_task(flags: Flags, task: Raw) -> Problems:
    """Check the matrix of one pipeline task. Source: PipelineTask.validateMatrix."""
    matrix = part(task, "matrix") or {}
    found: Problems = ()
    if fans_out(task):
        found += gate(flags, "matrix", BETA)
        combinations, most = count(matrix), flags.max_matrix_combinations
        found += (out_of_bounds(combinations, 0, most, "matrix"),) if combinations > most else ()
        for index, entry in enumerate(entries(matrix, "include")):
            found += via(params.values_once(entries(entry, "params")), f"matrix.include[{index}].params")
        found += via(params.values_once(entries(matrix, "params")), "matrix.params")
    fanned = {text(param, "name") for param in all_params(matrix)}
    for name in (text(param, "name") for param in entries(task, "params")):
        found += (both(f"matrix[{name}]", f"params[{name}]"),) if name in fanned else ()
    return found


def of_tasks(flags: Flags, tasks: Sequence[Raw]) -> Problems:
    """Check the matrices of a group of tasks, and who uses their results. Source: validateMatrix."""
    found = tuple(one for index, task in enumerate(tasks) for one in via(of_task(flags, task), f"[{index}]"))
    return found + _results_used(tasks)


def _results_used(tasks: Sequence[Raw]) -> Problems:
    """Source: validateTaskResultsFromMatrixedPipelineTasksConsumed. Without paths, as upstream."""
    by_name = {text(task, "name"): task for task in tasks}
    used = [found for found in _references(tasks) if fans_out(by_name.get(found.split(".")[1], {}))]
    single = next((found for found in used if not found.endswith("[*]")), "")
    if single:
        message = (
            "A matrixed pipelineTask can only be consumed in aggregate using [*] notation, but is currently set to"
        )
        return (generic(f"{message} {single}"),)
    return tuple(one for ref in refs.task_results(used) for one in _only_text(by_name, ref))


def _references(tasks: Sequence[Raw]) -> Iterator[str]:
    for task in tasks:
        for param in entries(task, "params"):
            yield from filter(refs.looks_like_task_result, variables.value_expressions(param.get("value")))


def _only_text(by_name: Mapping[str, Raw], ref: ResultRef) -> Problems:
    """A fanned-out task makes an array of its results: they themselves must be texts."""
    producer = by_name[ref.owner]
    reference = part(producer, "taskRef")
    if reference is not None:
        producer = by_name.get(text(reference, "name"), {})
    found: Problems = ()
    for result in entries(part(producer, "taskSpec"), "results"):
        kind = text(result, "type") or "string"
        if text(result, "name") == ref.result and kind != "string":
            message = (
                "Matrixed PipelineTasks emitting results must have an underlying type string, "
                f"but result {ref.result} has type {kind} in pipelineTask"
            )
            found += (invalid(message, ""),)
    return found


def _elements(param: Raw) -> list[str]:
    value = typed(param.get("value"))
    return value if isinstance(value, list) else []


def references(matrix: Raw | None, scope: Scope) -> Problems:
    """Check the pipeline's params in a matrix. Source: validatePipelineParametersVariablesInMatrixParameters."""
    found: Problems = ()
    for entry in entries(matrix, "include"):
        for index, param in enumerate(entries(entry, "params")):
            value = typed(param.get("value"))
            problems = scope.string(value) if isinstance(value, str) else ()
            found += via(problems, f"matrix.include.params[{index}]")
    for param in entries(matrix, "params"):
        for index, item in enumerate(_elements(param)):
            found += via(scope.element(item), "matrix.params", at_index(text(param, "name")), f"value[{index}]")
    return found
