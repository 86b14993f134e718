# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a run would do, before it does anything: what it refers to, and in which order its tasks run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.cancel import Cancel
from .._core.events import Sink, Subject
from .._core.yaml import Document
from .decide.explain import rows
from .model.parse import Bundle
from .model.reference import Ask
from .options import Options
from .pipelinerun import PipelineRun
from .resolve.local import inline_or_given
from .resolve.remote import attached


def with_resolvers(
    bundle: Bundle, run: Document, options: Options, cancel: Cancel, events: Sink,
    *, folder: str = "", resume: bool = False,
) -> Bundle:  # fmt: skip
    """Return the bundle that finds what references of the run with a resolver mean.

    `folder` keeps what a run has found when it begins, for one that goes on later (`resume`). run_pipeline and run_task do this themselves.
    """
    meta = run.data.get("metadata") or {}
    name = str(meta.get("name") or meta.get("generateName") or "")
    namespace = str(meta.get("namespace") or options.namespace)
    subject = Subject(str(run.data["kind"]), namespace, name)

    def tell(ask: Ask) -> None:
        events.emit(subject, "Progress", reason=f"Resolving{ask.kind}Ref", message=f"resolving {ask.kind}: {ask.text}")

    return attached(
        bundle,
        options.resolvers,
        name=name,
        namespace=namespace,
        cancel=cancel,
        folder=folder,
        resume=resume,
        tell=tell,
    )


def explain(bundle: Bundle, run: Document) -> list[dict[str, Any]]:
    """Return the order in which the tasks of a PipelineRun would run: waves, what each waits for, and why."""
    return [row.as_dict() for row in rows(PipelineRun.pipeline_of(bundle, run)[0])]


def pipeline_spec(bundle: Bundle, run: Document) -> Mapping[str, Any]:
    """Return the spec of the pipeline that a PipelineRun runs; Invalid when it is not given."""
    return PipelineRun.pipeline_of(bundle, run)[0]


def task_spec(bundle: Bundle, run: Document) -> Mapping[str, Any]:
    """Return the spec of the Task that a TaskRun runs; Invalid when it is not given."""
    return inline_or_given(bundle, run, run.data["spec"], "spec").spec
