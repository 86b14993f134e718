# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""TriggerTemplates: text replacement in the JSON of the resources.

Source: tektoncd/triggers pkg/template/resource.go and pkg/resources/create.go (v0.37).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._core import gojson, ids
from .._core.errors import Invalid
from .._core.types import Manifest

_PREFIX = "triggers.tekton.dev"


def values(declared: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> dict[str, str]:
    """Return the template's params: given, else default; Invalid when there is neither."""
    out = {}
    for spec in declared:
        name = spec["name"]
        if name in given:
            out[name] = given[name]
        elif spec.get("default") is not None:
            out[name] = str(spec["default"])
        else:
            raise Invalid(f"tt.params.{name}", "has no value and no default", hint="add it to the TriggerBinding")
    return out


def render(resource: Mapping[str, Any], params: Mapping[str, str], uid: str) -> Manifest:
    """Return the resource with $(tt.params.x) and $(uid) replaced. Invalid when the text is no JSON any more."""
    text = gojson.dumps(resource, escape_html=False)
    for name, value in params.items():
        text = text.replace(f"$(tt.params.{name})", value.replace("$(", "$$("))
    text = text.replace("$(uid)", uid)
    try:
        made: Manifest = json.loads(text)
    except ValueError as error:
        raise Invalid(
            "resourcetemplates",
            f"is no JSON after replacement: {error}",
            hint="is a value an object where text is wanted?",
        ) from error
    return made


def label(obj: Manifest, *, listener: str, trigger: str, event_id: str, namespace: str) -> Manifest:
    """Add Tekton's labels, the namespace, and a unique name where generateName is used."""
    meta = obj.setdefault("metadata", {})
    labels = meta.setdefault("labels", {})
    labels[f"{_PREFIX}/eventlistener"] = listener
    labels[f"{_PREFIX}/trigger"] = trigger
    labels[f"{_PREFIX}/triggers-eventid"] = event_id
    meta.setdefault("namespace", namespace)
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = ids.generate_name(str(meta["generateName"]))
    return obj
