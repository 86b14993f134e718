# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""TriggerTemplates: text replacement in the JSON of the resources.

Source: tektoncd/triggers pkg/template/resource.go and pkg/resources/create.go (v0.37).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._core import gojson, gojson_scan, ids
from .._core.errors import Invalid
from .._core.types import Manifest

_PREFIX = "triggers.tekton.dev"
OLD_ESCAPE = f"{_PREFIX}/old-escape-quotes"


def escape(value: str) -> str:
    """Return a value with $( doubled, so that Tekton does not take the event's text for its own variables."""
    return value.replace("$(", "$$(")


def apply(text: str, params: Mapping[str, str], *, old_escape: bool = False) -> str:
    """Return a resource's JSON text with $(tt.params.NAME) replaced, also in keys; unknown names stay.

    `old_escape` writes quotes in values with a backslash (annotation triggers.tekton.dev/old-escape-quotes).
    All params are replaced in one pass: upstream's order is random, and a value must not bring in another param.
    """
    values = {f"$(tt.params.{name})": _written(value, old_escape) for name, value in params.items()}
    if not values:
        return text
    names = re.compile("|".join(map(re.escape, values)))
    return names.sub(lambda found: values[found[0]], text)


def _written(value: str, old_escape: bool) -> str:
    value = escape(value)
    return value.replace('"', '\\"') if old_escape else value


def apply_uid(text: str, uid: str) -> str:
    """Return the text with $(uid) replaced."""
    return text.replace("$(uid)", uid)


def resolve(template: Mapping[str, Any], params: Mapping[str, str], uid: str) -> list[str]:
    """Return the JSON text of every resource of a TriggerTemplate; one uid serves all of them."""
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    return [
        apply_uid(
            apply(gojson.dumps(resource, escape_html=False), params, old_escape=OLD_ESCAPE in annotations),
            uid,
        )
        for resource in (template.get("spec") or {}).get("resourcetemplates") or []
    ]


def parse(text: str) -> Manifest:
    """Return the object of a resolved resource. Invalid when the text is no JSON object any more."""
    try:
        return gojson_scan.decode_object(text)
    except Invalid as error:
        raise Invalid(
            "resourcetemplates",
            f"is no JSON after replacement: {error.message}",
            hint="is a value an object where text is wanted?",
        ) from error


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
