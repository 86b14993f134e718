# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is handed to Tasks and Pipelines: params that they do not have, those that they miss, workspaces that are not shared."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from ..model.parse import Bundle
from .finding import Finding, found
from .held import Held, documents, pipeline_tasks, pipelines

Spec = Mapping[str, Any]


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield a finding for what is given to something that does not declare it, missing, or not shared as it seems."""
    for pipeline in pipelines(bundle):
        for task in pipeline_tasks(pipeline):
            callee = _spec(bundle, "Task", task.spec.get("taskRef"))
            if callee is not None:
                yield from _extra(task, callee, "Task")
                yield from _missing(task, callee)
    for kind, reference in (("Task", "taskRef"), ("Pipeline", "pipelineRef")):
        for document in documents(bundle, f"{kind}Run"):
            run = Held(document, "spec", document.data["spec"])
            callee = _spec(bundle, kind, run.spec.get(reference))
            if callee is not None:
                yield from _extra(run, callee, kind)
    yield from _not_shared(bundle)


def _not_shared(bundle: Bundle) -> Iterator[Finding]:
    """An emptyDir belongs to one TaskRun: tasks that mean to hand files on through it find it empty."""
    for document in documents(bundle, "PipelineRun"):
        spec = document.data["spec"]
        pipeline = spec.get("pipelineSpec") or _spec(bundle, "Pipeline", spec.get("pipelineRef")) or {}
        for index, binding in enumerate(spec.get("workspaces") or []):
            users = _users(pipeline, str(binding["name"])) if binding.get("emptyDir") is not None else []
            if len(users) > 1:
                message = (
                    f"is an emptyDir, and {', '.join(users)} use it: each gets an empty one of its own; use a claim"
                )
                yield found("warning", "unshared-workspace", document, f"spec.workspaces[{index}]", message)


def _users(pipeline: Spec, workspace: str) -> list[str]:
    """Return the tasks that are given a workspace of the pipeline."""
    tasks = [*(pipeline.get("tasks") or []), *(pipeline.get("finally") or [])]
    return [
        str(task["name"])
        for task in tasks
        if any((use.get("workspace") or use.get("name")) == workspace for use in task.get("workspaces") or [])
    ]


def _spec(bundle: Bundle, kind: str, reference: Any) -> Spec | None:
    """Return the spec that is given for a reference by name."""
    if not isinstance(reference, Mapping) or reference.get("resolver") or reference.get("apiVersion"):
        return None
    document = bundle.find(kind, str(reference.get("name")))
    return document.data["spec"] if document is not None else None


def _extra(held: Held, callee: Spec, kind: str) -> Iterator[Finding]:
    """Tekton takes params that nobody declares; mostly they are misspelt."""
    known = [str(param["name"]) for param in callee.get("params") or []]
    for index, param in enumerate(held.spec.get("params") or []):
        name = str(param["name"])
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"gives the param {name!r}, which the {kind} does not declare{hint}"
            yield found("note", "extra-param", held.document, f"{held.path}.params[{index}]", message)


def _missing(task: Held, callee: Spec) -> Iterator[Finding]:
    matrix = task.spec.get("matrix") or {}
    included = [param for entry in matrix.get("include") or [] for param in entry.get("params") or []]
    given = {param["name"] for param in [*(task.spec.get("params") or []), *(matrix.get("params") or []), *included]}
    for param in callee.get("params") or []:
        if "default" not in param and param["name"] not in given:
            message = f"does not give the param {param['name']!r}, which its Task needs: the run will fail"
            yield found("warning", "missing-param", task.document, task.path, message)
    bound = {workspace["name"] for workspace in task.spec.get("workspaces") or []}
    for workspace in callee.get("workspaces") or []:
        if not workspace.get("optional") and workspace["name"] not in bound:
            message = f"does not bind the workspace {workspace['name']!r}, which its Task needs: the run will fail"
            yield found("warning", "missing-workspace", task.document, task.path, message)
