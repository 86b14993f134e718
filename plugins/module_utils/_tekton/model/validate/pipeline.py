# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Pipelines: their tasks together, the params and workspaces they declare, their results, and finally.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipeline_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...decide.matrix import all_params
from . import final, graph, matrix, names, params, pipeline_task, references, scope, variables, when, workspaces
from .flags import Flags
from .problem import Problems, generic, via
from .read import Raw, entries, part, text, texts

_GROUPS = ("tasks", "finally")
_NO_ARTIFACTS = "feature flag enable-artifacts should be set to true to use artifacts feature."
_CONTEXT = {
    r"context\.pipelineRun": ("name", "namespace", "uid"),
    r"context\.pipeline": ("name",),
    r"context\.pipelineTask": ("retries",),
}


def pipeline(flags: Flags, obj: Raw) -> Problems:
    """Check a Pipeline that stands alone: it declares all params and workspaces it uses. Source: Pipeline.Validate."""
    spec = part(obj, "spec") or {}
    found = via(names.metadata(part(obj, "metadata") or {}), "metadata")
    found += via(pipeline_spec(flags, spec), "spec")
    found += via(_usage(spec), "spec")
    for group in _GROUPS:
        used = workspaces.used_by_tasks(entries(spec, "workspaces"), entries(spec, group))
        found += via(used, "spec", group)
        for index, entry in enumerate(entries(spec, group)):
            found += via(pipeline_task.prefixes(entry), "spec", f"{group}[{index}]")
    return found


def pipeline_spec(flags: Flags, spec: Raw) -> Problems:
    """Check a pipeline's spec, also an inline one. Source: PipelineSpec.Validate."""
    tasks, last = entries(spec, "tasks"), entries(spec, "finally")
    found: Problems = ()
    for group in _GROUPS:
        for index, entry in enumerate(entries(spec, group)):
            found += via(pipeline_task.beta_fields(flags, entry), f"{group}[{index}]")
    if not any(value not in (None, "", [], {}) for value in spec.values()):
        found += (
            generic("expected at least one, got none", "description", "params", "resources", "tasks", "workspaces"),
        )
    found += all_tasks(flags, tasks, last) + graph.problems(tasks)
    for group in _GROUPS:
        found += via(parameter_variables(flags, entries(spec, group), entries(spec, "params")), group)
    for group in _GROUPS:
        found += via(context_variables(entries(spec, group)), group)
    found += status_variables(tasks, last) + workspaces.of_pipeline(entries(spec, "workspaces"))
    found += final.results(entries(spec, "results"), tasks, last)
    found += final.section(tasks, last) + final.tasks(tasks, last) + final.child_results(tasks, last)
    for group in _GROUPS:
        for index, entry in enumerate(entries(spec, group)):
            found += via(when.expressions(flags, entries(entry, "when")), f"{group}[{index}]")
    found += _artifacts(flags, spec)
    for group in _GROUPS:
        found += via(matrix.of_tasks(flags, entries(spec, group)), group)
    return found


def all_tasks(flags: Flags, tasks: Sequence[Raw], last: Sequence[Raw]) -> Problems:
    """Check each task; names differ over both groups. Source: ValidatePipelineTasks."""
    seen: set[str] = set()
    found = pipeline_task.listed(flags, tasks, "tasks", seen, pipeline_spec)
    return found + pipeline_task.listed(flags, last, "finally", seen, pipeline_spec)


def _usage(spec: Raw) -> Problems:
    """Source: validatePipelineParameterUsage."""
    declared = entries(spec, "params")
    found: Problems = ()
    for group in _GROUPS:
        for index, entry in enumerate(entries(spec, group)):
            inline = part(entry, "taskSpec")
            if inline is None:
                continue
            known = [*entries(inline, "params"), *declared]
            found += via(references.declared_params(entries(inline, "steps"), known), f"{group}[{index}]")
    for group in _GROUPS:
        found += via(parameter_usage(entries(spec, group), declared), group)
    return found


def parameter_usage(tasks: Sequence[Raw], declared: Sequence[Raw]) -> Problems:
    """Check that tasks use declared params, as they may be used. Source: validatePipelineTaskParameterUsage."""
    known = scope.of(declared)
    found: Problems = ()
    for index, entry in enumerate(tasks):
        problems = known.given(entries(entry, "params")) + matrix.references(part(entry, "matrix"), known)
        found += via(problems + when.references(entries(entry, "when"), known), f"[{index}]")
    return found


def parameter_variables(flags: Flags, tasks: Sequence[Raw], declared: Sequence[Raw]) -> Problems:
    """Check declared params, and that tasks are given each once. Source: ValidatePipelineParameterVariables."""
    found = via(params.types(declared), "params") + params.once(declared)
    found += via(params.enums(flags, declared), "params")
    for index, entry in enumerate(tasks):
        found += via(params.values_once(entries(entry, "params")), f"[{index}]", "params")
    return found


def _all_params(entry: Raw) -> list[Raw]:
    return [*entries(entry, "params"), *all_params(part(entry, "matrix"))]


def context_variables(tasks: Sequence[Raw]) -> Problems:
    """Check the context variables in params of tasks. Source: validatePipelineContextVariables.

    Upstream looks at the last task only; here at all of them.
    """
    found: Problems = ()
    for entry in tasks:
        for value in [one for param in _all_params(entry) for one in variables.value_texts(param.get("value"))]:
            for prefix, known in _CONTEXT.items():
                found += via(variables.unknown(value, prefix, known), "value")
    return found


def status_variables(tasks: Sequence[Raw], last: Sequence[Raw]) -> Problems:
    """Check who asks how tasks ended. Source: validateExecutionStatusVariables."""
    known = {text(entry, "name") for entry in tasks}
    found: Problems = ()
    for index, entry in enumerate(tasks):
        found += via(pipeline_task.status_disallowed(entry), f"tasks[{index}]")
    for index, entry in enumerate(last):
        found += via(pipeline_task.status_allowed(entry, known), f"finally[{index}]")
    return found


def _artifacts(flags: Flags, spec: Raw) -> Problems:
    """Source: validateArtifactReference: the first use is reported."""
    if flags.artifacts:
        return ()
    for group in _GROUPS:
        for index, entry in enumerate(entries(spec, group)):
            values = [one for param in entries(entry, "params") for one in variables.value_texts(param.get("value"))]
            if any(map(variables.TASK_OUTPUT.search, values)):
                return via((generic(_NO_ARTIFACTS, ""),), f"{group}[{index}]", "params")
    return ()


def array_elements(spec: Raw) -> list[str]:
    """Return references to elements of arrays, sorted. Source: PipelineSpec.GetIndexingReferencesToArrayParams."""
    found: list[str] = []
    for group in _GROUPS:
        for entry in entries(spec, group):
            given = [*entries(entry, "params"), *entries(part(entry, "matrix"), "params")]
            found += [one for param in given for one in variables.value_texts(param.get("value"))]
            found += [one for expression in entries(entry, "when") for one in _when_texts(expression)]
            if group == "tasks":
                found += [text(workspace, "subPath") for workspace in entries(entry, "workspaces")]
    return sorted(variables.array_elements(found))


def _when_texts(expression: Raw) -> Collection[str]:
    return [text(expression, "input"), *texts(expression, "values")]
