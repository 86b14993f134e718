# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The names of a PipelineRun's children, and what its status says of them: childReferences and skippedTasks.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/pipelinerunresolution.go (GetNamesOfTaskRuns),
pipelinerunstate.go (GetChildReferences, GetSkippedTasks), knative.dev/pkg kmeta/names.go (ChildName), v1.15.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import matrix, skipping, substitution
from .children import API_VERSIONS, Kind, ResolvedTask, Run
from .facts import Facts
from .params import typed
from .skipping import Skip
from .substitution import Replacements

LONGEST = 63
_DIGEST = 32


def child_name(parent: str, suffix: str) -> str:
    """Return parent + suffix; a longer name than 63 characters is cut and carries a digest.

    As much of the parent as fits, its digest and the suffix; a suffix with no room beside the digest is cut itself.
    """
    room = LONGEST - _DIGEST
    if len(parent) + len(suffix) <= LONGEST:
        return parent + suffix
    if len(suffix) < room:
        return parent[: room - len(suffix)] + _digest(parent) + suffix
    name = parent[:room] + _digest(parent + suffix)
    return re.sub(r"[^a-zA-Z0-9]+$", "", name + suffix[: LONGEST - len(name)])


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def names(references: Sequence[Mapping[str, Any]], kind: Kind, task: str, run: str, combinations: int = 1) -> list[str]:
    """Return the names of a pipeline task's children: those that the status knows, else new ones."""
    known = [str(one["name"]) for one in references if one.get("kind") == kind and one.get("pipelineTaskName") == task]
    return known or new_names(task, run, combinations)


def new_names(task: str, run: str, combinations: int = 1) -> list[str]:
    """Return <run>-<task>, or <run>-<task>-<i> for each combination of a matrix."""
    if combinations == 1:
        return [child_name(run, f"-{task}")]
    return [_numbered(task, run, index, combinations) for index in range(combinations)]


def _numbered(task: str, run: str, index: int, combinations: int) -> str:
    name = child_name(run, f"-{task}-{index}")
    if name.endswith(f"-{index}"):
        return name
    return f"{child_name(run, f'-{task}')[: LONGEST - len(f'-{combinations}')]}-{index}"


def combinations(spec: Mapping[str, Any], given: Replacements) -> int:
    """Return how many children a pipeline task has, its matrix being replaced with `given` before."""
    fanned = spec.get("matrix") or {}
    params = [{**one, "value": substitution.whole(one.get("value", ""), given)} for one in fanned.get("params") or []]
    return len(matrix.fan_out({**fanned, "params": params})) if fanned else 1


def child_references(facts: Facts) -> list[dict[str, Any]]:
    """Return status.childReferences: one entry for each run of each task."""
    return [_reference(facts, task, run) for task in facts.state for run in task.runs]


def _reference(facts: Facts, task: ResolvedTask, run: Run) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "apiVersion": API_VERSIONS[task.kind],
        "kind": str(task.kind),
        "name": run["metadata"]["name"],
        "pipelineTaskName": task.name,
    }
    shown = display_name(task.spec, (run.get("spec") or {}).get("params") or [])
    done = skipping.is_done(facts, task)
    if shown:
        entry["displayName"] = substitution.text(shown, skipping.known(facts, task).strings) if done else shown
    if task.spec.get("when"):
        entry["whenExpressions"] = skipping.with_values(facts, task) if done else list(task.spec["when"])
    return entry


def display_name(spec: Mapping[str, Any], params: Sequence[Mapping[str, Any]]) -> str:
    """Return a child's displayName: those of the matrix entries that it comes from, else the pipeline task's."""
    values = {str(one["name"]): value for one in params if isinstance(value := typed(one.get("value")), str)}
    strings = {f"params.{name}": value for name, value in values.items()}
    included = [
        substitution.text(str(entry["name"]), strings)
        for entry in (spec.get("matrix") or {}).get("include") or []
        if entry.get("name") and _comes_from(entry, values)
    ]
    return " ".join(included) if included else substitution.text(str(spec.get("displayName") or ""), strings)


def _comes_from(entry: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """A value that is no text is not compared."""
    for param in entry.get("params") or []:
        own, wanted = values.get(str(param["name"])), param.get("value")
        if own is None or (isinstance(wanted, str) and own != wanted):
            return False
    return True


def skipped_tasks(facts: Facts) -> list[dict[str, Any]]:
    """Return status.skippedTasks: name, reason, and the when expressions with their values."""
    out: list[dict[str, Any]] = []
    for task in facts.state:
        why, last = skipping.skip(facts, task), skipping.finally_skip(facts, task)
        if why:
            out.append(_skipped(facts, task, why))
        if last:
            out.append(_skipped(facts, task, last))
    return out


def _skipped(facts: Facts, task: ResolvedTask, why: Skip) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": task.name, "reason": why.value}
    if task.spec.get("when") and (task.name not in facts.final or why is Skip.WHEN):
        entry["whenExpressions"] = skipping.with_values(facts, task)
    return entry
