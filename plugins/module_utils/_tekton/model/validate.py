# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What Tekton's admission would refuse: unknown fields, missing parts, broken references inside one object.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/*_validation.go, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid
from ..._core.yaml import Document
from ..decide import dag
from .fields import check as known_fields
from .fields import items

_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
_PARAM = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]*$")
_TYPES = ("string", "array", "object")


def check(document: Document) -> None:
    """Check one converted object."""
    spec, kind = document.data["spec"], document.data["kind"]
    checks = {"Task": task, "Pipeline": pipeline, "TaskRun": task_run, "PipelineRun": pipeline_run}
    if kind in checks:
        checks[kind](document, spec, "spec")


def task(document: Document, spec: Mapping[str, Any], path: str) -> None:
    """Check a Task's spec, also an inline one (which may carry metadata)."""
    known_fields(document, "Task", spec, path)
    if not spec.get("steps"):
        raise _error(document, f"{path}.steps", "needs at least one step")
    _params(document, spec, path)
    for where, entry in items(document, spec, "workspaces", path):
        known_fields(document, "WorkspaceDeclaration", entry, where)
    for where, entry in items(document, spec, "results", path):
        known_fields(document, "TaskResult", entry, where)
    for where, entry in items(document, spec, "sidecars", path):
        known_fields(document, "Sidecar", entry, where)
    names: set[str] = set()
    for where, entry in items(document, spec, "steps", path):
        _step(document, entry, where, names)


def _step(document: Document, step: Mapping[str, Any], where: str, names: set[str]) -> None:
    known_fields(document, "Step", step, where)
    name = step.get("name", "")
    if name and (name in names or not _LABEL.match(str(name))):
        why = "is used twice" if name in names else "is not a DNS label"
        raise _error(document, f"{where}.name", f"{why}: {name!r}")
    names.add(name)
    if step.get("script") and step.get("command"):
        raise _error(document, f"{where}.script", "cannot be given together with command")
    if not step.get("ref") and not step.get("image"):
        raise _error(document, f"{where}.image", "is missing")
    if step.get("onError") and "$(" not in step["onError"] and step["onError"] not in ("continue", "stopAndFail"):
        raise _error(document, f"{where}.onError", f"is {step['onError']!r}", "continue or stopAndFail")
    _duration(document, step, "timeout", where)


def _params(document: Document, spec: Mapping[str, Any], path: str) -> None:
    names: set[str] = set()
    for where, entry in items(document, spec, "params", path):
        known_fields(document, "ParamSpec", entry, where)
        name = str(entry.get("name", ""))
        if not _PARAM.match(name):
            raise _error(document, f"{where}.name", f"is no name for a param: {name!r}")
        if name.lower() in names:
            raise _error(document, f"{where}.name", f"is used twice: {name!r}")
        names.add(name.lower())
        if entry.get("type") and entry["type"] not in _TYPES:
            raise _error(document, f"{where}.type", f"is {entry['type']!r}", "string, array or object")


def pipeline(document: Document, spec: Mapping[str, Any], path: str) -> None:
    """Check a Pipeline's spec: its tasks, their graph and what they refer to."""
    known_fields(document, "Pipeline", spec, path)
    if not spec.get("tasks"):
        raise _error(document, f"{path}.tasks", "needs at least one task")
    _params(document, spec, path)
    for where, entry in items(document, spec, "workspaces", path):
        known_fields(document, "PipelineWorkspace", entry, where)
    for where, entry in items(document, spec, "results", path):
        known_fields(document, "PipelineResult", entry, where)
    declared = {entry["name"] for entry in spec.get("workspaces") or []}
    seen: set[str] = set()
    for group in ("tasks", "finally"):
        for where, entry in items(document, spec, group, path):
            _pipeline_task(document, entry, where, declared, seen)
    _graph(document, spec, path)


def _pipeline_task(
    document: Document, entry: Mapping[str, Any], where: str, declared: set[str], seen: set[str]
) -> None:
    known_fields(document, "PipelineTask", entry, where)
    name = str(entry.get("name", ""))
    if not _LABEL.match(name):
        raise _error(document, f"{where}.name", f"is not a DNS label: {name!r}")
    if name in seen:
        raise _error(document, f"{where}.name", f"is used twice: {name!r}")
    seen.add(name)
    kinds = [key for key in ("taskRef", "taskSpec", "pipelineRef", "pipelineSpec") if entry.get(key)]
    if len(kinds) != 1:
        raise _error(document, where, "needs exactly one of taskRef and taskSpec")
    if entry.get("taskSpec") and not entry["taskSpec"].get("apiVersion"):
        task(document, {k: v for k, v in entry["taskSpec"].items() if k != "metadata"}, f"{where}.taskSpec")
    for place, usage in items(document, entry, "workspaces", where):
        known_fields(document, "TaskWorkspace", usage, place)
        wanted = usage.get("workspace") or usage.get("name")
        if wanted not in declared:
            hint = f"workspaces of this pipeline: {', '.join(sorted(declared)) or 'none'}"
            raise _error(document, place, f"names a workspace that the pipeline does not declare: {wanted!r}", hint)
    for place, expression in items(document, entry, "when", where):
        known_fields(document, "When", expression, place)
        if not expression.get("cel") and expression.get("operator") not in ("in", "notin"):
            raise _error(document, f"{place}.operator", f"is {expression.get('operator')!r}", "in or notin")
    if entry.get("retries") and entry.get("onError") == "continue":
        raise _error(document, f"{where}.retries", "cannot be given together with onError: continue")
    _duration(document, entry, "timeout", where)


def _graph(document: Document, spec: Mapping[str, Any], path: str) -> None:
    tasks = spec["tasks"]
    names = [entry["name"] for entry in tasks]
    for index, entry in enumerate(tasks):
        for position, before in enumerate(entry.get("runAfter") or []):
            if before not in names:
                where = f"{path}.tasks[{index}].runAfter[{position}]"
                hint = f"tasks of this pipeline: {', '.join(names)}"
                raise _error(document, where, f"names a task that does not exist: {before!r}", hint)
        for before in dag.result_tasks(entry):
            if before not in names:
                hint = f"tasks of this pipeline: {', '.join(names)}"
                message = f"uses a result of a task that does not exist: {before!r}"
                raise _error(document, f"{path}.tasks[{index}]", message, hint)
    cycle = dag.cycle(tasks)
    if cycle:
        index = names.index(cycle[0])
        raise _error(document, f"{path}.tasks[{index}]", f"is part of a cycle: {' -> '.join(cycle)}")


def task_run(document: Document, spec: Mapping[str, Any], path: str) -> None:
    """Check a TaskRun's spec."""
    known_fields(document, "TaskRun", spec, path)
    _one_of(document, spec, path, "taskRef", "taskSpec")
    if spec.get("taskSpec"):
        task(document, spec["taskSpec"], f"{path}.taskSpec")
    _bindings(document, spec, path)
    _duration(document, spec, "timeout", path)


def pipeline_run(document: Document, spec: Mapping[str, Any], path: str) -> None:
    """Check a PipelineRun's spec."""
    known_fields(document, "PipelineRun", spec, path)
    _one_of(document, spec, path, "pipelineRef", "pipelineSpec")
    if spec.get("pipelineSpec"):
        pipeline(document, spec["pipelineSpec"], f"{path}.pipelineSpec")
    if spec.get("timeouts"):
        known_fields(document, "Timeouts", spec["timeouts"], f"{path}.timeouts")
        for name in spec["timeouts"]:
            _duration(document, spec["timeouts"], name, f"{path}.timeouts")
    _bindings(document, spec, path)


def _one_of(document: Document, spec: Mapping[str, Any], path: str, first: str, second: str) -> None:
    if bool(spec.get(first)) == bool(spec.get(second)):
        raise _error(document, path, f"needs exactly one of {first} and {second}")


def _bindings(document: Document, spec: Mapping[str, Any], path: str) -> None:
    for where, entry in items(document, spec, "params", path):
        known_fields(document, "Param", entry, where)
        if entry.get("value") is None:
            raise _error(document, f"{where}.value", "is missing")
    for where, entry in items(document, spec, "workspaces", path):
        known_fields(document, "WorkspaceBinding", entry, where)
        sources = [key for key in entry if key not in ("name", "subPath")]
        if len(sources) != 1:
            raise _error(document, where, "needs exactly one source", "emptyDir, volumeClaimTemplate, secret, ...")


def _duration(document: Document, entry: Mapping[str, Any], name: str, path: str) -> None:
    text = entry.get(name)
    if text is None or "$(" in str(text):
        return
    try:
        duration.parse_go(str(text))
    except Invalid as error:
        raise _error(document, f"{path}.{name}", error.message, error.hint) from None


def _error(document: Document, path: str, message: str, hint: str = "") -> Invalid:
    return Invalid(path, message, at=document.place(path), hint=hint)
