# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a PipelineRun stands in the words of its Succeeded condition: status, reason and message letter by letter.

Source: tektoncd/pipeline pkg/reconciler/pipelinerun/resources/pipelinerunstate.go (GetPipelineConditionStatus), v1.15.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from ..._core import duration
from .children import ResolvedTask
from .facts import Facts, Timing
from .skipping import TIMEOUTS, Skip, final_done, finally_skip, skip

_LONGEST = 1024


class Count(StrEnum):
    """What a task counts as."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IGNORED = "ignored"
    CANCELLED = "cancelled"
    INVALID = "invalid"
    SKIPPED = "skipped"
    TIMED_OUT = "timed out"  # skipped because a timeout passed before it started
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Condition:
    """status "True", "False" or "Unknown", reason and message."""

    status: str
    reason: str
    message: str


def condition(facts: Facts, name: str, timing: Timing | None = None) -> Condition:
    """Return the condition of the PipelineRun `name`; `timing` is that of the run when it is not that of the facts."""
    timing = timing or facts.timing
    if timing.pipeline_over:
        text = f'PipelineRun "{name}" failed to finish within "{duration.format_go(timing.pipeline or 0)}"'
        return Condition("False", "PipelineRunTimeout", text)
    if timing.tasks_over and (not facts.final_tasks or final_done(facts)):
        span = duration.format_go(timing.tasks or 0)
        text = f'PipelineRun "{name}" failed due to tasks failed to finish within "{span}"'
        return Condition("False", "PipelineRunTimeout", text)
    counts = count(facts)
    return _going_on(facts, counts) if counts[Count.INCOMPLETE] else _ended(facts, counts, name)


def count(facts: Facts) -> Counter[Count]:
    """Return how many tasks count as what."""
    return Counter(_count(facts, task) for task in facts.state)


def _count(facts: Facts, task: ResolvedTask) -> Count:
    if task.successful:
        return Count.SUCCEEDED
    if task.cancelled_for_timeout:
        return Count.FAILED
    if task.cancelled:
        return Count.CANCELLED
    if task.failed:
        return Count.IGNORED if task.ignores_failure else Count.FAILED
    if task.name in facts.invalid:
        return Count.INVALID
    why, last = skip(facts, task), finally_skip(facts, task)
    if why in TIMEOUTS or last is Skip.FINALLY_TIMEOUT:
        return Count.TIMED_OUT
    return Count.SKIPPED if why or last else Count.INCOMPLETE


def _completed(counts: Counter[Count]) -> int:
    return sum(counts[one] for one in (Count.SUCCEEDED, Count.FAILED, Count.CANCELLED, Count.IGNORED))


def _skipped(counts: Counter[Count]) -> int:
    return counts[Count.SKIPPED] + counts[Count.TIMED_OUT]


def _ended(facts: Facts, counts: Counter[Count], name: str) -> Condition:
    message = _message(facts, counts)
    if counts[Count.INVALID]:
        return Condition("False", "PipelineValidationFailed", message)
    if counts[Count.FAILED] or counts[Count.TIMED_OUT]:
        return Condition("False", "Failed", message)
    if facts.gracefully_cancelled or facts.gracefully_stopped:
        return Condition("False", "Cancelled", f'PipelineRun "{name}" was cancelled')
    if counts[Count.CANCELLED]:
        return Condition("False", "Cancelled", message)
    return Condition("True", "Completed" if counts[Count.SKIPPED] else "Succeeded", message)


def _message(facts: Facts, counts: Counter[Count]) -> str:
    ignored = counts[Count.IGNORED]
    note = f" (Ignored: {ignored})" if ignored else ""
    failed = f"Failed: {counts[Count.FAILED] + ignored}{note}, Cancelled {counts[Count.CANCELLED]}"
    text = f"Tasks Completed: {_completed(counts)} ({failed}), Skipped: {_skipped(counts)}"
    if not counts[Count.INVALID]:
        return text
    why = "; ".join(reason for reason in facts.invalid.values() if reason)[:_LONGEST]
    return f"{text}, Failed Validation: {counts[Count.INVALID]}" + (f" ({why})" if why else "")


def _going_on(facts: Facts, counts: Counter[Count]) -> Condition:
    numbers = f"Failed: {counts[Count.FAILED]}, Cancelled {counts[Count.CANCELLED]}"
    tail = f"Incomplete: {counts[Count.INCOMPLETE]}, Skipped: {_skipped(counts)}"
    message = f"Tasks Completed: {_completed(counts)} ({numbers}), {tail}"
    return Condition("Unknown", _reason_while_running(facts, counts), message)


def _reason_while_running(facts: Facts, counts: Counter[Count]) -> str:
    if facts.gracefully_cancelled:
        return "CancelledRunningFinally"
    if facts.gracefully_stopped:
        return "StoppedRunningFinally"
    if counts[Count.CANCELLED] or (counts[Count.FAILED] and final_done(facts)):
        return "PipelineRunStopping"
    return "Running"
