# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Deadlines of a pipeline run: given, derived, defaulted. Seconds; 0 means none.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipelinerun_types.go (PipelineTimeout, TasksTimeout, FinallyTimeout), v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid

DEFAULT = 3600.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for the whole run, its DAG tasks, its finally tasks."""

    pipeline: float
    tasks: float
    finally_: float


def resolve(given: Mapping[str, str] | None, default: float = DEFAULT) -> Timeouts:
    """Return the timeouts, `default` seconds for the whole when it is not given; Invalid when the parts are longer than the whole."""
    values = {name: duration.parse_go(str(text)) for name, text in (given or {}).items()}
    whole = values.get("pipeline", default)
    tasks, last = values.get("tasks"), values.get("finally")
    if whole == 0:
        return Timeouts(0.0, tasks or 0.0, last or 0.0)
    if 0 in (tasks, last):
        raise Invalid("spec.timeouts", "tasks and finally may only be 0 when pipeline is 0")
    if (tasks or 0) + (last or 0) > whole:
        raise Invalid("spec.timeouts", "tasks + finally is longer than pipeline")
    if tasks is None:
        tasks = whole - last if last is not None else whole
    return Timeouts(whole, tasks, last if last is not None else whole - (values.get("tasks") or 0.0))


def pipeline(run: Mapping[str, Any], default: float = DEFAULT) -> float:
    """Return the seconds a PipelineRun object may take. Source: PipelineTimeout."""
    given = ((run.get("spec") or {}).get("timeouts") or {}).get("pipeline")
    return default if given is None else duration.parse_go(str(given))


def derived(run: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return the seconds for the DAG tasks and the finally tasks of a PipelineRun object; None means the whole run's.

    With a whole, the one that is not given is what the other leaves. Source: TasksTimeout, FinallyTimeout.
    """
    given = (run.get("spec") or {}).get("timeouts") or {}
    values = {name: duration.parse_go(str(given[name])) for name in given if given[name] is not None}
    whole, tasks, last = values.get("pipeline"), values.get("tasks"), values.get("finally")
    return _part(whole, tasks, last), _part(whole, last, tasks)


def _part(whole: float | None, own: float | None, other: float | None) -> float | None:
    if own is not None or whole is None or other is None:
        return own
    return None if 0 in (whole, other) else whole - other


def task_timeout(pipeline_task: str | None, run_spec: str | None) -> float:
    """Return the seconds of one TaskRun: taskRunSpecs before the pipeline task before the default."""
    text = run_spec or pipeline_task
    return duration.parse_go(str(text)) if text is not None else DEFAULT
