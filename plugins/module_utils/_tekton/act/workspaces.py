# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Workspaces and volumes as directories of this machine.

Knows where data lies; must not know tasks or steps beyond the names of their mounts.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from ..._core import redact
from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from ..model.parse import Bundle
from .executor import Bound


class Volumes:
    """Makes directories for the bindings of one run below `folder`. `claims` maps claim names to directories."""

    def __init__(self, folder: str, bundle: Bundle, claims: Mapping[str, str]) -> None:
        self._folder = folder
        self._bundle = bundle
        self._claims = dict(claims)

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse before anything runs what cannot be honoured: a claim without a mapping, csi, a missing Secret."""
        if "persistentVolumeClaim" in binding:
            self._claim(str(binding["persistentVolumeClaim"].get("claimName", "")), field)
        for kind, key in (("Secret", "secret"), ("ConfigMap", "configMap")):
            if key in binding:
                self._object(kind, str(binding[key].get("secretName") or binding[key].get("name")), field)
        if "csi" in binding:
            raise Refused(f"{field}.csi cannot be mounted by a local process", hint="use another source")

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Return the directory of a binding; emptyDir is new for each task, a claim template one for the run."""
        name, sub = str(binding["name"]), str(binding.get("subPath") or "")
        if "volumeClaimTemplate" in binding:
            self._claims[f"pvc-{name}"] = self._make("claims", name)
            return Bound(self._make("claims", name, sub), claim=f"pvc-{name}")
        if "persistentVolumeClaim" in binding:
            claim = str(binding["persistentVolumeClaim"]["claimName"])
            path = os.path.join(self._claim(claim, "workspaces"), sub)
            os.makedirs(path, exist_ok=True)
            return Bound(path, claim=claim)
        if "emptyDir" in binding:
            return Bound(self._make("tasks", task, f"empty-{name}", sub))
        return Bound(self._files(binding, task, name), read_only=True)

    def volume(self, volume: Mapping[str, Any], task: str) -> str:
        """Return the directory of a volume of a Task."""
        if "hostPath" in volume:
            raise Refused(
                f"volume {volume['name']!r} is a hostPath, which local processes do not get", hint="use a workspace"
            )
        if "emptyDir" in volume:
            return self._make("tasks", task, f"volume-{volume['name']}")
        return self.bind(volume, task).path

    def release(self, task: str) -> None:
        """Remove what one task had for itself: emptyDirs and the files of Secrets and ConfigMaps."""
        shutil.rmtree(os.path.join(self._folder, "tasks", task), ignore_errors=True)

    def remove(self) -> None:
        """Remove the claims that were made for this run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _claim(self, claim: str, field: str) -> str:
        if claim not in self._claims:
            hint = f"give claims: {{{claim}: /a/directory}}"
            raise Refused(f"{field}: the claim {claim!r} has no directory on this machine", hint=hint)
        return os.path.expanduser(self._claims[claim])

    def _make(self, *parts: str) -> str:
        path = os.path.join(self._folder, *parts)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def _files(self, binding: Mapping[str, Any], task: str, name: str) -> str:
        folder = self._make("tasks", task, f"files-{name}")
        sources = (binding.get("projected") or {}).get("sources") or [binding]
        for source in sources:
            for kind, key in (("Secret", "secret"), ("ConfigMap", "configMap")):
                if key in source:
                    entry = source[key]
                    obj = self._object(kind, str(entry.get("secretName") or entry.get("name")), f"workspace {name}")
                    _write(folder, values(obj), entry.get("items"))
        return folder

    def _object(self, kind: str, name: str, field: str) -> Manifest:
        found = self._bundle.find(kind, name)
        if found is None:
            hint = f"{kind}s given: {', '.join(self._bundle.names(kind)) or 'none'}"
            raise Invalid(field, f"needs the {kind} {name!r}, which is not given", hint=hint)
        obj: Manifest = found.data
        return obj


def values(obj: Manifest) -> dict[str, bytes]:
    """Return the decoded content of a Secret or ConfigMap; Secret values are registered for redaction."""
    data = obj.get("data") or {}
    if obj["kind"] == "ConfigMap":
        plain = {name: str(value).encode() for name, value in data.items()}
        return {**plain, **{name: base64.b64decode(value) for name, value in (obj.get("binaryData") or {}).items()}}
    redact.current.register_secret(obj)
    decoded = {name: base64.b64decode(value) for name, value in data.items()}
    return {**decoded, **{name: str(value).encode() for name, value in (obj.get("stringData") or {}).items()}}


def _write(folder: str, content: Mapping[str, bytes], items: Any) -> None:
    names = {entry["key"]: entry["path"] for entry in items} if items else {name: name for name in content}
    for key, path in names.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content[key])


def secret_values(world_find: Callable[[str, str], Any], kind: str, name: str) -> Mapping[str, bytes]:
    """Return the content of a given Secret or ConfigMap; Invalid when it is not given."""
    document = world_find(kind, name)
    if document is None:
        raise Invalid("env", f"needs the {kind} {name!r}, which is not given", hint="add it to src")
    found = values(document.data)
    for value in found.values() if kind == "Secret" else ():
        redact.current.register(value.decode("utf-8", "replace"))
    return found
