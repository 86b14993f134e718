# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Fields that v1 lost, kept as JSON in annotations, so that the way back finds them.

Source: tektoncd/pipeline pkg/apis/version/conversion.go, v1.15.
"""

from __future__ import annotations

import json
from typing import Any

from ...._core import gojson
from ...._core.errors import Invalid
from .turn import Turn

RESOURCES = "tekton.dev/v1beta1Resources"
RESOURCES_OF_STATUS = "tekton.dev/v1beta1ResourcesStatus"
RESOURCES_RESULT = "tekton.dev/v1beta1ResourcesResult"
CLOUD_EVENTS = "tekton.dev/v1beta1CloudEvents"
DEPRECATIONS = "tekton.dev/v1beta1.task-deprecations"


def move(turn: Turn, obj: dict[str, Any], owner: Any, path: str, name: str, key: str) -> None:
    """Take `owner[name]` to the annotation on the way up, and back on the way down."""
    if turn.up:
        _keep(turn, obj, owner, path, name, key)
    else:
        value = take(obj, key)
        if value and isinstance(owner, dict):
            owner[name] = value
            turn.told("metadata.annotations", key, f"{path}.{name}")


def _keep(turn: Turn, obj: dict[str, Any], owner: Any, path: str, name: str, key: str) -> None:
    if not isinstance(owner, dict) or owner.get(name) is None:
        return
    put(obj, key, owner.pop(name))
    turn.told(path, name, annotation(key), "v1 has no such field; nothing reads it any more")


def annotation(key: str) -> str:
    """Return the path of an annotation for a report."""
    return f"metadata.annotations[{key}]"


def put(obj: dict[str, Any], key: str, value: Any) -> None:
    """Write a value to an annotation of the object."""
    meta = obj["metadata"]
    meta["annotations"] = {**(meta.get("annotations") or {}), key: gojson.dumps(value, sort=False)}


def read(obj: dict[str, Any], key: str) -> Any:
    """Return what an annotation holds, None without it. Invalid when it is no JSON."""
    text = (obj["metadata"].get("annotations") or {}).get(key)
    if text is None:
        return None
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise Invalid(annotation(key), f"is not JSON: {error}", hint="remove the annotation") from error


def take(obj: dict[str, Any], key: str) -> Any:
    """Return what an annotation holds and remove it; an empty map of annotations goes too."""
    value = read(obj, key)
    if value is not None:
        left = {name: text for name, text in obj["metadata"]["annotations"].items() if name != key}
        obj["metadata"]["annotations"] = left
        if not left:
            obj["metadata"].pop("annotations")
    return value
