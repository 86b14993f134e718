# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Objects of one set that stand in each other's way, and old spellings that were converted on the way in."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.parse import Bundle
from .finding import Finding, found, named


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield a finding for each object that a later one of the same name replaces, and for each remark of the reader."""
    for before in bundle.replaced:
        name = str((before.data.get("metadata") or {}).get("name"))
        after = bundle.find(str(before.data["kind"]), name)
        where = f" ({after.place()})" if after else ""
        message = f"is given again{where}: the later one is used, here and when both are applied to one namespace"
        yield found("warning", "duplicate-object", before, "metadata.name", message)
    for remark in bundle.remarks:
        at = remark.document.place(remark.field)
        obj = named(remark.document.data)
        yield Finding("note", remark.rule, at.file, at.line or 1, obj, remark.field, remark.message)
