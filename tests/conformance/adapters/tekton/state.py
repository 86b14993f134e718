# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns the run state of a row (upstream's ResolvedPipelineTask) into our facts. Knows no rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import clock, duration
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import children, facts
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.children import Kind, ResolvedTask
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.facts import Facts, Timing
from tests.conformance.registry import Row, Skip

_RUNS = {Kind.TASK_RUN: "TaskRuns", Kind.CUSTOM_RUN: "CustomRuns", Kind.PIPELINE_RUN: "ChildPipelineRuns"}


def task(entry: Mapping[str, Any]) -> ResolvedTask:
    """Return one task; upstream says by a flag of its own that it is a custom one."""
    spec = entry.get("PipelineTask") or {}
    kind = Kind.CUSTOM_RUN if entry.get("CustomTask") else children.kind_of(spec)
    kind = Kind.TASK_RUN if kind is Kind.CUSTOM_RUN and not entry.get("CustomTask") else kind
    if kind is Kind.TASK_RUN and entry.get("ChildPipelineRuns"):
        kind = Kind.PIPELINE_RUN
    return ResolvedTask(spec, kind, tuple(entry.get(_RUNS[kind]) or []), entry.get("EvaluatedCEL") or {})


def tasks(entries: Sequence[Mapping[str, Any]] | None) -> tuple[ResolvedTask, ...]:
    return tuple(task(entry) for entry in entries or [])


def build(row: Row, entries: Sequence[Mapping[str, Any]] | None, **more: Any) -> Facts:
    """Return the facts of a row; `more` as facts.of, spec_status from the row."""
    more.setdefault("spec_status", row.value("specStatus"))
    return facts.of(tasks(entries), **more)


def seconds(value: Any) -> float | None:
    """Return a time span of a row: text of Go, or nothing."""
    return None if value in (None, "", 0) else duration.parse_go(str(value))


def moment(value: Any) -> float | None:
    return None if not value else clock.parse_rfc3339(str(value))


def timing(row: Row, fields: Mapping[str, Any]) -> Timing:
    """Return the times named by `fields`: our names to values of the row."""
    now = moment((row.table.get("context") or {}).get("now") or row.now)
    moments = {name: moment(fields.get(name)) for name in ("start", "finally_start")}
    spans = {name: seconds(fields.get(name)) for name in ("pipeline", "tasks", "finally_")}
    return Timing(now=now or 0.0, **moments, **spans)


def resolvable(value: Any) -> Any:
    """Return a fixture; Skip when the vectors do not have it."""
    if isinstance(value, Mapping) and "$unresolved" in value:
        raise Skip("a fixture of the row is not in the vectors")
    return value
