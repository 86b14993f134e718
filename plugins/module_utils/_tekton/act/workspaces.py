# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Workspaces and volumes as directories of this machine.

Knows where data lies; must not know tasks or steps beyond the names of their mounts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import quantity, redact
from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from ..._sandbox import process as sandbox
from ..model.parse import Bundle
from . import files, volume_files
from .environment import Facts
from .executor import Bound
from .volume_files import values

__all__ = ["Volumes", "secret_values", "values"]
VOLUMES = (
    *("emptyDir", "secret", "configMap", "projected", "downwardAPI"),
    *("persistentVolumeClaim", "ephemeral", "hostPath"),
)


@dataclass(frozen=True, slots=True)
class Overfull:
    """A volume that holds more than its sizeLimit."""

    name: str
    limit: str


class Volumes:
    """Makes directories for the bindings of one run below `folder`. `claims` maps claim names to directories.

    `host_paths` are the directories of this machine that hostPath volumes may show, with all below them.
    """

    def __init__(self, folder: str, bundle: Bundle, claims: Mapping[str, str], host_paths: Sequence[str] = ()) -> None:
        self._folder = folder
        self._bundle = bundle
        self._claims = dict(claims)
        self._with_secrets: set[str] = set()
        self._host_paths = [os.path.realpath(os.path.expanduser(path)) for path in host_paths]

    def check(self, binding: Mapping[str, Any], field: str) -> None:
        """Refuse before anything runs what cannot be honoured: a claim without a mapping, csi, a missing Secret."""
        if "persistentVolumeClaim" in binding:
            self._claim(str(binding["persistentVolumeClaim"].get("claimName", "")), field)
        if any(kind in binding for kind in ("secret", "configMap", "projected")):
            volume_files.contents(binding, field, self._object, Facts(""))
        if "csi" in binding:
            raise Refused(f"{field}.csi cannot be mounted by a local process", hint="use another source")

    def check_volume(self, volume: Mapping[str, Any], field: str) -> None:
        """Refuse before anything runs a volume of a Task that cannot be honoured."""
        for kind in volume:
            if kind not in ("name", *VOLUMES):
                raise Refused(
                    f"{field}.{kind} cannot be mounted by a local process", hint=f"use {', '.join(VOLUMES[:4])}"
                )
        if "hostPath" in volume and "$(" not in str(volume["hostPath"]):
            self._host_path(volume, field)

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        """Return the directory of a binding; emptyDir is new for each task, a claim template one for the run."""
        name, sub = str(binding["name"]), str(binding.get("subPath") or "")
        if "volumeClaimTemplate" in binding:
            self._claims[f"pvc-{name}"] = self._make("claims", name)
            return Bound(self._make("claims", name, sub=sub), claim=f"pvc-{name}")
        if "persistentVolumeClaim" in binding:
            return self._bound_claim(binding, sub)
        if "emptyDir" in binding:
            return Bound(self._make("tasks", task, f"empty-{name}", sub=sub))
        return Bound(self._files(binding, task, f"workspace {name}", Facts(task), docker=True), read_only=True)

    def volume(self, volume: Mapping[str, Any], task: str, facts: Facts) -> str:
        """Return the directory of a volume of a Task, or the file of a hostPath."""
        name = f"volumes.{volume['name']}"
        self.check_volume(volume, name)
        if "hostPath" in volume:
            return self._host_path(volume, name)
        if "persistentVolumeClaim" in volume:
            return self._bound_claim(volume, "").path
        if any(kind in volume for kind in ("secret", "configMap", "projected", "downwardAPI")):
            return self._files(volume, task, name, facts)
        return self._make("tasks", task, f"volume-{volume['name']}")

    def overfull(self, volumes: Sequence[Mapping[str, Any]], task: str) -> Overfull | None:
        """Return the first emptyDir that holds more than its sizeLimit."""
        for volume in volumes:
            limit = (volume.get("emptyDir") or {}).get("sizeLimit")
            place = os.path.join(self._folder, "tasks", task, f"volume-{volume['name']}")
            if limit and files.used(place) > quantity.parse(limit):
                return Overfull(str(volume["name"]), str(limit))
        return None

    def release(self, task: str) -> None:
        """Remove what one task had for itself: emptyDirs and the files of Secrets and ConfigMaps."""
        place = os.path.join(self._folder, "tasks", task)
        shutil.rmtree(place, ignore_errors=True)
        if task in self._with_secrets:
            self._with_secrets.discard(task)
            sandbox.removed(place)

    def remove(self) -> None:
        """Remove the claims that were made for this run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _bound_claim(self, source: Mapping[str, Any], sub: str) -> Bound:
        claim = str(source["persistentVolumeClaim"]["claimName"])
        place = self._claim(claim, "workspaces")
        os.makedirs(place, exist_ok=True)
        read_only = bool(source["persistentVolumeClaim"].get("readOnly"))
        return Bound(files.below(place, sub) if sub else place, claim=claim, read_only=read_only)

    def _claim(self, claim: str, field: str) -> str:
        if claim not in self._claims:
            hint = f"give claims: {{{claim}: /a/directory}}"
            raise Refused(f"{field}: the claim {claim!r} has no directory on this machine", hint=hint)
        return os.path.expanduser(self._claims[claim])

    def _host_path(self, volume: Mapping[str, Any], field: str) -> str:
        wanted, kind = str(volume["hostPath"].get("path")), str(volume["hostPath"].get("type") or "")
        path = os.path.realpath(wanted)
        if not any(f"{path}/".startswith(f"{allowed.rstrip('/')}/") for allowed in self._host_paths):
            raise Refused(
                f"{field}.hostPath: {wanted} is not among the paths of this machine that steps may see",
                hint=f"add it to host_paths (allowed now: {', '.join(self._host_paths) or 'none'}), or use a workspace",
            )
        if kind == "DirectoryOrCreate":
            os.makedirs(path, exist_ok=True)
        if not os.path.exists(path):
            raise Invalid(f"{field}.hostPath", f"names a path that does not exist: {wanted}", hint="create it")
        return path

    def _make(self, *parts: str, sub: str = "") -> str:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        place = files.make(self._folder, *parts)
        return files.below(place, sub) if sub else place

    def _files(self, volume: Mapping[str, Any], task: str, field: str, facts: Facts, *, docker: bool = False) -> str:
        found = volume_files.contents(volume, field, self._object, facts)
        if "secret" in volume or "projected" in volume:
            self._with_secrets.add(task)
            sandbox.remove_if_we_die(os.path.join(self._folder, "tasks", task))
        folder = self._make("tasks", task, f"files-{field.replace('.', '-').replace(' ', '-')}")
        volume_files.write(folder, volume_files.with_docker_config(found) if docker else found)
        return folder

    def _object(self, kind: str, name: str, field: str) -> Manifest:
        found = self._bundle.find(kind, name)
        if found is None:
            hint = f"{kind}s given: {', '.join(self._bundle.names(kind)) or 'none'}"
            raise Invalid(field, f"needs the {kind} {name!r}, which is not given", hint=hint)
        obj: Manifest = found.data
        return obj


def secret_values(world_find: Callable[[str, str], Any], kind: str, name: str) -> Mapping[str, bytes]:
    """Return the content of a given Secret or ConfigMap; Invalid when it is not given."""
    document = world_find(kind, name)
    if document is None:
        raise Invalid("env", f"needs the {kind} {name!r}, which is not given", hint="add it to src")
    found = values(document.data)
    for value in found.values() if kind == "Secret" else ():
        redact.current.register(value.decode("utf-8", "replace"))
    return found
