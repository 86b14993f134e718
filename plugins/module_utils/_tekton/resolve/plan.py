# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Resolves everything that a run refers to, for a plan: nothing is run and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.yaml import Document
from ..decide import apply_pipeline, params
from ..model.parse import Bundle
from ..model.validate.pipeline_task import is_custom_spec
from . import local, referenced


def resolve_all(bundle: Bundle, run: Document) -> list[dict[str, Any]]:
    """Return resolver, kind, name and refSource of each remote object that a PipelineRun or TaskRun refers to.

    Errors are those that the run would give.
    """
    if bundle.remote is None:
        return []
    try:
        if run.data["kind"] == "TaskRun":
            local.inline_or_given(bundle, run, run.data["spec"], "spec")
        else:
            _pipeline(bundle, run)
        return bundle.remote.resolved()
    finally:
        bundle.remote.stop()


def _pipeline(bundle: Bundle, run: Document) -> None:
    given, owner = run.data["spec"], run
    spec: Mapping[str, Any] = given.get("pipelineSpec") or {}
    if not spec:
        found = local.given(bundle, run, given["pipelineRef"], "Pipeline", "spec.pipelineRef")
        spec, owner = found.spec, bundle.find("Pipeline", found.name) or run
    values = {entry["name"]: entry["value"] for entry in given.get("params") or []}
    spec = apply_pipeline.apply(spec, params.replacements(params.with_defaults(spec.get("params") or [], values)))
    groups = {group: list(spec.get(group) or []) for group in ("tasks", "finally")}
    referenced.start(bundle, owner, [entry for entries in groups.values() for entry in entries])
    for group, entries in groups.items():
        for index, entry in enumerate(entries):
            _task(bundle, owner, entry, f"spec.{group}[{index}]")


def _task(bundle: Bundle, owner: Document, entry: Mapping[str, Any], path: str) -> None:
    """Resolve one pipeline task; custom tasks have nothing to resolve."""
    if entry.get("pipelineRef"):
        local.given(bundle, owner, entry["pipelineRef"], "Pipeline", f"{path}.pipelineRef")
    task = entry.get("taskSpec") or entry.get("taskRef")
    if task and not is_custom_spec(task):
        local.inline_or_given(bundle, owner, entry, path)
