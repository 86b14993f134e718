# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the API server's schema would refuse: fields that nobody reads, lists that are none, text that is no duration.

Raises Invalid with the place; what passes can be read by the rules. Must not know any rule of admission.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...._core import duration, gojson
from ...._core.errors import Invalid
from ...._core.yaml import Document
from ..fields import check as known_fields
from ..fields import items

Shape = Callable[[Document, Any, str], None]


def check(document: Document) -> None:
    """Check the shape of one converted object."""
    shapes: dict[str, Shape] = {
        "Task": task,
        "Pipeline": pipeline,
        "TaskRun": task_run,
        "PipelineRun": pipeline_run,
        "StepAction": step_action,
    }
    shape = shapes.get(document.data["kind"])
    if shape is not None:
        shape(document, document.data["spec"], "spec")


def task(document: Document, spec: Any, path: str) -> None:
    """Check a task's spec, also an inline one."""
    known_fields(document, "Task", spec, path)
    kinds = {"params": "ParamSpec", "workspaces": "WorkspaceDeclaration", "results": "TaskResult"}
    _named(document, spec, path, kinds)
    for name, kind in {"steps": "Step", "sidecars": "Sidecar"}.items():
        for where, entry in items(document, spec, name, path):
            known_fields(document, kind, entry, where)
            _texts(document, entry, "command", where)
            _texts(document, entry, "args", where)
            _duration(document, entry, "timeout", where)
            _whens(document, entry, where)
            _named(document, entry, where, {"workspaces": "WorkspaceUsage"})


def step_action(document: Document, spec: Any, path: str) -> None:
    """Check a StepAction's spec."""
    known_fields(document, "StepAction", spec, path)
    _named(document, spec, path, {"params": "ParamSpec", "results": "TaskResult"})
    _texts(document, spec, "command", path)
    _texts(document, spec, "args", path)


def pipeline(document: Document, spec: Any, path: str) -> None:
    """Check a pipeline's spec, also an inline one."""
    known_fields(document, "Pipeline", spec, path)
    kinds = {"params": "ParamSpec", "workspaces": "PipelineWorkspace", "results": "PipelineResult"}
    _named(document, spec, path, kinds)
    for group in ("tasks", "finally"):
        for where, entry in items(document, spec, group, path):
            _pipeline_task(document, entry, where)
    if not spec.get("tasks"):  # upstream takes it, and its runs end at once: here it is taken for a mistake
        raise Invalid(f"{path}.tasks", "needs at least one task", at=document.place(path))


def _pipeline_task(document: Document, entry: Any, where: str) -> None:
    known_fields(document, "PipelineTask", entry, where)
    spec = entry.get("taskSpec")
    if spec is not None and not (isinstance(spec, Mapping) and spec.get("apiVersion")):
        inline = {key: value for key, value in spec.items() if key != "metadata"} if isinstance(spec, Mapping) else spec
        task(document, inline, f"{where}.taskSpec")
    if entry.get("pipelineSpec") is not None:
        pipeline(document, entry["pipelineSpec"], f"{where}.pipelineSpec")
    _references(document, entry, where)
    _named(document, entry, where, {"workspaces": "TaskWorkspace"})
    _values(document, entry, where)
    if entry.get("matrix") is not None:
        _matrix(document, entry["matrix"], f"{where}.matrix")
    _texts(document, entry, "runAfter", where)
    _whens(document, entry, where)
    _duration(document, entry, "timeout", where)


def _matrix(document: Document, matrix: Any, path: str) -> None:
    known_fields(document, "Matrix", matrix, path)
    _values(document, matrix, path)
    for where, included in items(document, matrix, "include", path):
        if not isinstance(included, Mapping):
            raise Invalid(where, "must be a mapping", at=document.place(where))
        _values(document, included, where)


def _whens(document: Document, entry: Mapping[str, Any], where: str) -> None:
    for place, expression in items(document, entry, "when", where):
        known_fields(document, "When", expression, place)
        list(items(document, expression, "values", place))


def task_run(document: Document, spec: Any, path: str) -> None:
    """Check a TaskRun's spec."""
    known_fields(document, "TaskRun", spec, path)
    _references(document, spec, path)
    if spec.get("taskSpec") is not None:
        task(document, spec["taskSpec"], f"{path}.taskSpec")
    _bindings(document, spec, path)
    _duration(document, spec, "timeout", path)


def pipeline_run(document: Document, spec: Any, path: str) -> None:
    """Check a PipelineRun's spec."""
    known_fields(document, "PipelineRun", spec, path)
    _references(document, spec, path)
    if spec.get("taskRunTemplate") is not None:
        known_fields(document, "TaskRunTemplate", spec["taskRunTemplate"], f"{path}.taskRunTemplate")
    if spec.get("pipelineSpec") is not None:
        pipeline(document, spec["pipelineSpec"], f"{path}.pipelineSpec")
    if spec.get("timeouts"):
        known_fields(document, "Timeouts", spec["timeouts"], f"{path}.timeouts")
        for name in spec["timeouts"]:
            _duration(document, spec["timeouts"], name, f"{path}.timeouts")
    for where, entry in items(document, spec, "taskRunSpecs", path):
        known_fields(document, "TaskRunSpec", entry, where)
        _duration(document, entry, "timeout", where)
    _bindings(document, spec, path)


def _references(document: Document, holder: Mapping[str, Any], path: str) -> None:
    for name in ("taskRef", "pipelineRef"):
        if holder.get(name) is not None:
            known_fields(document, "Ref", holder[name], f"{path}.{name}")


def _bindings(document: Document, spec: Mapping[str, Any], path: str) -> None:
    _values(document, spec, path)
    _named(document, spec, path, {"workspaces": "WorkspaceBinding"})


def _values(document: Document, holder: Mapping[str, Any], path: str) -> None:
    """Check given params: a name and a value each."""
    _named(document, holder, path, {"params": "Param"})
    for where, entry in items(document, holder, "params", path):
        if entry.get("value") is None:
            raise Invalid(f"{where}.value", "is missing", at=document.place(where))


def _named(document: Document, holder: Mapping[str, Any], path: str, kinds: Mapping[str, str]) -> None:
    """Check lists, by the kind of their entries; each entry has a name."""
    for name, kind in kinds.items():
        for where, entry in items(document, holder, name, path):
            known_fields(document, kind, entry, where)
            if not entry.get("name"):
                raise Invalid(f"{where}.name", "is missing", at=document.place(where))


def _texts(document: Document, holder: Mapping[str, Any], name: str, path: str) -> None:
    for where, entry in items(document, holder, name, path):
        if not isinstance(entry, str):
            found = gojson.dumps(entry)
            raise Invalid(where, f"must be text, not {found}", at=document.place(where), hint="put it in quotes")


def _duration(document: Document, entry: Mapping[str, Any], name: str, path: str) -> None:
    text = entry.get(name)
    if text is None or "$(" in str(text):
        return
    try:
        duration.parse_go(str(text))
    except Invalid as error:
        place = document.place(f"{path}.{name}")
        raise Invalid(f"{path}.{name}", error.message, at=place, hint=error.hint) from None
