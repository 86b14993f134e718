# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What Tekton's admission refuses in v1beta1 objects, before they are converted.

Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/*_validation.go, v1.15 (ErrDisallowedFields("resources"),
ErrDisallowedFields("timeout", "timeouts")).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...._core.errors import Invalid, Refused
from ...._core.types import Manifest, ref


def check(obj: Manifest) -> None:
    """Raise Refused for PipelineResources anywhere in the object, Invalid for `timeout` beside `timeouts`."""
    spec = obj.get("spec") or {}
    for path, holder in _holders(str(obj.get("kind")), spec, "spec"):
        if isinstance(holder, Mapping) and holder.get("resources"):
            raise Refused(
                f"{path}.resources: PipelineResources are gone from Tekton",
                hint="use params, workspaces and results",
                obj=ref(obj),
            )
    if obj.get("kind") == "PipelineRun" and spec.get("timeout") and spec.get("timeouts"):
        raise Invalid("spec", "takes only one of timeout, timeouts", hint="timeout is timeouts.pipeline", obj=ref(obj))


def _holders(kind: str, spec: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what had PipelineResources: not steps, whose `resources` are those of a container."""
    if not isinstance(spec, Mapping):
        return
    yield path, spec
    if kind == "TaskRun":
        yield f"{path}.taskSpec", spec.get("taskSpec")
    if kind == "PipelineRun":
        yield from _holders("Pipeline", spec.get("pipelineSpec"), f"{path}.pipelineSpec")
    if kind == "Pipeline":
        for group in ("tasks", "finally"):
            tasks = spec.get(group)
            for index, task in enumerate(tasks if isinstance(tasks, list) else []):
                yield from _pipeline_task(task, f"{path}.{group}[{index}]")


def _pipeline_task(task: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(task, Mapping):
        yield path, task
        yield f"{path}.taskSpec", task.get("taskSpec")
        yield from _holders("Pipeline", task.get("pipelineSpec"), f"{path}.pipelineSpec")
