# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is wrong with the params of a run: missing, of another type, lacking keys, outside the enum, out of bounds.

Pure. A check returns a Problem with the reason of the run's condition and upstream's message, or None.
Source: tektoncd/pipeline pkg/reconciler/taskrun/validate_taskrun.go, pkg/reconciler/taskrun/resources/validate_params.go,
pkg/reconciler/pipelinerun/resources/validate_params.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import matrix, references, when
from .apply_task import STEP, VOLUME
from .places import places, read

Declared = Sequence[Mapping[str, Any]]
Given = Sequence[Mapping[str, Any]]
_VALIDATION = "TaskRunValidationFailed"
_TEMPLATE_LISTS = places("command[]", "args[]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run cannot start."""

    reason: str
    message: str


def of_task(declared: Declared, given: Given, matrix_params: Given = ()) -> Problem | None:
    """Check the params of a TaskRun or pipeline task against its Task. Params that nobody declared are fine."""
    if missing := _missing(declared, [*given, *matrix_params]):
        text = f"missing values for these params which have no default values: {_go(missing)}"
        return Problem(_VALIDATION, text)
    if wrong := [*_wrong_types(declared, given, references_are_open=True), *_not_texts(declared, matrix_params)]:
        return Problem(_VALIDATION, f"param types don't match the user-specified type: {_go(wrong)}")
    if keys := missing_keys(declared, given):
        text = f"missing keys for these params which are required in ParamSpec's properties {_go_map(keys)}"
        return Problem(_VALIDATION, text)
    return None


def of_pipeline(declared: Declared, given: Given) -> Problem | None:
    """Check the params of a PipelineRun against its Pipeline."""
    return types_match(declared, given) or required(declared, given) or object_keys(declared, given)


def types_match(declared: Declared, given: Given) -> Problem | None:
    """Source: ValidateParamTypesMatching."""
    wrong = _wrong_types(declared, given, references_are_open=False)
    text = f"parameters have inconsistent types : {_go(wrong)}"
    return Problem("ParameterTypeMismatch", text) if wrong else None


def required(declared: Declared, given: Given) -> Problem | None:
    """Source: ValidateRequiredParametersProvided."""
    missing = _missing(declared, given)
    return Problem("ParameterMissing", f"PipelineRun missing parameters: {_go(missing)}") if missing else None


def object_keys(declared: Declared, given: Given) -> Problem | None:
    """Source: ValidateObjectParamRequiredKeys."""
    missing = missing_keys(declared, given)
    text = f"PipelineRun missing object keys for parameters: {_go_map(missing)}"
    return Problem("ObjectParameterMissKeys", text) if missing else None


def enums(declared: Declared, given: Given) -> Problem | None:
    """Check texts against the enum of their param; an empty one is not checked. Source: ValidateEnumParam."""
    allowed = {str(entry["name"]): entry["enum"] for entry in declared if entry.get("enum")}
    for entry in given:
        name, value = str(entry.get("name") or ""), entry.get("value")
        if isinstance(value, str) and value and name in allowed and value not in allowed[name]:
            return Problem("InvalidParamValue", f"param `{name}` value: {value} is not in the enum list")
    return None


def missing_keys(declared: Declared, given: Given) -> dict[str, list[str]]:
    """Return for each object param the properties that neither default nor value has, sorted.

    An object that is given nowhere is not mentioned: it is missing as a whole.
    """
    needed = {str(e["name"]): set(e.get("properties") or {}) for e in declared if e.get("type") == "object"}
    provided: dict[str, set[str]] = {}
    values = [(entry.get("name"), entry.get("default")) for entry in declared if entry.get("type") == "object"]
    for name, value in [*values, *((entry.get("name"), entry.get("value")) for entry in given)]:
        if isinstance(value, Mapping):
            provided.setdefault(str(name), set()).update(value)
    return {
        name: sorted(needed[name] - keys) for name, keys in sorted(provided.items()) if needed.get(name, set()) - keys
    }


def _missing(declared: Declared, given: Given) -> list[str]:
    names = {entry.get("name") for entry in given}
    return [str(e["name"]) for e in declared if e["name"] not in names and e.get("default") is None]


def _wrong_types(declared: Declared, given: Given, *, references_are_open: bool) -> list[str]:
    """References to whole arrays and objects are texts until they are replaced: `references_are_open` lets them pass."""
    types = {entry["name"]: str(entry.get("type") or "string") for entry in declared}
    out = []
    for entry in given:
        wanted, value = types.get(entry.get("name")), entry.get("value", "")
        found = _kind(value)
        if wanted is None or found == wanted:
            continue
        if references_are_open and found == "string" and references.expressions(value):
            continue
        out.append(str(entry["name"]))
    return out


def _kind(value: Any) -> str:
    return "array" if isinstance(value, list) else "object" if isinstance(value, Mapping) else "string"


def _not_texts(declared: Declared, matrix_params: Given) -> list[str]:
    types = {entry["name"]: str(entry.get("type") or "string") for entry in declared}
    return [str(e["name"]) for e in matrix_params if types.get(e.get("name"), "string") != "string"]


def array_indexes(
    declared: Declared, given: Given, used: Iterable[str], reason: str = "ParamArrayIndexingInvalid"
) -> Problem | None:
    """Check that $(params.a[i]) in the texts `used` is within its array. Source: ValidateOutOfBoundArrayParams."""
    lengths = {e["name"]: len(e["default"]) for e in declared if isinstance(e.get("default"), list)}
    lengths |= {e["name"]: len(e["value"]) for e in given if isinstance(e.get("value"), list)}
    outside = set()
    for reference in {found for text in used for found in references.indexed_params(text)}:
        names, _problem = references.variables(references.trim_index(reference), "params")
        if names and references.index(references.index_text(reference)) >= lengths.get(names[0], 1 << 62):
            outside.add(reference)
    return Problem(reason, f"non-existent param references:{_go(sorted(outside))}") if outside else None


def texts_of_pipeline(spec: Mapping[str, Any]) -> Iterable[str]:
    """Yield the texts of a Pipeline in which params may be used. Source: GetIndexingReferencesToArrayParams."""
    for group in ("tasks", "finally"):
        for task in spec.get(group) or []:
            params = [*(task.get("params") or []), *((task.get("matrix") or {}).get("params") or [])]
            yield from references.texts([entry.get("value") for entry in params])
            for expression in task.get("when") or []:
                yield from when.texts(expression)
            if group == "tasks":
                yield from read(task, places("workspaces[].subPath"))


def texts_of_task(spec: Mapping[str, Any]) -> Iterable[str]:
    """Yield the texts of a Task in which params may be used. Source: TaskSpec.GetIndexingReferencesToArrayParams."""
    containers = [*(spec.get("steps") or []), *(spec.get("sidecars") or []), spec.get("stepTemplate") or {}]
    for container in containers:
        yield from read(container, STEP)
        yield from read(container, _TEMPLATE_LISTS)
    for volume in spec.get("volumes") or []:
        yield from read(volume, VOLUME)
    yield from read(spec, places("workspaces[].mountPath"))


def matrix_types(task: Mapping[str, Any]) -> Problem | None:
    """Check a pipeline task's matrix after replacement: arrays in params, texts in include.

    Source: ValidateParameterTypesInMatrix.
    """
    given = task.get("matrix") or {}
    include = [param for entry in given.get("include") or [] for param in entry.get("params") or []]
    params = given.get("params") or [] if matrix.has_params(given) else []
    for entries, wanted in ((include, "string"), (params, "array")):
        for entry in entries:
            if _kind(entry.get("value", "")) != wanted and not _open(entry, wanted):
                text = (
                    f"parameters of type {wanted} only are allowed, but param {references.quoted(entry['name'])} has type "
                    f"{references.quoted(_kind(entry['value']))} in pipelineTask {references.quoted(task['name'])}"
                )
                return Problem("InvalidMatrixParameterTypes", text)
    return None


def _open(entry: Mapping[str, Any], wanted: str) -> bool:
    """A whole result that is not known yet is a text; it may become an array."""
    value = entry.get("value")
    return wanted == "array" and isinstance(value, str) and bool(references.task_results(references.expressions(value)))


def _go(items: Sequence[str]) -> str:
    return f"[{' '.join(items)}]"


def _go_map(items: Mapping[str, Sequence[str]]) -> str:
    return f"map[{' '.join(f'{key}:{_go(items[key])}' for key in sorted(items))}]"
