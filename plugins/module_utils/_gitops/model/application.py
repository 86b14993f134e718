# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An Application, read and checked. Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from ..._core.yaml import Document
from .source import explicit_type

API_VERSION, KIND = "argoproj.io/v1alpha1", "Application"
OPTIONS = (
    "Validate", "CreateNamespace", "PruneLast", "Replace", "Force", "ServerSideApply", "ApplyOutOfSyncOnly", "Prune",
    "Delete", "PrunePropagationPolicy", "FailOnSharedResource", "RespectIgnoreDifferences",
    "SkipDryRunOnMissingResource", "ClientSideApplyMigration",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where manifests come from."""

    repo: str
    revision: str
    path: str
    kustomize: Mapping[str, Any] = field(default_factory=dict)
    directory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Application:
    """One Application; `options` are its sync options by name."""

    name: str
    namespace: str
    project: str
    source: Source
    server: str
    destination: str
    options: Mapping[str, str]
    ignore: Sequence[Mapping[str, Any]]
    manifest: Manifest
    warnings: Sequence[str] = ()

    def enabled(self, option: str) -> bool:
        return self.options.get(option) == "true"


def applications(documents: Sequence[Document]) -> dict[str, Application]:
    """Return the Applications among the documents, by name."""
    found = [document for document in documents if document.data.get("kind") == KIND]
    return {app.name: app for app in (read(document) for document in found)}


def read(document: Document) -> Application:
    """Return one Application. Invalid with file and line; Refused for what is not executed yet."""
    obj = document.data
    meta, spec = obj.get("metadata") or {}, obj.get("spec")
    if obj.get("apiVersion") != API_VERSION:
        raise Invalid("apiVersion", f"is {obj.get('apiVersion')!r}", at=document.place("apiVersion"), hint=API_VERSION)
    if not meta.get("name") or not isinstance(spec, dict):
        raise Invalid("metadata.name" if spec else "spec", "is missing", at=document.place())
    if spec.get("sources"):
        raise Refused(
            "spec.sources: several sources are not executed yet",
            hint="use spec.source",
            obj=f"Application {meta['name']}",
        )
    if any(rule.get("jqPathExpressions") for rule in spec.get("ignoreDifferences") or []):
        raise Refused(
            "spec.ignoreDifferences: jqPathExpressions are not executed yet",
            hint="use jsonPointers",
            obj=f"Application {meta['name']}",
        )
    destination = spec.get("destination") or {}
    options, warnings = _options(document, (spec.get("syncPolicy") or {}).get("syncOptions") or [])
    return Application(
        name=str(meta["name"]),
        namespace=str(meta.get("namespace") or "default"),
        project=str(spec.get("project") or "default"),
        source=_source(document, spec.get("source") or {}),
        server=str(destination.get("server") or destination.get("name") or ""),
        destination=str(destination.get("namespace") or ""),
        options=options,
        ignore=spec.get("ignoreDifferences") or [],
        manifest=obj,
        warnings=warnings,
    )


def _source(document: Document, source: Mapping[str, Any]) -> Source:
    for name in ("repoURL", "path"):
        if not source.get(name) and not source.get("chart"):
            raise Invalid(f"spec.source.{name}", "is missing", at=document.place("spec.source"))
    try:
        explicit_type(source)
    except Invalid as error:
        raise Invalid("spec.source", error.message, at=document.place("spec.source")) from None
    for name in ("helm", "plugin", "chart"):
        if source.get(name):
            at, hint = document.place(f"spec.source.{name}"), "render it to plain YAML or Kustomize in the repository"
            raise Invalid(f"spec.source.{name}", "is not executed yet", at=at, hint=hint)
    return Source(
        repo=str(source["repoURL"]),
        revision=str(source.get("targetRevision") or ""),
        path=str(source["path"]),
        kustomize=source.get("kustomize") or {},
        directory=source.get("directory") or {},
    )


def _options(document: Document, given: Sequence[Any]) -> tuple[dict[str, str], list[str]]:
    options, warnings = {}, []
    for index, text in enumerate(given):
        name, separator, value = str(text).partition("=")
        if not separator:
            at = document.place(f"spec.syncPolicy.syncOptions[{index}]")
            raise Invalid(f"spec.syncPolicy.syncOptions[{index}]", f"is {text!r}", at=at, hint="Name=value")
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            hint = f", did you mean {near[0]}?" if near else ""
            where = document.place(f"spec.syncPolicy.syncOptions[{index}]")
            warnings.append(f"{where} sync option {name!r} has no effect upstream{hint}")
        options[name] = value
    return options, warnings
