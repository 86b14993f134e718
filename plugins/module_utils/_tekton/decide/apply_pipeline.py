# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Substitution in a Pipeline: which fields of a pipeline task take params, context, results and status.

Pure; knows the spec of a Pipeline, must not know TaskRuns. Each function returns new objects.
Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/apply.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import apply_task, matrix, references, substitution, when
from .params import Value, replacements, typed
from .places import change, places
from .substitution import Replacements

_SUBPATH = places("workspaces[].subPath")
_REF_NAME = places("taskRef.name")


def apply(spec: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a Pipeline's spec with one stage of replacements in its tasks. Source: ApplyReplacements."""
    out = dict(spec)
    for group in ("tasks", "finally"):
        if spec.get(group):
            out[group] = [task(entry, given) for entry in spec[group]]
    return out


def task(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a pipeline task with a stage of the run: params, context or bound workspaces. Reaches inline specs."""
    out = _common(entry, given)
    if not matrix.fans_out(entry):
        out = change(out, places("displayName"), lambda value: substitution.text(value, given.strings))
    out = change(out, places("onError"), lambda value: substitution.text(value, given.strings))
    return propagate(out, given)


def results(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a pipeline task with the results of other tasks. Source: ApplyTaskResults."""
    out = _common(entry, given)
    return change(out, places("displayName"), lambda value: substitution.text(value, given.strings))


def status(entry: Mapping[str, Any], strings: Mapping[str, str]) -> dict[str, Any]:
    """Return a finally task with $(tasks.T.status) and its like. Source: ApplyPipelineTaskStateContext."""
    given = Replacements(strings)
    out = _references(entry, given)
    return change(out, places("displayName"), lambda value: substitution.text(value, strings))


def _common(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    out = _references(entry, given)
    if entry.get("matrix"):
        out["matrix"] = _matrix(entry["matrix"], given)
    return change(out, _SUBPATH, lambda value: substitution.text(value, given.strings))


def _references(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    out = change(entry, _REF_NAME, lambda value: substitution.text(value, given.strings))
    if entry.get("params"):
        out["params"] = params(entry["params"], given)
    if entry.get("when"):
        out["when"] = when.replaced(entry["when"], given)
    if (entry.get("taskRef") or {}).get("params"):
        out["taskRef"] = {**out["taskRef"], "params": params(entry["taskRef"]["params"], given)}
    return out


def params(entries: Sequence[Mapping[str, Any]], given: Replacements) -> list[dict[str, Any]]:
    """Return params with their values read as Tekton reads them, and replaced."""
    return apply_task.params([{**e, "value": typed(e["value"])} if "value" in e else e for e in entries], given)


def _matrix(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Arrays fill params, only texts fill include; objects fill neither."""
    out = dict(entry)
    if entry.get("params"):
        out["params"] = params(entry["params"], Replacements(given.strings, given.arrays))
    if entry.get("include"):
        out["include"] = [_include(one, given) for one in entry["include"]]
    return out


def _include(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    out = dict(entry)
    if entry.get("params"):
        out["params"] = params(entry["params"], Replacements(given.strings))
    if entry.get("when"):
        out["when"] = when.replaced(entry["when"], given)
    return out


def propagate(entry: Mapping[str, Any], given: Replacements) -> dict[str, Any]:
    """Return a pipeline task with `given` in its inline spec; its own params hide those of the same name.

    Source: propagateParams.
    """
    if not entry.get("taskSpec"):
        return dict(entry)
    own = {str(param["name"]): typed(param.get("value")) for param in entry.get("params") or [] if param.get("name")}
    return {**entry, "taskSpec": apply_task.apply(entry["taskSpec"], _hidden(given, own))}


def _hidden(given: Replacements, own: Mapping[str, Value]) -> Replacements:
    """`given` without what these names mean, and with what the task says they are; objects keep the keys it leaves out."""
    hidden = {name: value for name, value in own.items() if _has(given, f"params.{name}")}
    gone = [key for name in hidden for key in substitution.spellings("params", name)]
    gone += [f"{key}[" for name in hidden for key in substitution.spellings("params", name)]
    strings = {key: value for key, value in given.strings.items() if not _starts(key, gone)}
    arrays = {key: value for key, value in given.arrays.items() if key not in gone}
    objects = {key: value for key, value in given.objects.items() if key not in gone}
    return Replacements(strings, arrays, objects).updated(replacements(hidden))


def _starts(key: str, gone: Sequence[str]) -> bool:
    return any(key == one or (one.endswith("[") and key.startswith(one)) for one in gone)


def _has(given: Replacements, key: str) -> bool:
    return key in given.strings or key in given.arrays or key in given.objects


def context_values(pipeline: str, run: Mapping[str, Any]) -> dict[str, str]:
    """Return $(context.pipeline.name) and $(context.pipelineRun.*) of a PipelineRun object; what is absent is empty."""
    meta = run.get("metadata") or {}
    return {
        "context.pipelineRun.name": str(meta.get("name") or ""),
        "context.pipelineRun.namespace": str(meta.get("namespace") or ""),
        "context.pipelineRun.uid": str(meta.get("uid") or ""),
        "context.pipeline.name": pipeline,
    }


def contexts(spec: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return a Pipeline's spec with context replaced; also the displayName of tasks with a matrix."""
    out = dict(spec)
    for group in ("tasks", "finally"):
        if spec.get(group):
            out[group] = [
                change(e, places("displayName"), lambda value: substitution.text(value, values)) for e in spec[group]
            ]
    return apply(out, Replacements(values))


def bound_workspaces(declared: Sequence[Mapping[str, Any]], bound: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return $(workspaces.W.bound) of a Pipeline. Source: ApplyWorkspaces."""
    out = {f"workspaces.{entry['name']}.bound": "false" for entry in declared}
    return {**out, **{f"workspaces.{entry['name']}.bound": "true" for entry in bound}}


def task_contexts(
    entry: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    lists: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[str, Any]:
    """Return a pipeline task with $(context.pipelineTask.retries) and the lengths of other tasks' matrices.

    `tasks` are those of the Pipeline, `lists` the collected results of tasks with a matrix.
    Source: ApplyPipelineTaskContexts.
    """
    values = {"context.pipelineTask.retries": str(int(entry.get("retries") or 0)), **_lengths(entry, tasks, lists)}
    given = Replacements(values)
    out = change(entry, places("displayName"), lambda value: substitution.text(value, values))
    if entry.get("params"):
        out["params"] = params(entry["params"], given)
    if entry.get("matrix"):
        out["matrix"] = _matrix(entry["matrix"], given)
    return out


def _lengths(
    entry: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    lists: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[str, str]:
    counts = {str(task["name"]): matrix.count(task.get("matrix")) for task in tasks if task.get("name")}
    out = {}
    for expression in references.expressions([entry.get("params"), entry.get("matrix"), entry.get("displayName")]):
        parts = expression.split(".")
        if len(parts) < 4 or parts[2] != "matrix" or parts[-1] != "length":
            continue
        if len(parts) == 4 and parts[1] in counts:
            out[expression] = str(counts[parts[1]])
        elif len(parts) == 5 and parts[1] in lists:
            out[expression] = str(len(lists[parts[1]].get(parts[3], ())))
    return out
