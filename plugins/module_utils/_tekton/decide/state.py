# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a pipeline run stands: what starts next, what its tasks say to finally tasks, what they have made.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/pipelinerunstate.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..._core import clock, gojson
from . import result_refs, results
from .children import Kind, ResolvedTask
from .facts import Facts
from .params import Value, typed
from .skipping import dag_done, is_done, skip
from .substitution import Replacements


def next_tasks(state: Sequence[ResolvedTask], candidates: Collection[str]) -> list[ResolvedTask]:
    """Return the candidates that have no run yet. A run's retries are its own affair."""
    return [task for task in state if task.name in candidates and not task.scheduled]


def completed_or_skipped(facts: Facts) -> list[str]:
    """Return the names of the DAG tasks that are done."""
    return [task.name for task in facts.dag_tasks if is_done(facts, task)]


def dag_queue(facts: Facts) -> list[ResolvedTask]:
    """Return the DAG tasks to start now: those whose parents are all done, unless the run is ending."""
    if facts.cancelled or facts.gracefully_cancelled or facts.gracefully_stopped or facts.stopping:
        return []
    over = set(completed_or_skipped(facts))
    ready = {name for name, parents in facts.before.items() if name not in over and over.issuperset(parents)}
    return next_tasks(facts.state, ready)


def final_queue(facts: Facts) -> list[ResolvedTask]:
    """Return the finally tasks to start: all that have no run, as soon as the DAG is done."""
    return next_tasks(facts.state, facts.final) if dag_done(facts) else []


def final_started(facts: Facts) -> bool:
    return dag_done(facts) and any(task.scheduled for task in facts.final_tasks)


def final_names(facts: Facts) -> list[str]:
    return sorted(task.name for task in facts.final_tasks)


def task_names(facts: Facts) -> list[str]:
    return sorted(task.name for task in facts.state if task.name not in facts.final)


def is_running(facts: Facts) -> bool:
    return any(task.running for task in facts.dag_tasks)


def _word(task: ResolvedTask) -> str:
    return "Succeeded" if task.successful else "Failed" if task.any_failed else "None"


def status_variables(facts: Facts) -> dict[str, str]:
    """Return $(tasks.T.status), $(tasks.T.reason) and $(tasks.status) for finally tasks."""
    out: dict[str, str] = {}
    for task in facts.dag_tasks:
        out[f"tasks.{task.name}.status"] = _word(task)
        out[f"tasks.{task.name}.reason"] = task.reason
    return {**out, "tasks.status": aggregate(facts)}


def final_status(facts: Facts) -> dict[str, str]:
    """Return the status of finally tasks under the same names; it has no reason and no aggregate."""
    return {f"tasks.{task.name}.status": _word(task) for task in facts.final_tasks}


def aggregate(facts: Facts) -> str:
    """Return the aggregate of the DAG tasks: None before the end, Failed (also by ignored failures), Completed, Succeeded."""
    if not dag_done(facts):
        return "None"
    if any(task.any_failed for task in facts.dag_tasks):
        return "Failed"
    return "Completed" if any(skip(facts, task) for task in facts.dag_tasks) else "Succeeded"


def adjusted_start(state: Sequence[ResolvedTask], start: str) -> str:
    """Return the run's start time (RFC 3339, UTC), not later than the creation of any of its runs."""
    created = [(run.get("metadata") or {}).get("creationTimestamp") for task in state for run in task.runs]
    return min([start, *(str(moment) for moment in created if moment)], key=clock.parse_rfc3339)


def task_results(state: Sequence[ResolvedTask]) -> dict[str, dict[str, Value]]:
    """Return the results of every successful task by name; a fanned-out one gives arrays."""
    out: dict[str, dict[str, Value]] = {}
    for task in state:
        if not task.successful or task.kind is Kind.PIPELINE_RUN:
            continue
        if task.matrixed:
            out[task.name] = dict(result_refs.matrix_results(task.runs))
        else:
            out[task.name] = {entry["name"]: _value(task, entry) for entry in _status(task, "results")}
    return out


def all_results(state: Sequence[ResolvedTask]) -> dict[str, dict[str, Value]]:
    """Return the results of every finished task that wrote some, also of those that failed."""
    failed = {
        task.name: {str(entry["name"]): _value(task, entry) for entry in _status(task, "results")}
        for task in state
        if task.failed and not task.matrixed
    }
    return {name: values for name, values in {**failed, **task_results(state)}.items() if values}


def known(facts: Facts) -> Replacements:
    """Return what references of a task that starts now become."""
    found = results.known(all_results(facts.state))
    strings = {**found.strings, **_artifact_values(facts.state), **facts.given.strings}
    return Replacements(strings, found.arrays, found.objects)


def _artifact_values(state: Sequence[ResolvedTask]) -> dict[str, str]:
    """Return $(tasks.T.inputs.N) and $(tasks.T.outputs.N): JSON of the values."""
    return {
        f"tasks.{task}.{group}.{entry['name']}": gojson.dumps(entry.get("values"))
        for task, made in artifacts(state).items()
        for group in ("inputs", "outputs")
        for entry in (made or {}).get(group) or []
    }


def _value(task: ResolvedTask, entry: Mapping[str, Any]) -> Value:
    value = entry.get("value", "")
    return result_refs.custom_value(str(value)) if task.kind is Kind.CUSTOM_RUN else typed(value)


def _status(task: ResolvedTask, name: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (task.runs[0].get("status") or {}).get(name) or []
    return found


def artifacts(state: Sequence[ResolvedTask]) -> dict[str, dict[str, Any] | None]:
    """Return the artifacts (inputs, outputs) of every task whose runs are over, those of a fanned-out task merged."""
    out: dict[str, dict[str, Any] | None] = {}
    for task in state:
        if task.kind is Kind.TASK_RUN and (task.successful or task.failed):
            found = [(run.get("status") or {}).get("artifacts") for run in task.runs]
            out[task.name] = merged(found) if task.matrixed else found[0]
    return out


def merged(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return artifacts put together: sorted by name, per name the values of all, each value once."""
    out: dict[str, Any] = {}
    for one in found:
        for group in ("inputs", "outputs"):
            for entry in (one or {}).get(group) or []:
                _merge(out.setdefault(group, []), entry)
    return {group: sorted(entries, key=lambda one: str(one["name"])) for group, entries in out.items()}


def _merge(entries: list[dict[str, Any]], entry: Mapping[str, Any]) -> None:
    own = next((known for known in entries if known["name"] == entry["name"]), None)
    if own is None:
        entries.append({**entry, "values": list(entry.get("values") or [])})
    else:
        own["values"] += [value for value in entry.get("values") or [] if value not in own["values"]]
