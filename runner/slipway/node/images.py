# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of pods: from the reference in the pod to an unpacked directory.

A loopback registry is spoken to over plain http. An image can be mapped to the host's own tools
("host": no root file system of its own), as base images of builds are.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid, SlipwayError
from ansible_collections.slipway.gitops.plugins.module_utils._oci import auth, base
from ansible_collections.slipway.gitops.plugins.module_utils._oci.image import ImageConfig, Reference, parse_reference
from ansible_collections.slipway.gitops.plugins.module_utils._oci.registry import Registry
from ansible_collections.slipway.gitops.plugins.module_utils._oci.unpack import Unpacked, unpack


class PullError(Exception):
    """An image cannot be had; `reason` is the word in the container's status."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image ready to run. `rootfs` is empty for one that is mapped to the host."""

    rootfs: str
    config: ImageConfig
    image_id: str


class Images:
    """The node's image cache. Safe from several threads; one download per image at a time."""

    def __init__(self, cache: Path, *, mirrors: Mapping[str, str], mapping: Mapping[str, str]) -> None:
        self._cache = cache
        self._mirrors, self._mapping = mirrors, mapping
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._tags = _Tags(cache / "tags.json")

    def get(self, name: str, policy: str, secrets: Sequence[str]) -> Pulled:
        """Return the image. `policy` is Always, IfNotPresent, Never or empty (by the tag, as upstream).

        `secrets` are texts of Docker configurations. PullError with the kubelet's reasons:
        InvalidImageName, ErrImagePull, ErrImageNeverPull.
        """
        try:
            reference = parse_reference(name)
            target = base.mapped(name, self._mapping)
            reference = reference if target in ("host", "scratch", name) else parse_reference(target)
        except Invalid as error:
            raise PullError(
                "InvalidImageName", f'Failed to apply default image tag "{name}": {error.message}'
            ) from error
        if target in ("host", "scratch"):
            return Pulled("", ImageConfig(), f"host/{name}")
        with self._lock:
            lock = self._busy.setdefault(str(reference), threading.Lock())
        with lock:
            found = self._find(reference, policy or _default_policy(reference), secrets)
        return Pulled(found.rootfs, found.config, f"{reference.name}@{found.digest}")

    def _find(self, reference: Reference, policy: str, secrets: Sequence[str]) -> Unpacked:
        known = reference.digest or self._tags.get(str(reference))
        try:
            if policy != "Always" and known and self._is_here(known):
                return unpack(reference.with_digest(known), None, str(self._cache))
            if policy == "Never":
                raise PullError(
                    "ErrImageNeverPull", f'Container image "{reference}" is not present with pull policy of Never'
                )
            return self._pull(reference, secrets)
        except SlipwayError as error:
            raise PullError("ErrImagePull", f'failed to pull image "{reference}": {error}') from error

    def _is_here(self, digest: str) -> bool:
        return (self._cache / "images" / digest.replace(":", "-") / "config.json").exists()

    def _pull(self, reference: Reference, secrets: Sequence[str]) -> Unpacked:
        host = self._mirrors.get(reference.host, reference.host)
        registry = Registry(host, auth=_credentials(reference, secrets))
        try:
            digest = reference.digest or registry.resolve(Reference(host, reference.repository, reference.tag))
            source = Reference(host, reference.repository, digest=digest)
            found = unpack(source, registry, str(self._cache))
        finally:
            registry.close()
        self._tags.put(str(reference), digest)
        return found


class _Tags:
    """Which digest each tag stood for when it was pulled last; survives a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._known = {}

    def get(self, reference: str) -> str:
        with self._lock:
            return self._known.get(reference, "")

    def put(self, reference: str, digest: str) -> None:
        with self._lock:
            if self._known.get(reference) == digest:
                return
            self._known[reference] = digest
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps(self._known, sort_keys=True), encoding="utf-8")
            part.replace(self._path)


def _default_policy(reference: Reference) -> str:
    return "Always" if reference.tag == "latest" and not reference.digest else "IfNotPresent"


def _credentials(reference: Reference, secrets: Sequence[str]) -> auth.Credentials | None:
    for text in secrets:
        found = auth.from_config(text, reference.host, reference.repository)
        if found is not None:
            return found
    return None
