# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""References to results of tasks: found in a pipeline task, looked up in the runs, checked.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/resultrefresolution.go,
pipelinerunresolution.go (CheckMissingResultReferences), pkg/apis/pipeline/v1/resultref.go, v1.15.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from .children import Kind, ResolvedTask, Run
from .params import Value, typed
from .results import known, texts
from .substitution import Replacements

_REFERENCE = re.compile(
    r"\$\((?:tasks|finally)\.([^.()\[\]]+)\.results(?:\.([^.()\[\]]+)|\[[\"']([^\"']+)[\"']\])"
    r"(?:\[(\d+|\*)\])?(?:\.([^()\[\]]+)|\[[\"']([^\"']+)[\"']\])?\)"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """`index` for one element of an array, `key` for one of an object."""

    task: str
    result: str
    index: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A reference and its value; `task_run` or `custom_run` names the run that wrote it."""

    reference: Reference
    value: Value
    task_run: str = ""
    custom_run: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """All references resolved, or the pipeline task whose result is not there, with the error."""

    refs: tuple[Resolved, ...] = ()
    missing: str = ""
    error: str = ""


def references(spec: Mapping[str, Any]) -> list[Reference]:
    """Return the references in params, matrix, when expressions and inline steps of a pipeline task, as they appear."""
    matrix, inline = spec.get("matrix") or {}, spec.get("taskSpec") or {}
    places = [
        [param.get("value") for param in spec.get("params") or []],
        [param.get("value") for param in matrix.get("params") or []],
        [param.get("value") for entry in matrix.get("include") or [] for param in entry.get("params") or []],
        spec.get("when"),
        inline.get("steps"),
        inline.get("sidecars"),
    ]
    return [_reference(match) for text in texts(places) for match in _REFERENCE.finditer(text)]


def used(spec: Mapping[str, Any]) -> bool:
    """True when params or when expressions refer to a result."""
    places = [[param.get("value") for param in spec.get("params") or []], spec.get("when")]
    return any(_REFERENCE.search(text) for text in texts(places))


def _reference(match: re.Match[str]) -> Reference:
    task, plain, quoted, index, key, quoted_key = match.groups()
    return Reference(task, plain or quoted, int(index) if index and index != "*" else None, key or quoted_key or "")


def resolve(state: Mapping[str, ResolvedTask], targets: Sequence[ResolvedTask]) -> Resolution:
    """Return the values of all references of `targets`, each once, sorted by task and result.

    The first that cannot be resolved ends it: the task is unknown, has not finished, or has not the result.
    """
    found: dict[Reference, Resolved] = {}
    for target in targets:
        for reference in references(target.spec):
            try:
                found[reference] = _value(state.get(reference.task), reference)
            except Invalid as error:
                return Resolution(missing=reference.task, error=error.message)
    ordered = sorted(found.values(), key=lambda one: (one.reference.task, one.reference.result))
    return Resolution(tuple(ordered))


def _value(producer: ResolvedTask | None, reference: Reference) -> Resolved:
    if producer is None:
        raise Invalid("", f'could not find task "{reference.task}" referenced by result')
    if not producer.successful and not producer.failed:
        raise Invalid("", f'task "{producer.name}" referenced by result was not finished')
    if producer.kind is Kind.CUSTOM_RUN:
        text = str(_written(producer.runs[0], reference))
        return Resolved(reference, custom_value(text), custom_run=_name(producer.runs[0]))
    if producer.matrixed:
        return _matrix_value(producer, reference)
    return Resolved(reference, typed(_written(producer.runs[0], reference)), task_run=_name(producer.runs[0]))


def _matrix_value(producer: ResolvedTask, reference: Reference) -> Resolved:
    values = matrix_results(producer.runs)
    if reference.result not in values:
        raise Invalid("", _not_written(reference))
    last = sorted(producer.runs, key=_name)[-1]
    return Resolved(reference, values[reference.result], task_run=_name(last))


def matrix_results(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Return the results of a fanned-out task: the texts of all runs, in the order of the runs' names.

    A list counts as texts that were put together before.
    """
    out: dict[str, list[str]] = {}
    for run in sorted(runs, key=_name):
        for result in (run.get("status") or {}).get("results") or []:
            value = result.get("value", "")
            out.setdefault(str(result.get("name", "")), []).extend(
                value if isinstance(value, list) else [value if isinstance(value, str) else ""]
            )
    return out


def as_results(values: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return the results of a fanned-out task as entries of status.results."""
    return [{"name": name, "type": "array", "value": list(value)} for name, value in values.items()]


def custom_value(text: str) -> Value:
    """Return the value of a CustomRun's result: a JSON list of texts that is not empty becomes an array."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return list(value)
    return text


def _written(run: Run, reference: Reference) -> Any:
    for result in (run.get("status") or {}).get("results") or []:
        if result.get("name") == reference.result:
            return result.get("value", "")
    raise Invalid("", _not_written(reference))


def _not_written(reference: Reference) -> str:
    return (
        f"Invalid task result reference: Could not find result with name {reference.result} "
        f"for pipeline task {reference.task}"
    )


def _name(run: Run) -> str:
    return str((run.get("metadata") or {}).get("name", ""))


def missing_reference(state: Mapping[str, ResolvedTask], target: ResolvedTask) -> str:
    """Return why `target` cannot be created: the first reference without a result; an empty text when all are there."""
    for reference in references(target.spec):
        producer = state.get(reference.task)
        if producer is None:
            return f'Result reference error: Could not find ref "{reference.task}" in internal pipelineRunState'
        if not producer.runs:
            kind = "CustomRuns" if producer.kind is Kind.CUSTOM_RUN else "TaskRuns"
            return f'Result reference error: Internal result ref "{reference.task}" has zero-length {kind}'
        try:
            _written(producer.runs[0], reference)
        except Invalid as error:
            return _unwritten(producer, target, reference) if producer.successful else error.message
    return ""


def _unwritten(producer: ResolvedTask, target: ResolvedTask, reference: Reference) -> str:
    return (
        f'task "{producer.name}" completed successfully but did not emit the result "{reference.result}", '
        f'which is referenced by task "{target.name}"'
    )


def check_indexes(refs: Sequence[Resolved]) -> None:
    """Invalid when a reference names an element that the array has not."""
    for one in refs:
        index = one.reference.index
        if isinstance(one.value, list) and index is not None and index >= len(one.value):
            raise Invalid(
                "",
                f"array Result Index {index} for Task {one.reference.task} Result {one.reference.result} "
                f"is out of bound of size {len(one.value)}",
            )


def replacements(refs: Sequence[Resolved]) -> Replacements:
    """Return what the references become in a pipeline task."""
    values: dict[str, dict[str, Value]] = {}
    for one in refs:
        values.setdefault(one.reference.task, {})[one.reference.result] = one.value
    return known(values)
