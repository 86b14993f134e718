# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Variables of a build: lists of name and value, their substitution in texts, and the parameters of plugins. Pure.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go Env, ApplicationSourcePluginParameters; Go os.Expand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid

Entry = Mapping[str, Any]
_VARIABLE = re.compile(
    r"\$(?:\{(?P<special>[*#$@!?\-0-9])\}|\{(?P<braced>[^}]*)\}|(?P<open>\{)|(?P<name>[*#$@!?\-0-9]|\w+))", re.A
)


def is_zero(entries: Sequence[Entry] | None) -> bool:
    """Return whether there is no variable."""
    return not entries


def entry_is_zero(entry: Entry | None) -> bool:
    """Return whether a variable has neither name nor value."""
    return not entry or not (entry.get("name") or entry.get("value"))


def environ(entries: Sequence[Entry | None] | None) -> list[str]:
    """Return name=value of every variable that is not empty."""
    return [f"{entry.get('name', '')}={entry.get('value', '')}" for entry in entries or [] if not entry_is_zero(entry)]  # type: ignore[union-attr]


def new_entry(text: str) -> Entry:
    """Return a variable from name=value. Invalid for another form."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid("", f"Expected env entry of the form: param=value. Received: {text}")
    return {"name": name, "value": value}


def substitute(entries: Sequence[Entry] | None, text: str) -> str:
    """Return the text with $NAME and ${NAME} replaced; unknown names vanish, $$ is a dollar sign."""
    values = {str(entry.get("name", "")): str(entry.get("value", "")) for entry in entries or []}
    values["$"] = "$"

    def value(found: re.Match[str]) -> str:
        if found["open"]:
            return ""
        return values.get(found["special"] or found["braced"] or found["name"] or "", "")

    return _VARIABLE.sub(value, text)


def plugin_environ(parameters: Sequence[Entry]) -> list[str]:
    """Return what a plugin gets of its parameters: all as JSON, and each one, entry by entry, as PARAM_*."""
    out = ["ARGOCD_APP_PARAMETERS=" + gojson.dumps([_plain(parameter) for parameter in parameters])]
    for parameter in parameters:
        name = f"PARAM_{_escaped(str(parameter.get('name') or ''))}"
        if parameter.get("string") is not None:
            out.append(f"{name}={parameter['string']}")
        out += [f"{name}_{_escaped(key)}={value}" for key, value in (parameter.get("map") or {}).items()]
        out += [f"{name}_{index}={value}" for index, value in enumerate(parameter.get("array") or [])]
    return out


def _plain(parameter: Entry) -> dict[str, Any]:
    """Name always comes; the values that were given come, also empty ones."""
    known = {key: parameter[key] for key in ("array", "map", "string") if parameter.get(key) is not None}
    return dict(sorted({"name": parameter.get("name") or "", **known}.items()))


def _escaped(name: str) -> str:
    return re.sub("[^A-Z0-9_]", "_", name.upper())


def optional_equal(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None, key: str) -> bool:
    """Return whether two optional values are the same: absent differs from empty, empty is empty in any writing."""
    if left is None or right is None:
        return left is right
    return (left.get(key) or None) == (right.get(key) or None)


def without_entry(plugin: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a plugin's options without one of its variables; the last takes its place. Invalid when it is not there."""
    entries = list(plugin.get("env") or [])
    found = next((index for index, entry in enumerate(entries) if entry.get("name") == key), None)
    if found is None:
        raise Invalid("", f'unable to find env variable with key "{key}" for plugin "{plugin.get("name") or ""}"')
    entries[found] = entries[-1]
    return {**plugin, "env": entries[:-1]}


def of_build(app: str, namespace: str, project: str, revision: str, source: Mapping[str, Any]) -> list[Entry]:
    """Return the variables of a build. `namespace` is the destination's, `revision` the resolved commit.

    Source: argo-cd v3.6 reposerver/repository/repository.go newEnv.
    """
    values = {
        "NAME": app,
        "NAMESPACE": namespace,
        "PROJECT_NAME": project,
        "REVISION": revision,
        "REVISION_SHORT": revision[:7],
        "REVISION_SHORT_8": revision[:8],
        "SOURCE_REPO_URL": source.get("repoURL") or "",
        "SOURCE_PATH": source.get("path") or "",
        "SOURCE_TARGET_REVISION": source.get("targetRevision") or "",
    }
    return [{"name": f"ARGOCD_APP_{key}", "value": value} for key, value in values.items()]
