# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reads Tekton objects from documents: converted to v1, checked, found by name.

Knows shapes and references; must not know how anything runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest
from ..._core.yaml import Document
from . import spelling
from .convert import V1, V1ALPHA1, V1BETA1, Converted, to_v1
from .defaults import defaulted
from .reference import Remote
from .validate import document as validate

_GROUPS = (V1, V1BETA1)
_KINDS = ("Task", "Pipeline", "TaskRun", "PipelineRun", "StepAction", "CustomRun", "Run", "ClusterTask")
_GONE = {
    "PipelineResource": "use params, workspaces and results",
    "Condition": "use when expressions",
    "Run": f"write a CustomRun of {V1BETA1}",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the reader put right on the way in. `document` is what was given, `field` a path in it."""

    rule: str
    document: Document
    field: str
    message: str


@dataclass(slots=True)
class Bundle:
    """Everything that was given, by kind and name. A later object of the same name replaces the earlier one.

    `replaced` are those earlier ones, `remarks` what was put right: both for people, not for the engine. `remote` finds
    what references with a resolver mean; without it they are refused.
    """

    objects: dict[tuple[str, str], Document] = field(default_factory=dict)
    replaced: list[Document] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    remote: Remote | None = None

    def find(self, kind: str, name: str) -> Document | None:
        """Return the document of an object."""
        return self.objects.get((kind, name))

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted."""
        return sorted(name for found, name in self.objects if found == kind)

    def need(self, kind: str, name: str, at: Document, path: str) -> Document:
        """Return the object, or raise Invalid that lists what is there."""
        found = self.find(kind, name)
        if found is None:
            there = ", ".join(self.names(kind)) or "none"
            message = f"names a {kind} that is not given: {name!r}"
            raise Invalid(path, message, at=at.place(path), hint=f"{kind}s given: {there}")
        return found


def parse(documents: Sequence[Document]) -> Bundle:
    """Return the bundle; Invalid with file, line and field for what Tekton would not accept."""
    bundle = Bundle()
    cluster_tasks = _cluster_tasks(documents)
    for document in documents:
        obj = document.data
        if not isinstance(obj, dict) or not obj.get("kind"):
            raise Invalid("kind", "is missing", at=document.place(), hint="a Kubernetes object has apiVersion and kind")
        if _is_tekton(document):
            document = _tekton(document, cluster_tasks, bundle.remarks)
            obj = document.data
        name = str((obj.get("metadata") or {}).get("name") or (obj.get("metadata") or {}).get("generateName") or "")
        before = bundle.objects.get((str(obj["kind"]), name))
        if before is not None and before.data != obj:
            bundle.replaced.append(before)
        bundle.objects[(str(obj["kind"]), name)] = document
    return bundle


def _is_tekton(document: Document) -> bool:
    """Return whether Tekton's rules are to be asked. Invalid for a version of Tekton's group that has no such kind."""
    version, kind = str(document.data.get("apiVersion") or ""), str(document.data["kind"])
    if version in _GROUPS or (version, kind) == (V1ALPHA1, "StepAction"):
        return True
    if version.startswith("tekton.dev/") and (version, kind) != (V1ALPHA1, "VerificationPolicy"):
        right = V1BETA1 if kind in ("StepAction", "CustomRun") else V1
        hint = _GONE.get(kind) or f"write {right}, with the fields that it has there"
        raise Invalid("apiVersion", f"Tekton has no {kind} of {version}", at=document.place("apiVersion"), hint=hint)
    return False


def _cluster_tasks(documents: Sequence[Document]) -> frozenset[str]:
    """Return the names of the given ClusterTasks, which become Tasks. Invalid when a Task has the name already."""
    given: dict[str, set[str]] = {"ClusterTask": set(), "Task": set()}
    for document in documents:
        obj = document.data if isinstance(document.data, dict) else {}
        kind, name = str(obj.get("kind")), str((obj.get("metadata") or {}).get("name"))
        if obj.get("apiVersion") in _GROUPS and kind in given:
            given[kind].add(name)
        if name in given["ClusterTask"] & given["Task"]:
            text = f"is the name of a Task and of a ClusterTask: {name!r}"
            raise Invalid("metadata.name", text, at=document.place("metadata.name"), hint="ClusterTasks become Tasks")
    return frozenset(given["ClusterTask"])


def _tekton(document: Document, cluster_tasks: frozenset[str], remarks: list[Remark]) -> Document:
    obj: Manifest = document.data
    kind = str(obj["kind"])
    if kind not in _KINDS:
        raise Invalid("kind", f"is no kind of Tekton: {kind!r}", at=document.place("kind"), hint=", ".join(_KINDS))
    meta: Any = obj.get("metadata") or {}
    if not meta.get("name") and not (kind.endswith("Run") and meta.get("generateName")):
        raise Invalid("metadata.name", "is missing", at=document.place("metadata"))
    if not isinstance(obj.get("spec"), dict):
        raise Invalid("spec", "is missing", at=document.place())
    spelt, misspelt = spelling.corrected(document)
    for one in misspelt:
        text = f"is read as {one.name}, as Tekton's own reader does; write it so"
        remarks.append(Remark("field-case", document, one.path, text))
    converted = _to_v1(replace(document, data=spelt), cluster_tasks)
    if converted.changes:
        remarks.append(Remark("old-version", document, "apiVersion", _told(converted)))
    stable = replace(document, data=converted.obj)
    validate.check(stable)
    return replace(stable, data=defaulted(stable.data))


def _to_v1(document: Document, cluster_tasks: frozenset[str]) -> Converted:
    try:
        return to_v1(document.data, cluster_tasks)
    except Invalid as error:
        error.at = error.at or document.place(error.field)
        raise


def _told(converted: Converted) -> str:
    old = [f"{change.path}.{change.old}" for change in converted.changes if change.path]
    said = f"; old fields: {', '.join(old)}" if old else ""
    return f"is an old version{said}; the filter slipway.gitops.tekton_v1 writes {converted.obj['apiVersion']}"
