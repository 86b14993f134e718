# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which pipeline tasks are skipped, and why, letter by letter.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/pipelinerunresolution.go (skip, IsFinallySkipped),
pkg/apis/pipeline/v1/pipelinerun_types.go (SkippingReason), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from . import result_refs, substitution, when
from .children import ResolvedTask
from .facts import Facts
from .substitution import Replacements


class Skip(StrEnum):
    """Why a task was skipped."""

    WHEN = "When Expressions evaluated to false"
    PARENT = "Parent Tasks were skipped"
    RESULTS = "Results were missing"
    STOPPING = "PipelineRun was stopping"
    CANCELLED = "PipelineRun was gracefully cancelled"
    STOPPED = "PipelineRun was gracefully stopped"
    PIPELINE_TIMEOUT = "PipelineRun timeout has been reached"
    TASKS_TIMEOUT = "PipelineRun Tasks timeout has been reached"
    FINALLY_TIMEOUT = "PipelineRun Finally timeout has been reached"
    EMPTY_MATRIX = "Matrix Parameters have an empty array"


TIMEOUTS = (Skip.PIPELINE_TIMEOUT, Skip.TASKS_TIMEOUT)


def skip(facts: Facts, task: ResolvedTask) -> Skip | None:
    """Return why a DAG task is skipped, None when it is not (or not yet). Finally tasks: see finally_skip."""
    if task.name not in facts.before or task.name in facts.final:
        return None
    _judge(facts)
    verdict: Skip | None = facts.skips.get(task.name)
    return verdict


def _judge(facts: Facts) -> None:
    """Fill facts.skips once, parents first, so that a rule finds the verdicts on the parents."""
    if facts.skips:
        return
    for name in facts.order:
        facts.skips[name] = _skip(facts, facts.by_name[name]) if name in facts.by_name else None


def is_done(facts: Facts, task: ResolvedTask) -> bool:
    """True when the task succeeded, failed, was skipped, or could not be created."""
    return bool(skip(facts, task)) or task.successful or task.failed or task.name in facts.invalid


def dag_done(facts: Facts) -> bool:
    return all(is_done(facts, task) for task in facts.dag_tasks)


def final_done(facts: Facts) -> bool:
    return all(is_done(facts, task) for task in facts.final_tasks)


def _skip(facts: Facts, task: ResolvedTask) -> Skip | None:
    if task.scheduled or task.name in facts.invalid:
        return None
    if facts.stopping:
        return Skip.STOPPING
    if facts.gracefully_cancelled:
        return Skip.CANCELLED
    if facts.gracefully_stopped:
        return Skip.STOPPED
    ready = _parents_done(facts, task)
    if ready and not _when_allows(facts, task):
        return Skip.WHEN
    if _parent_skipped(facts, task):
        return Skip.PARENT
    return _skip_with_parents_done(facts, task) if ready else _empty_matrix(facts, task)


def _skip_with_parents_done(facts: Facts, task: ResolvedTask) -> Skip | None:
    if _results_missing(facts, task):
        return Skip.RESULTS
    if facts.timing.pipeline_over:
        return Skip.PIPELINE_TIMEOUT
    return Skip.TASKS_TIMEOUT if facts.timing.tasks_over else _empty_matrix(facts, task)


def finally_skip(facts: Facts, task: ResolvedTask) -> Skip | None:
    """Return why a finally task is skipped; None as long as the DAG is not done."""
    if task.scheduled or task.name not in facts.final or not dag_done(facts):
        return None
    if _results_missing(facts, task):
        return Skip.RESULTS
    if not _when_allows(facts, task):
        return Skip.WHEN
    if facts.timing.pipeline_over:
        return Skip.PIPELINE_TIMEOUT
    return Skip.FINALLY_TIMEOUT if facts.timing.finally_over else _empty_matrix(facts, task)


def parent_skipped(facts: Facts, task: ResolvedTask) -> bool:
    """True when a parent was skipped for another cause than its when expressions."""
    _judge(facts)
    return _parent_skipped(facts, task)


def _parent_skipped(facts: Facts, task: ResolvedTask) -> bool:
    return any(facts.skips.get(name) not in (None, Skip.WHEN) for name in facts.before.get(task.name, ()))


def _parents_done(facts: Facts, task: ResolvedTask) -> bool:
    """Look only at verdicts that are there: tasks are judged parents first."""
    parents = [facts.by_name[name] for name in facts.before.get(task.name, ()) if name in facts.by_name]
    return all(
        facts.skips.get(parent.name) or parent.successful or parent.failed or parent.name in facts.invalid
        for parent in parents
    )


def _results_missing(facts: Facts, task: ResolvedTask) -> bool:
    """A missing result skips a finally task, one that ignores failures, and one whose producer when skipped."""
    if not result_refs.used(task.spec):
        return False
    found = result_refs.resolve(facts.by_name, [task])
    producer = facts.by_name.get(found.missing)
    if producer is None:
        return False
    return task.ignores_failure or task.name in facts.final or facts.skips.get(producer.name) is Skip.WHEN


def _when_allows(facts: Facts, task: ResolvedTask) -> bool:
    return when.allows(with_values(facts, task), task.cel)


def with_values(facts: Facts, task: ResolvedTask) -> list[dict[str, Any]]:
    """Return the task's when expressions with results (when all are there) and given values in them."""
    return when.replaced(task.spec.get("when") or [], known(facts, task))


def known(facts: Facts, task: ResolvedTask) -> Replacements:
    """Return what references of the task become: given values, and results once all that it uses are there."""
    found = result_refs.replacements(result_refs.resolve(facts.by_name, [task]).refs)
    return Replacements({**facts.given.strings, **found.strings}, {**facts.given.arrays, **found.arrays})


def _empty_matrix(facts: Facts, task: ResolvedTask) -> Skip | None:
    params: list[Mapping[str, Any]] = (task.spec.get("matrix") or {}).get("params") or []
    values = [substitution.whole(param.get("value", ""), known(facts, task)) for param in params]
    return Skip.EMPTY_MATRIX if [] in values else None
