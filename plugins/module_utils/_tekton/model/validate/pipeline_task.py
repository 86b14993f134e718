# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One task of a pipeline: what it runs, how its failure counts, what its params may refer to.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/pipeline_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...decide import references as refs
from . import names, steps, task, variables
from .flags import ALPHA, BETA, Flags, gate
from .problem import Problem, Problems, at_index, both, disallowed, generic, invalid, neither, quoted, via
from .read import Raw, entries, given, part, text

KINDS = ("taskRef", "taskSpec", "pipelineRef", "pipelineSpec")
_PREFIXES = ("params", "tasks", "finally", "context", "workspaces", "results")
_ON_ERROR = ("continue", "stopAndFail")
SpecCheck = Callable[[Flags, Raw], Problems]


def listed(flags: Flags, tasks: Sequence[Raw], group: str, seen: set[str], pipeline_spec: SpecCheck) -> Problems:
    """Check a group of tasks; names are added to `seen` and must be new. Source: PipelineTaskList.Validate."""
    found: Problems = ()
    for index, entry in enumerate(tasks):
        problems = name(entry)
        if text(entry, "name") in seen:
            problems += (both("name"),)
        seen.add(text(entry, "name"))
        found += via(problems + one(flags, entry, pipeline_spec), f"{group}[{index}]")
    return found


def name(entry: Raw) -> Problems:
    """Source: PipelineTask.ValidateName."""
    if names.is_label(text(entry, "name")):
        return ()
    details = f"Pipeline Task name must be a valid DNS Label.For more info refer to {names.HELP}"
    return (Problem(f"invalid value {quoted(text(entry, 'name'))}", ("name",), details),)


def one(flags: Flags, entry: Raw, pipeline_spec: SpecCheck) -> Problems:
    """Check a pipeline task. `pipeline_spec` checks a nested pipeline. Source: PipelineTask.Validate."""
    found = ref_or_spec(flags, entry) + _inline(flags, entry) + embedded(entry) + on_error(flags, entry)
    custom = any(given(entry, key) and _is_custom(part(entry, key)) for key in ("taskRef", "taskSpec"))
    return found + (custom_task(entry) if custom else regular_task(flags, entry, pipeline_spec))


def _is_custom(ref: Raw | None) -> bool:
    return bool(text(ref, "apiVersion")) or text(ref, "kind") not in ("", "Task")


def is_custom_spec(spec: Raw) -> bool:
    """True when an inline spec is one of a custom task. Source: EmbeddedTask.IsCustomTask."""
    return bool(text(spec, "apiVersion") and text(spec, "kind"))


def ref_or_spec(flags: Flags, entry: Raw) -> Problems:
    """Check that a task runs exactly one thing. Source: validateRefOrSpec."""
    found: Problems = ()
    for key in ("pipelineRef", "pipelineSpec"):
        if given(entry, key):
            found += gate(flags, key, ALPHA)
    named = [key for key in KINDS if given(entry, key)]
    if len(named) > 1:
        return (*found, generic("expected exactly one, got multiple", *named))
    if not named:
        return (neither(*(KINDS if flags.api_fields == ALPHA else KINDS[:2])),)
    return found


def _inline(flags: Flags, entry: Raw) -> Problems:
    specs = [key for key in ("taskSpec", "pipelineSpec") if given(entry, key)]
    return tuple(disallowed(key) for key in specs) if flags.inline_disabled("pipeline") else ()


def embedded(entry: Raw) -> Problems:
    """Check that an inline task with steps does not claim another kind. Source: validateEmbeddedOrType."""
    spec = part(entry, "taskSpec")
    keys = [key for key in ("apiVersion", "kind") if text(spec, key)] if entries(spec, "steps") else []
    message = "taskSpec.{} cannot be specified when using taskSpec.steps"
    return tuple(Problem(message.format(key), (f"taskSpec.{key}",)) for key in keys)


def on_error(flags: Flags, entry: Raw) -> Problems:
    """Source: PipelineTask.ValidateOnError."""
    value = text(entry, "onError")
    if not value or steps.is_param(value):
        return ()
    found = gate(flags, "OnError", BETA)
    if value not in _ON_ERROR:
        found += (invalid(value, "OnError", 'PipelineTask OnError must be either "continue" or "stopAndFail"'),)
    retries = entry.get("retries")
    if value == "continue" and isinstance(retries, int) and retries > 0:
        found += (generic('PipelineTask OnError cannot be set to "continue" when Retries is greater than 0'),)
    return found


def custom_task(entry: Raw) -> Problems:
    """Check the reference to a custom task. Source: validateCustomTask."""
    found: Problems = ()
    for key, shown in (("taskRef", "ref"), ("taskSpec", "spec")):
        if given(entry, key) and not text(part(entry, key), "kind"):
            found += (invalid(f"custom task {shown} must specify kind", f"{key}.kind"),)
    for key, shown in (("taskRef", "ref"), ("taskSpec", "spec")):
        version = text(part(entry, key), "apiVersion")
        group, slash, rest = version.partition("/")
        if given(entry, key) and not version:
            found += (invalid(f"custom task {shown} must specify apiVersion", f"{key}.apiVersion"),)
        elif version and not (group and slash and rest and "/" not in rest):
            message = f'invalid apiVersion format {quoted(version)}, must be in the format "group/version"'
            found += (invalid(message, f"{key}.apiVersion"),)
    return found


def regular_task(flags: Flags, entry: Raw, pipeline_spec: SpecCheck) -> Problems:
    """Check what a task runs. Source: PipelineTask.validateTask."""
    found: Problems = ()
    for key, check in (("taskSpec", task.task_spec), ("pipelineSpec", pipeline_spec)):
        spec = part(entry, key)
        found += via(check(flags, spec), key) if spec is not None else ()
    for key in ("taskRef", "pipelineRef"):
        found += via(steps.reference(flags, part(entry, key)), key)
    return found


def beta_fields(flags: Flags, entry: Raw) -> Problems:
    """Source: PipelineTask.validateBetaFields."""
    ref = part(entry, "taskRef")
    found = gate(flags, "taskref.resolver", BETA) if text(ref, "resolver") else ()
    return found + (gate(flags, "taskref.params", BETA) if entries(ref, "params") else ())


def prefixes(entry: Raw) -> Problems:
    """Check that every $(...) begins with a word that Tekton knows: a shell's $(command) is run by nobody here."""
    found: Problems = ()
    for key, holder in (("params", entry), ("matrix.params", part(entry, "matrix"))):
        for param in entries(holder, "params"):
            problems = _prefixes(variables.value_expressions(param.get("value")), "value")
            found += via(problems, key, at_index(text(param, "name")))
    for index, included in enumerate(entries(part(entry, "matrix"), "include")):
        for param in entries(included, "params"):
            problems = _prefixes(variables.value_expressions(param.get("value")), "value")
            found += via(problems, f"matrix.include[{index}].params", at_index(text(param, "name")))
    for index, expression in enumerate(entries(entry, "when")):
        found += via(_prefixes(variables.when_expressions(expression), ""), f"when[{index}]")
    return found


def _prefixes(expressions: Sequence[str], path: str) -> Problems:
    rule = f"must start with a valid prefix: {', '.join(_PREFIXES[:-1])}, or {_PREFIXES[-1]}"
    shell = "if you meant a shell variable, use ${VAR} instead"
    wrong = [found for found in expressions if found.split(".", maxsplit=1)[0] not in _PREFIXES]
    return tuple(invalid(f"invalid variable reference {quoted(f'$({w})')}, {rule}; {shell}", path) for w in wrong)


def status_disallowed(entry: Raw) -> Problems:
    """Check that a task does not ask how others ended: that is for finally.

    Source: validateExecutionStatusVariablesDisallowed.
    """
    message = "pipeline tasks can not refer to execution status of any other pipeline task or aggregate status of tasks"
    return _in_values(entry, lambda found: (message,) if any(map(_is_status, found)) else ())


def status_allowed(entry: Raw, tasks: Collection[str]) -> Problems:
    """Check that a final task asks for the end of tasks that exist. Source: validateExecutionStatusVariablesAllowed."""

    def unknown(found: Sequence[str]) -> Sequence[str]:
        statuses = [one.removeprefix("tasks.") for one in found if _is_status(one) and one != "tasks.status"]
        asked = [one.removesuffix(".status").removesuffix(".reason") for one in statuses]
        return [f"pipeline task {who} is not defined in the pipeline" for who in asked if who not in tasks]

    return _in_values(entry, unknown)


def _is_status(expression: str) -> bool:
    return expression.startswith("tasks.") and expression.endswith((".status", ".reason"))


def _in_values(entry: Raw, check: Callable[[Sequence[str]], Sequence[str]]) -> Problems:
    """Check the expressions of params and when entries; with a result among them they are left alone, as upstream."""
    places = [
        (("params", at_index(text(one, "name")), "value"), variables.value_expressions(one.get("value")))
        for one in entries(entry, "params")
    ]
    for index, expression in enumerate(entries(entry, "when")):
        places.append((("when", at_index(index), ""), variables.when_expressions(expression)))
    return tuple(
        invalid(message, "").via(*path)
        for path, found in places
        if not any(map(refs.looks_like_task_result, found))
        for message in check(found)
    )
