# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One finding of the lint, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._core.types import ref
from ..._core.yaml import Document

SEVERITIES = ("note", "warning")
RULES = (
    "script-injection",
    "unpinned-image",
    "missing-param",
    "missing-workspace",
    "unshared-workspace",
    "unused-workspace",
    "unwritten-result",
    "duplicate-object",
    "unused-param",
    "extra-param",
    "old-version",
    "field-case",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `severity` is note or warning; `rewrite` is YAML text to put in place, or empty."""

    severity: str
    rule: str
    file: str
    line: int
    obj: str
    field: str
    message: str
    rewrite: str = ""

    @property
    def where(self) -> str:
        """Return the place as file:line."""
        return f"{self.file}:{self.line}"

    def as_dict(self) -> dict[str, str]:
        """Return the keys that results and JSON show."""
        shown = {"severity": self.severity, "rule": self.rule, "where": self.where, "object": self.obj}
        return {**shown, "field": self.field, "message": self.message, "rewrite": self.rewrite}

    def __str__(self) -> str:
        return f"{self.where} {self.severity}: {self.obj} {self.field} {self.message} [{self.rule}]"


def found(severity: str, rule: str, document: Document, field: str, message: str, rewrite: str = "") -> Finding:
    """Return a finding at a field of a document."""
    place = document.place(field)
    return Finding(severity, rule, place.file, place.line or 1, named(document.data), field, message, rewrite)


def named(obj: dict[str, Any]) -> str:
    """Return "Kind namespace/name"; a run that has its name yet to get is shown by its beginning."""
    meta = obj.get("metadata") or {}
    return ref(obj) if meta.get("name") else f"{obj.get('kind')} {meta.get('generateName', '')}*"
