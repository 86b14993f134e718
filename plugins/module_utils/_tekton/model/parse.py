# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reads Tekton objects from documents: converted to v1, checked, found by name.

Knows shapes and references; must not know how anything runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest
from ..._core.yaml import Document
from .convert import to_v1
from .defaults import defaulted
from .reference import Remote
from .spelling import as_go_reads
from .validate import document as validate

_GROUPS = ("tekton.dev/v1", "tekton.dev/v1beta1")
_KINDS = ("Task", "Pipeline", "TaskRun", "PipelineRun", "StepAction", "CustomRun", "Run", "ClusterTask")


@dataclass(slots=True)
class Bundle:
    """Everything that was given, by kind and name. A later object of the same name replaces the earlier one.

    `remote` finds what references with a resolver mean; without it they are refused.
    """

    objects: dict[tuple[str, str], Document] = field(default_factory=dict)
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
    for document in documents:
        obj = document.data
        if not isinstance(obj, dict) or not obj.get("kind"):
            raise Invalid("kind", "is missing", at=document.place(), hint="a Kubernetes object has apiVersion and kind")
        if obj.get("apiVersion") in _GROUPS:
            document = _tekton(document)
        name = str((obj.get("metadata") or {}).get("name") or (obj.get("metadata") or {}).get("generateName") or "")
        bundle.objects[(str(obj["kind"]), name)] = document
    return bundle


def _tekton(document: Document) -> Document:
    obj: Manifest = document.data
    kind = str(obj["kind"])
    if kind not in _KINDS:
        raise Invalid("kind", f"is no kind of Tekton: {kind!r}", at=document.place("kind"), hint=", ".join(_KINDS))
    meta: Any = obj.get("metadata") or {}
    if not meta.get("name") and not (kind.endswith("Run") and meta.get("generateName")):
        raise Invalid("metadata.name", "is missing", at=document.place("metadata"))
    if not isinstance(obj.get("spec"), dict):
        raise Invalid("spec", "is missing", at=document.place())
    obj = {**obj, "spec": as_go_reads(obj["spec"], kind)}
    converted = Document(to_v1(obj), document.file, document.line, document.text)
    validate.check(converted)
    return Document(defaulted(converted.data), document.file, document.line, document.text)
