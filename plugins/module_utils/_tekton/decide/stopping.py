# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Stopping a PipelineRun from outside: which children are told to stop, and in which words.

Says what to patch, patches nothing. Source: tektoncd/pipeline pkg/reconciler/pipelinerun/cancel.go, timeout.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid
from .children import Kind, cancel_message, timeout_message
from .ending import Condition

_STATUS = {Kind.TASK_RUN: "TaskRunCancelled", Kind.CUSTOM_RUN: "RunCancelled", Kind.PIPELINE_RUN: "Cancelled"}


@dataclass(frozen=True, slots=True)
class Child:
    """A run that a PipelineRun started."""

    kind: Kind
    name: str


def children_of(status: Mapping[str, Any], tasks: Collection[str] = ()) -> list[Child]:
    """Return the children that a PipelineRun's status names, those of `tasks` only when some are given.

    Invalid when one is of a kind that no pipeline task becomes.
    """
    entries: Sequence[Mapping[str, Any]] = status.get("childReferences") or []
    wanted = [entry for entry in entries if not tasks or entry.get("pipelineTaskName") in tasks]
    unknown = sorted(f"{entry['name']}:{entry.get('kind')}" for entry in wanted if entry.get("kind") not in list(Kind))
    if unknown:
        raise Invalid("status.childReferences", f"found child objects of unknown kinds: map[{' '.join(unknown)}]")
    return [Child(Kind(entry["kind"]), str(entry["name"])) for entry in wanted]


def cancel_patch(kind: Kind) -> list[dict[str, str]]:
    """Return the JSON patch for a child whose PipelineRun was cancelled."""
    return _patch(kind, cancel_message(kind))


def timeout_patch(kind: Kind) -> list[dict[str, str]]:
    """Return the JSON patch for a child whose PipelineRun is out of time."""
    return _patch(kind, timeout_message(kind))


def _patch(kind: Kind, message: str) -> list[dict[str, str]]:
    stop = {"op": "add", "path": "/spec/status", "value": _STATUS[kind]}
    if kind is Kind.PIPELINE_RUN:  # has no spec.statusMessage
        return [stop]
    return [stop, {"op": "add", "path": "/spec/statusMessage", "value": message}]


def cancelled(run: str, errors: Sequence[str] = ()) -> Condition:
    """Return the condition of a PipelineRun that was cancelled; `errors` are those of its children's patches."""
    text = f'PipelineRun "{run}" was cancelled'
    if not errors:
        return Condition("False", "Cancelled", text)
    text += " but had errors trying to cancel TaskRuns and/or Runs: " + "\n".join(errors)
    return Condition("Unknown", "PipelineRunCouldntCancel", text)


def timed_out(run: str, span: float, errors: Sequence[str] = ()) -> Condition:
    """Return the condition of a PipelineRun that is out of time after `span` seconds."""
    if not errors:
        text = f'PipelineRun "{run}" failed to finish within "{duration.format_go(span)}"'
        return Condition("False", "PipelineRunTimeout", text)
    text = f'PipelineRun "{run}" was timed out but had errors trying to time out TaskRuns and/or Runs: '
    return Condition("Unknown", "PipelineRunCouldntTimeOut", text + "\n".join(errors))
