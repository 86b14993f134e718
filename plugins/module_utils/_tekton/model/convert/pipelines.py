# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Pipelines and the specs of Pipelines, wherever they stand.

Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/pipeline_conversion.go, v1.15. Unlike upstream, pipelines in
pipelines and onError are carried over: upstream's conversion forgets these fields of its own newer releases.
"""

from __future__ import annotations

from typing import Any

from .references import reference
from .tasks import task_spec
from .turn import Turn, entries

_GONE = "PipelineResources are gone; Tekton does not keep them here"


def pipeline(turn: Turn, obj: dict[str, Any]) -> None:
    """Convert a Pipeline in place."""
    pipeline_spec(turn, obj, obj.get("spec"), "spec")


def pipeline_spec(turn: Turn, obj: dict[str, Any], spec: Any, path: str) -> None:
    """Convert the spec of a Pipeline in place; annotations are written to `obj`."""
    if not isinstance(spec, dict):
        return
    if turn.up:
        turn.drop(spec, path, "resources", _GONE)
    for group in ("tasks", "finally"):
        for where, task in entries(spec, group, path):
            if turn.up:
                turn.drop(task, where, "resources", _GONE)
            reference(turn, task, where, "taskRef", "Task")
            reference(turn, task, where, "pipelineRef", "Pipeline")
            task_spec(turn, obj, task.get("taskSpec"), f"{where}.taskSpec", str(task.get("name") or ""))
            pipeline_spec(turn, obj, task.get("pipelineSpec"), f"{where}.pipelineSpec")
