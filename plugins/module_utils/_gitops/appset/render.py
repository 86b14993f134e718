# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Puts the parameters of an ApplicationSet into texts: {{name}} in any string of a template, a key or a value.

Source: argo-cd v3.2 applicationset/utils/utils.go (Replace, deeplyReplace, RenderTemplateParams).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest, deep_get

FINALIZER = "resources-finalizer.argocd.argoproj.io"
_TEMPLATED = re.compile(r"\{\{.*\}\}")

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Style:
    """How templates are written: {{name}} of flat parameters, or Go templates with their options."""

    go: bool = False
    options: tuple[str, ...] = ()


FLAT = Style()


def style_of(appset: Manifest) -> Style:
    """Return how an ApplicationSet writes its templates."""
    spec = appset.get("spec") or {}
    return Style(bool(spec.get("goTemplate")), tuple(spec.get("goTemplateOptions") or ()))


def replace(text: str, params: Mapping[str, Any], style: Style = FLAT) -> str:
    """Return the text with its parameters; what is unknown or no text stays as it is written.

    Invalid for a tag that is not closed; Refused for Go templates, which are not executed yet.
    """
    if style.go:
        if "{{" in text:
            raise Refused("Go templates in an ApplicationSet are not executed yet", hint="use {{name}} parameters")
        return text
    if not _TEMPLATED.search(text):
        return text
    out, rest = [], text
    while "{{" in rest:
        before, _, after = rest.partition("{{")
        tag, closed, rest = after.partition("}}")
        if not closed:
            raise Invalid("template", f'invalid template: Cannot find end tag="}}}}" in the template="{text}"')
        found = params.get(tag.strip()) if tag.strip() else None
        out += [before, found if isinstance(found, str) else f"{{{{{tag}}}}}"]
    return "".join([*out, rest])


def render(value: Any, params: Mapping[str, Any], style: Style = FLAT) -> Any:
    """Return a copy of plain data with the parameters in every text, also in keys; null values are left out."""
    if isinstance(value, str):
        return replace(value, params, style)
    if isinstance(value, Mapping):
        return {
            replace(str(key), params, style): render(item, params, style)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [render(item, params, style) for item in value]
    return value


def render_application(
    template: Manifest, sync_policy: Mapping[str, Any] | None, params: Params, style: Style = FLAT
) -> Manifest:
    """Return the Application of a template; it gets the finalizer that deletes its resources unless told otherwise.

    Without parameters the template comes back as it is.
    """
    if not params:
        return copy.deepcopy(template)
    made: Manifest = render(template, params, style)
    keep = bool((sync_policy or {}).get("preserveResourcesOnDeletion"))
    if not keep and not deep_get(made, "metadata", "finalizers", default=[]):
        made["metadata"] = {**(made.get("metadata") or {}), "finalizers": [FINALIZER]}
    return made
