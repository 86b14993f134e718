# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the API server's schema would refuse: fields that nobody reads, lists that are none, text that is no duration.

Raises Invalid with the place; what passes can be read by the rules. Must not know any rule of admission.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...._core import duration
from ...._core.errors import Invalid
from ...._core.yaml import Document
from ..fields import check as known_fields
from ..fields import items

Shape = Callable[[Document, Any, str], None]


def check(document: Document) -> None:
    """Check the shape of one converted object."""
    shapes: dict[str, Shape] = {"Task": task, "Pipeline": pipeline, "TaskRun": task_run, "PipelineRun": pipeline_run}
    shape = shapes.get(document.data["kind"])
    if shape is not None:
        shape(document, document.data["spec"], "spec")


def task(document: Document, spec: Any, path: str) -> None:
    """Check a task's spec, also an inline one."""
    known_fields(document, "Task", spec, path)
    lists = {
        "params": "ParamSpec",
        "workspaces": "WorkspaceDeclaration",
        "results": "TaskResult",
        "sidecars": "Sidecar",
    }
    for name, kind in lists.items():
        for where, entry in items(document, spec, name, path):
            known_fields(document, kind, entry, where)
    for where, entry in items(document, spec, "steps", path):
        known_fields(document, "Step", entry, where)
        _duration(document, entry, "timeout", where)
        _whens(document, entry, where)


def pipeline(document: Document, spec: Any, path: str) -> None:
    """Check a pipeline's spec, also an inline one."""
    known_fields(document, "Pipeline", spec, path)
    lists = {"params": "ParamSpec", "workspaces": "PipelineWorkspace", "results": "PipelineResult"}
    for name, kind in lists.items():
        for where, entry in items(document, spec, name, path):
            known_fields(document, kind, entry, where)
    for group in ("tasks", "finally"):
        for where, entry in items(document, spec, group, path):
            _pipeline_task(document, entry, where)


def _pipeline_task(document: Document, entry: Any, where: str) -> None:
    known_fields(document, "PipelineTask", entry, where)
    spec = entry.get("taskSpec")
    if spec is not None and not (isinstance(spec, Mapping) and spec.get("apiVersion")):
        inline = {key: value for key, value in spec.items() if key != "metadata"} if isinstance(spec, Mapping) else spec
        task(document, inline, f"{where}.taskSpec")
    if entry.get("pipelineSpec") is not None:
        pipeline(document, entry["pipelineSpec"], f"{where}.pipelineSpec")
    for name, kind in {"params": "Param", "workspaces": "TaskWorkspace"}.items():
        for place, item in items(document, entry, name, where):
            known_fields(document, kind, item, place)
    if entry.get("matrix") is not None:
        known_fields(document, "Matrix", entry["matrix"], f"{where}.matrix")
    _whens(document, entry, where)
    _duration(document, entry, "timeout", where)


def _whens(document: Document, entry: Mapping[str, Any], where: str) -> None:
    for place, expression in items(document, entry, "when", where):
        known_fields(document, "When", expression, place)


def task_run(document: Document, spec: Any, path: str) -> None:
    """Check a TaskRun's spec."""
    known_fields(document, "TaskRun", spec, path)
    if spec.get("taskSpec") is not None:
        task(document, spec["taskSpec"], f"{path}.taskSpec")
    _bindings(document, spec, path)
    _duration(document, spec, "timeout", path)


def pipeline_run(document: Document, spec: Any, path: str) -> None:
    """Check a PipelineRun's spec."""
    known_fields(document, "PipelineRun", spec, path)
    if spec.get("pipelineSpec") is not None:
        pipeline(document, spec["pipelineSpec"], f"{path}.pipelineSpec")
    if spec.get("timeouts"):
        known_fields(document, "Timeouts", spec["timeouts"], f"{path}.timeouts")
        for name in spec["timeouts"]:
            _duration(document, spec["timeouts"], name, f"{path}.timeouts")
    for where, entry in items(document, spec, "taskRunSpecs", path):
        _duration(document, entry if isinstance(entry, Mapping) else {}, "timeout", where)
    _bindings(document, spec, path)


def _bindings(document: Document, spec: Mapping[str, Any], path: str) -> None:
    for where, entry in items(document, spec, "params", path):
        known_fields(document, "Param", entry, where)
        if entry.get("value") is None:
            raise Invalid(f"{where}.value", "is missing", at=document.place(where))
    for where, entry in items(document, spec, "workspaces", path):
        known_fields(document, "WorkspaceBinding", entry, where)


def _duration(document: Document, entry: Mapping[str, Any], name: str, path: str) -> None:
    text = entry.get(name)
    if text is None or "$(" in str(text):
        return
    try:
        duration.parse_go(str(text))
    except Invalid as error:
        place = document.place(f"{path}.{name}")
        raise Invalid(f"{path}.{name}", error.message, at=place, hint=error.hint) from None
