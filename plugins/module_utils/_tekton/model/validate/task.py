# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Tasks: their steps, sidecars, volumes, workspaces, params and results together.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/task_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...decide import merge
from . import names, params, references, results, steps, variables, when, workspaces
from .flags import Flags
from .problem import Problems, generic, invalid, missing, quoted, via
from .read import Raw, entries, given, part, text, texts


def task(flags: Flags, obj: Raw) -> Problems:
    """Check a Task that stands alone: it must declare every param that its steps use. Source: Task.Validate."""
    spec = part(obj, "spec") or {}
    declared = references.declared_params(entries(spec, "steps"), entries(spec, "params"))
    found = via(names.metadata(part(obj, "metadata") or {}), "metadata")
    return found + via(task_spec(flags, spec), "spec") + via(declared, "spec")


def task_spec(flags: Flags, spec: Raw) -> Problems:
    """Check a task's spec, also an inline one. Source: TaskSpec.Validate."""
    own = entries(spec, "steps")
    found: Problems = () if own else (missing("steps"),)
    found += via(volumes(entries(spec, "volumes")), "volumes")
    found += via(workspaces.declared(spec), "workspaces") + workspaces.usages(flags, spec)
    found += _steps(flags, merge.steps(part(spec, "stepTemplate"), own))
    for index, entry in enumerate(entries(spec, "sidecars")):
        found += via(steps.sidecar(entry), f"sidecars[{index}]")
    found += via(params.types(entries(spec, "params")), "params")
    found += references.of_params(flags, own, entries(spec, "params")) + references.context(own)
    declared = entries(spec, "results")
    found += references.results(own, {text(result, "name") for result in declared})
    for index, result in enumerate(declared):
        found += via(results.of_task(result), f"results[{index}]")
    return found


def volumes(values: Sequence[Raw]) -> Problems:
    """Check that volumes have different names. Source: ValidateVolumes."""
    found: Problems = ()
    seen: set[str] = set()
    for index, volume in enumerate(values):
        name = text(volume, "name")
        if name in seen:
            found += via((generic(f"multiple volumes with same name {quoted(name)}", "name"),), f"[{index}]")
        seen.add(name)
    return found


def _steps(flags: Flags, merged: Sequence[Raw]) -> Problems:
    """Source: validateSteps, with its paths: results of a step stand at results[step][result]."""
    found: Problems = ()
    seen: set[str] = set()
    for index, entry in enumerate(merged):
        name, where = text(entry, "name"), f"steps[{index}]"
        found += via(steps.step(flags, entry), where)
        if name and name in seen:
            found += via((replace(invalid(name, "name"), plain=f"is used twice: {name!r}"),), where)
        seen.add(name)
        if given(entry, "results"):
            found += via(references.step_results(entry), where)
            for position, result in enumerate(entries(entry, "results")):
                problems = results.of_step(result)
                found += via(problems, f"steps.results[{index}][{position}]", at=f"{where}.results[{position}]")
        found += via(when.expressions(flags, entries(entry, "when")), where)
    return found


def array_elements(spec: Raw) -> list[str]:
    """Return references to elements of array params, sorted. Source: TaskSpec.GetIndexingReferencesToArrayParams."""
    texts_of = [
        value
        for entry in (*entries(spec, "steps"), part(spec, "stepTemplate") or {}, *entries(spec, "sidecars"))
        for value in _container(entry)
    ]
    texts_of += [value for volume in entries(spec, "volumes") for value in _every(volume)]
    texts_of += [text(workspace, "mountPath") for workspace in entries(spec, "workspaces")]
    return sorted(variables.array_elements(texts_of))


def _container(entry: Raw) -> Iterator[str]:
    for name in ("script", "name", "image", "imagePullPolicy", "workingDir"):
        yield text(entry, name)
    yield from (*texts(entry, "args"), *texts(entry, "command"))
    for name in ("env", "envFrom", "volumeMounts"):
        for item in entries(entry, name):
            yield from _every({key: value for key, value in item.items() if name != "env" or key != "name"})


def _every(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _every(item)
    elif isinstance(value, list):
        for item in value:
            yield from _every(item)
