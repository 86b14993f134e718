# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""References with a resolver, in the place where they stand: params filled in, failures told as Tekton tells them.

Source: tektoncd/pipeline pkg/reconciler/{taskrun/resources/taskref.go,pipelinerun/resources/pipelineref.go}, v1.15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._core.errors import Cancelled, Invalid, Permanent, Place, Refused, SlipwayError
from ..._core.yaml import Document
from ..decide import params, references, substitution
from ..decide.substitution import Replacements
from ..model.parse import Bundle
from ..model.reference import Ask, Fetched, ask_of

NOTHING = Replacements()


class Unresolved(Permanent):
    """What a reference asks for cannot be had; `reason` and `message` are those of the run's condition."""


def values_of_run(owner: Document) -> Replacements:
    """Return what params and context of a PipelineRun or TaskRun mean; nothing for other objects."""
    kind = str(owner.data.get("kind"))
    if kind not in ("PipelineRun", "TaskRun"):
        return NOTHING
    given = {entry["name"]: entry.get("value") for entry in owner.data["spec"].get("params") or []}
    meta, prefix = owner.data.get("metadata") or {}, f"context.{kind[0].lower()}{kind[1:]}"
    context = {f"{prefix}.{name}": str(meta.get(name) or "") for name in ("name", "namespace", "uid")}
    return params.replacements(params.with_defaults([], given)).updated(Replacements(context))


def values_of_task(spec: Mapping[str, Any], entry: Mapping[str, Any]) -> Replacements:
    """Return what the params of a Task mean in its step refs. Source: ApplyParameterSubstitutionInResolverParams."""
    given = {param["name"]: param.get("value") for param in entry.get("params") or []}
    return params.replacements(params.with_defaults(spec.get("params") or [], given))


def fetch(
    bundle: Bundle, owner: Document, reference: Mapping[str, Any], kind: str, path: str, values: Replacements,
    task: str = "",
) -> Fetched:  # fmt: skip
    """Return the object of a reference. Errors have the place, and Tekton's reason and message.

    `task` is the name of the pipeline task that has the reference.
    """
    if bundle.remote is None:
        text = f"{path}.resolver: {reference['resolver']!r} is not resolved here"
        raise Refused(text, hint=f"add the {kind} to src and name it in {path}.name", at=_place(owner, path))
    ask = _filled(owner, ask_of(reference, kind), path, values)
    try:
        return bundle.remote.fetch(ask, task)
    except Cancelled:
        raise
    except (Refused, Invalid) as error:
        if isinstance(error, Refused):
            error.field, error.at = error.field or path, error.at or _place(owner, path)
        raise
    except SlipwayError as error:
        raise _told(owner, ask, path, error, bundle.remote.namespace) from error


def start(bundle: Bundle, owner: Document, entries: Sequence[Mapping[str, Any]]) -> None:
    """Begin to resolve what pipeline tasks (or the spec of a TaskRun) refer to, all at once, without waiting."""
    for entry in entries:
        for reference, kind, values in _in(entry, owner):
            if bundle.remote is not None and reference.get("resolver"):
                ask = _replaced(ask_of(reference, kind), values)
                if not _open(ask):
                    bundle.remote.start(ask)


def _in(entry: Mapping[str, Any], owner: Document) -> Iterator[tuple[Mapping[str, Any], str, Replacements]]:
    for name, kind in (("taskRef", "Task"), ("pipelineRef", "Pipeline")):
        if entry.get(name):
            yield entry[name], kind, values_of_run(owner)
    yield from steps(entry.get("taskSpec") or {}, entry, owner)


def steps(
    spec: Mapping[str, Any], entry: Mapping[str, Any], owner: Document
) -> Iterator[tuple[Mapping[str, Any], str, Replacements]]:
    """Yield the refs of the steps of a Task, with their kind and what its params mean in them."""
    values = values_of_run(owner).updated(values_of_task(spec, entry))
    for step in spec.get("steps") or []:
        if step.get("ref"):
            yield step["ref"], "StepAction", values


def _filled(owner: Document, ask: Ask, path: str, values: Replacements) -> Ask:
    """Return what is asked for with its params replaced; Refused for what only a running pipeline could know."""
    ask = _replaced(ask, values)
    unknown = _open(ask)
    if unknown:
        raise Refused(
            f"{path}.params use $({unknown[0]}), which is not known before the run",
            hint="references are resolved before anything runs; use params of the run",
            at=_place(owner, path),
        )
    return ask


def _replaced(ask: Ask, values: Replacements) -> Ask:
    found = {name: substitution.whole(params.typed(value), values) for name, value in ask.params.items()}
    return replace(ask, params=found, name=substitution.text(ask.name, values.strings))


def _open(ask: Ask) -> list[str]:
    """Return the references that are left in the params."""
    return list(references.expressions([{"value": value} for value in ask.params.values()]))


def _place(owner: Document, path: str) -> Place:
    """Return the place of a field of a Pipeline, which may lie inside a PipelineRun."""
    inside = owner.data.get("kind") == "PipelineRun" and path.startswith(("spec.tasks", "spec.finally"))
    return owner.place(path.replace("spec.", "spec.pipelineSpec.", 1) if inside else path)


def _told(owner: Document, ask: Ask, path: str, error: SlipwayError, namespace: str) -> Unresolved:
    """Return the failure as the condition of the run has it. Source: reconcile, resolvePipelineState."""
    name = str((owner.data.get("metadata") or {}).get("name") or "")
    reason, text = "TaskRunResolutionFailed", error.message
    if ask.kind == "Pipeline":
        reason = "CouldntGetPipeline"
        text = (
            f"Error retrieving pipeline for pipelinerun {namespace}/{name}: "
            f"resolver failed to get Pipeline {ask.name}: {error.message}"
        )
    elif ask.kind == "Task" and owner.data.get("kind") != "TaskRun":
        reason = "CouldntGetTask"
        text = (
            f"Pipeline {namespace}/{name} can't be Run; it contains Tasks that don't exist: "
            f"Couldn't retrieve Task {references.quoted(ask.shown)}: {error.message}"
        )
    return Unresolved(text, hint=error.hint, at=_place(owner, path), field=path, reason=reason)
