# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the arguments of an analysis come from: texts, pod hashes, fields of the Rollout; and how they are put in.

Source: argo-rollouts v1.10 utils/analysis/factory.go, utils/template/template.go; kubernetes pkg/fieldpath.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get
from ..._lang import jsonpath

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SECTION = re.compile(r"[.\[\]]+")
_SUBSCRIPT = re.compile(r"(?P<path>.+?)\['(?P<key>.*)'\]", re.DOTALL)
_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")

Argument = dict[str, Any]


def build(given: Sequence[Mapping[str, Any]], stable: str, latest: str, rollout: Manifest) -> list[Argument]:
    """Return the arguments of a rollout's analysis as name and value.

    `stable` and `latest` are pod template hashes. Invalid when a fieldRef does not lead to a single value.
    """
    return [{"name": entry["name"], "value": _value(entry, stable, latest, rollout)} for entry in given]


def build_leniently(given: Sequence[Mapping[str, Any]], stable: str, latest: str, rollout: Manifest) -> list[Argument]:
    """Return the arguments as far as they are known before a rollout runs: a field that is not there yet is empty.

    A wrong metadata field makes all of them unknown, as upstream's validation has it.
    """
    out = []
    for entry in given:
        try:
            value = _value(entry, stable, latest, rollout)
        except Invalid:
            if str(deep_get(entry, "valueFrom", "fieldRef", "fieldPath", default="")).startswith("metadata"):
                return []
            value = ""
        out.append({"name": entry["name"], "value": value})
    return out


def _value(entry: Mapping[str, Any], stable: str, latest: str, rollout: Manifest) -> str:
    source = entry.get("valueFrom") or {}
    if source.get("podTemplateHashValue"):
        return {"Stable": stable, "Latest": latest}.get(source["podTemplateHashValue"], str(entry.get("value", "")))
    path = str(deep_get(source, "fieldRef", "fieldPath", default=""))
    if source.get("fieldRef") is None:
        return str(entry.get("value", ""))
    return metadata_field(rollout, path) if path.startswith("metadata") else field(rollout, path)


def metadata_field(obj: Manifest, path: str) -> str:
    """Return a metadata field as the downward API reads it: labels['x'], annotations['x'], name, namespace, uid."""
    meta = obj.get("metadata") or {}
    found = _SUBSCRIPT.fullmatch(path)
    if found:
        if found["path"] not in ("metadata.annotations", "metadata.labels"):
            raise Invalid("fieldPath", f'fieldPath "{path}" does not support subscript')
        if not _KEY.fullmatch(found["key"]):
            raise Invalid("fieldPath", f"invalid key subscript in {path}")
        return str((meta.get(found["path"].partition(".")[2]) or {}).get(found["key"], ""))
    if path in ("metadata.annotations", "metadata.labels"):
        entries = sorted((meta.get(path.partition(".")[2]) or {}).items())
        return "\n".join(f"{key}={json.dumps(str(value), ensure_ascii=False)}" for key, value in entries)
    if path in ("metadata.name", "metadata.namespace", "metadata.uid"):
        return str(meta.get(path.partition(".")[2], ""))
    raise Invalid("fieldPath", f"unsupported fieldPath: {path}")


def field(obj: Any, path: str) -> str:
    """Return any field by a dotted path with [i] for lists. Invalid when it leads nowhere or to no single value."""
    for section in filter(None, _SECTION.split(path)):
        if isinstance(obj, list):
            obj = obj[_index(section, len(obj))]
        elif isinstance(obj, Mapping):
            obj = obj.get(section)
        else:
            raise Invalid("fieldPath", f"invalid path {path} in rollout")
    if obj is None:
        raise Invalid("fieldPath", f"invalid path {path} in rollout")
    if isinstance(obj, (Mapping, list)):
        raise Invalid("fieldPath", f"path {path} in rollout must terminate in a primitive value")
    if isinstance(obj, bool):
        return "true" if obj else "false"
    return obj if isinstance(obj, str) else jsonpath.text(float(obj))


def _index(section: str, length: int) -> int:
    try:
        index = int(section)
    except ValueError as error:
        raise Invalid("fieldPath", f"invalid index '{section}'") from error
    if not 0 <= index < length:
        raise Invalid("fieldPath", f"index {index} out of range")
    return index


def resolve_metric(metric: Mapping[str, Any], args: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the metric with {{args.x}} replaced in its JSON, values quoted for it.

    Invalid for an argument without value, a placeholder that nobody declares, and one that is not closed.
    """
    values = {}
    for entry in args:
        if entry.get("value") is None:
            raise Invalid(f"args.{entry['name']}", f'argument "{entry["name"]}" was not supplied')
        values[f"args.{entry['name']}"] = json.dumps(str(entry["value"]), ensure_ascii=False)[1:-1]
    resolved: dict[str, Any] = json.loads(substitute(json.dumps(metric, ensure_ascii=False), values))
    return resolved


def substitute(template: str, values: Mapping[str, str]) -> str:
    """Return the text with {{name}} replaced; spaces around a name do not matter."""

    def one(match: re.Match[str]) -> str:
        if match[1].strip() not in values:
            raise Invalid("args", f"failed to resolve {{{{{match[1]}}}}}")
        return values[match[1].strip()]

    if "{{" in _TAG.sub("", template):
        raise Invalid("args", f'Cannot find end tag="}}}}" in the template="{template}"')
    return _TAG.sub(one, template)
