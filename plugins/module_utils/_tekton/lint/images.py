# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Images that can change under a name: without a tag, or with the tag latest."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.parse import Bundle
from .finding import Finding, found
from .held import Held, steps, tasks


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield a finding for each image that is not pinned by a tag or digest; images given by params are left out."""
    templates = [
        Held(task.document, f"{task.path}.stepTemplate", task.spec.get("stepTemplate") or {}) for task in tasks(bundle)
    ]
    for step in [*templates, *steps(bundle)]:
        image = str(step.spec.get("image") or "")
        problem = _problem(image)
        if problem:
            message = f"is {image}, {problem}: it can be another one tomorrow; give a version or a digest"
            yield found("warning", "unpinned-image", step.document, f"{step.path}.image", message)


def _problem(image: str) -> str:
    if not image or "$(" in image or "@" in image:
        return ""
    _path, colon, tag = image.rsplit("/", maxsplit=1)[-1].partition(":")
    if not colon:
        return "without a tag"
    return "with the tag latest" if tag == "latest" else ""
