# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of a pod as directories of this machine.

Secrets and tokens lie in memory (/dev/shm) where there is such a place. Source of the rules:
Kubernetes 1.36 pkg/volume/{configmap,secret,projected,downwardapi,emptydir,hostpath}.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import Mount

from . import environment
from .environment import ConfigError, Facts, Lookup

SHARED_MEMORY = Path("/dev/shm")
Token = Callable[[str, int], str]
Claim = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class Sources:
    """What volumes are made of. `claim` gives the directory of a PersistentVolumeClaim."""

    facts: Facts
    lookup: Lookup
    token: Token
    claim: Claim


@dataclass(slots=True)
class PodVolumes:
    """The directories of one pod: `folder` for what may lie on disk, `private` for secrets."""

    folder: Path
    private: Path
    paths: dict[str, Path] = field(default_factory=dict)
    read_only: set[str] = field(default_factory=set)

    def remove(self) -> None:
        """Remove everything that is the pod's own."""
        for place in (self.folder, self.private):
            shutil.rmtree(place, ignore_errors=True)


def private_root(state_dir: Path) -> Path:
    """Return where secrets of this node lie: memory that only this user reads, else the state directory."""
    name = f"slipway-{os.getuid()}-{hashlib.sha256(str(state_dir).encode()).hexdigest()[:12]}"
    if os.access(SHARED_MEMORY, os.W_OK):
        return SHARED_MEMORY / name
    return state_dir / "private"


def make(pod: Manifest, volumes: PodVolumes, sources: Sources) -> None:
    """Make every volume of the pod; ConfigError for what is missing."""
    for private in (volumes.private.parent, volumes.private):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    for volume in pod["spec"].get("volumes") or []:
        name = volume["name"]
        if "hostPath" in volume:
            volumes.paths[name] = _host_path(volume["hostPath"])
        elif "persistentVolumeClaim" in volume:
            volumes.paths[name] = sources.claim(str(volume["persistentVolumeClaim"].get("claimName") or ""))
            if volume["persistentVolumeClaim"].get("readOnly"):
                volumes.read_only.add(name)
        elif "emptyDir" in volume or set(volume) == {"name"}:
            volumes.paths[name] = _directory(volumes.folder / name, 0o777)
        else:
            files, mode = _files(volume, sources)
            folder = _directory(volumes.private / name, 0o755)
            _write(folder, files, mode)
            volumes.paths[name] = folder
            volumes.read_only.add(name)


def mounts(container: Manifest, volumes: PodVolumes, env: Mapping[str, str]) -> list[Mount]:
    """Return the mounts of one container; sub-paths are made where they are missing."""
    found = []
    for mount in container.get("volumeMounts") or []:
        name = mount["name"]
        if name not in volumes.paths:
            raise ConfigError(f'volume "{name}" not found')
        inner = (
            environment.expand(mount["subPathExpr"], env) if mount.get("subPathExpr") else mount.get("subPath") or ""
        )
        source = _inside(volumes.paths[name], inner, name)
        read_only = bool(mount.get("readOnly")) or name in volumes.read_only
        found.append(Mount(str(source), mount["mountPath"], read_only))
    return found


def _inside(root: Path, inner: str, name: str) -> Path:
    if not inner:
        return root
    path = root / inner
    if inner.startswith("/") or ".." in Path(inner).parts or not path.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f'failed to prepare subPath for volumeMount "{name}": must not leave the volume')
    if not path.exists():
        _directory(path, 0o777)
    return path


def _directory(path: Path, mode: int) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path


def _host_path(spec: Manifest) -> Path:
    path, kind = Path(spec.get("path") or "/"), spec.get("type") or ""
    if kind == "DirectoryOrCreate":
        path.mkdir(parents=True, exist_ok=True)
    if kind == "FileOrCreate" and not path.exists():
        path.touch()
    if not path.exists():
        raise ConfigError(f"hostPath type check failed: {path} is not there")
    if kind == "Directory" and not path.is_dir():
        raise ConfigError(f"hostPath type check failed: {path} is not a directory")
    return path


def _files(volume: Manifest, sources: Sources) -> tuple[dict[str, tuple[bytes, int | None]], int]:
    for kind, reader in (("configMap", _from_config_map), ("secret", _from_secret), ("downwardAPI", _from_downward)):
        if kind in volume:
            spec = volume[kind] or {}
            return reader(spec, sources), int(spec.get("defaultMode") or 0o644)
    spec = volume.get("projected") or {}
    files: dict[str, tuple[bytes, int | None]] = {}
    for source in spec.get("sources") or []:
        files.update(_projected(source, sources))
    return files, int(spec.get("defaultMode") or 0o644)


def _projected(source: Manifest, sources: Sources) -> dict[str, tuple[bytes, int | None]]:
    if "configMap" in source:
        return _from_config_map(source["configMap"], sources)
    if "secret" in source:
        return _from_secret({**source["secret"], "secretName": source["secret"].get("name")}, sources)
    if "downwardAPI" in source:
        return _from_downward(source["downwardAPI"], sources)
    wanted = source["serviceAccountToken"]
    token = sources.token(wanted.get("audience") or "", int(wanted.get("expirationSeconds") or 3600))
    return {wanted["path"]: (token.encode(), 0o600)}


def _from_config_map(spec: Manifest, sources: Sources) -> dict[str, tuple[bytes, int | None]]:
    return _keys(sources.lookup.config_map(spec.get("name") or ""), spec, "configmap", spec.get("name") or "")


def _from_secret(spec: Manifest, sources: Sources) -> dict[str, tuple[bytes, int | None]]:
    return _keys(sources.lookup.secret(spec.get("secretName") or ""), spec, "secret", spec.get("secretName") or "")


def _keys(obj: Manifest | None, spec: Manifest, kind: str, name: str) -> dict[str, tuple[bytes, int | None]]:
    if obj is None and not spec.get("optional"):
        raise ConfigError(f'{kind} "{name}" not found')
    contents = environment.contents(obj or {})
    if not spec.get("items"):
        return {key: (value, None) for key, value in contents.items()}
    found: dict[str, tuple[bytes, int | None]] = {}
    for item in spec["items"]:
        if item["key"] in contents:
            found[item["path"]] = (contents[item["key"]], item.get("mode"))
        elif not spec.get("optional"):
            raise ConfigError(f'{kind} "{name}" references non-existent key: {item["key"]}')
    return found


def _from_downward(spec: Manifest, sources: Sources) -> dict[str, tuple[bytes, int | None]]:
    found: dict[str, tuple[bytes, int | None]] = {}
    for item in spec.get("items") or []:
        if "fieldRef" in item:
            text = environment.field_value(item["fieldRef"].get("fieldPath", ""), sources.facts)
        else:
            text = environment.resource_value(item.get("resourceFieldRef") or {}, {}, sources.facts)
        found[item["path"]] = (text.encode(), item.get("mode"))
    return found


def _write(folder: Path, files: Mapping[str, tuple[bytes, int | None]], mode: int) -> None:
    for name, (data, own) in files.items():
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ConfigError(f"a volume file must not leave its volume: {name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
        path.chmod(own if own is not None else mode)


def service_account(pod: Manifest) -> str:
    """Return the pod's service account."""
    return str(deep_get(pod, "spec", "serviceAccountName", default="default"))
