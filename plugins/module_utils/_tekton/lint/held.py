# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where specs stand: Tasks and Pipelines of a set, also inside Pipelines and runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.yaml import Document
from ..model.parse import Bundle

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A spec with its place: `path` is its field in the object of `document`."""

    document: Document
    path: str
    spec: Spec


def documents(bundle: Bundle, *kinds: str) -> Iterator[Document]:
    """Yield the documents of these kinds, in the order in which they were given."""
    for (kind, _name), document in bundle.objects.items():
        if kind in kinds and str(document.data.get("apiVersion", "")).startswith("tekton.dev/"):
            yield document


def pipelines(bundle: Bundle) -> Iterator[Held]:
    """Yield the specs of Pipelines, inline ones too."""
    for document in documents(bundle, "Pipeline", "PipelineRun"):
        spec = document.data["spec"]
        if document.data["kind"] == "Pipeline":
            yield from _nested(Held(document, "spec", spec))
        elif spec.get("pipelineSpec"):
            yield from _nested(Held(document, "spec.pipelineSpec", spec["pipelineSpec"]))


def _nested(held: Held) -> Iterator[Held]:
    yield held
    for task in pipeline_tasks(held):
        if task.spec.get("pipelineSpec"):
            yield from _nested(Held(held.document, f"{task.path}.pipelineSpec", task.spec["pipelineSpec"]))


def pipeline_tasks(pipeline: Held) -> Iterator[Held]:
    """Yield the tasks of a pipeline, those of finally too."""
    for group in ("tasks", "finally"):
        for index, task in enumerate(pipeline.spec.get(group) or []):
            yield Held(pipeline.document, f"{pipeline.path}.{group}[{index}]", task)


def tasks(bundle: Bundle) -> Iterator[Held]:
    """Yield the specs of Tasks, inline ones too; specs of custom tasks are left out."""
    for document in documents(bundle, "Task", "TaskRun"):
        spec = document.data["spec"]
        if document.data["kind"] == "Task":
            yield Held(document, "spec", spec)
        elif spec.get("taskSpec"):
            yield Held(document, "spec.taskSpec", spec["taskSpec"])
    for pipeline in pipelines(bundle):
        for task in pipeline_tasks(pipeline):
            inline = task.spec.get("taskSpec")
            if inline and not inline.get("apiVersion"):
                yield Held(task.document, f"{task.path}.taskSpec", inline)


def steps(bundle: Bundle) -> Iterator[Held]:
    """Yield every step and sidecar, and every StepAction as the step it is."""
    for task in tasks(bundle):
        for group in ("steps", "sidecars"):
            for index, step in enumerate(task.spec.get(group) or []):
                yield Held(task.document, f"{task.path}.{group}[{index}]", step)
    for document in documents(bundle, "StepAction"):
        yield Held(document, "spec", document.data["spec"])
