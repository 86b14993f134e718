# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""References and image configurations: text to values and back.

No network, no files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._core.errors import Invalid

DOCKER_HUB = "docker.io"
MANIFEST_OCI = "application/vnd.oci.image.manifest.v1+json"
MANIFEST_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_OCI = "application/vnd.oci.image.index.v1+json"
INDEX_DOCKER = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG_OCI = "application/vnd.oci.image.config.v1+json"
LAYER_OCI = "application/vnd.oci.image.layer.v1.tar+gzip"

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """Names an image: `host[:port]`, repository, and a tag, a digest or both."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def identifier(self) -> str:
        """What to ask the registry for: the digest when there is one, else the tag."""
        return self.digest or self.tag

    @property
    def name(self) -> str:
        """The reference without tag and digest."""
        return f"{self.host}/{self.repository}"

    def with_digest(self, digest: str) -> Reference:
        """Return the reference pinned to `digest`, without the tag."""
        return replace(self, tag="", digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}@{self.digest}" if self.digest else f"{self.name}{tag}"


def parse_reference(text: str) -> Reference:
    """Return the reference that `text` names; Invalid when it names none.

    The first part is a host when it holds a dot, a colon or is "localhost"; otherwise the image is
    Docker Hub's, and a single word lies in library/. Without tag and digest the tag is "latest".
    Source: github.com/distribution/reference v0.6, normalize.go.
    """
    rest, _, digest = text.strip().partition("@")
    host, slash, repository = rest.partition("/")
    if not slash or not (any(char in host for char in ".:") or host == "localhost" or host != host.lower()):
        host, repository = DOCKER_HUB, rest
    if host == "index.docker.io":
        host = DOCKER_HUB
    repository, colon, tag = repository.partition(":")
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    _check(text, host, repository, tag if colon else None, digest if "@" in text else None)
    return Reference(host, repository, tag or ("" if digest else "latest"), digest)


def _check(text: str, host: str, repository: str, tag: str | None, digest: str | None) -> None:
    problem = ""
    if not _HOST.fullmatch(host):
        problem = f"has no valid registry host: '{host}'"
    elif not _REPOSITORY.fullmatch(repository):
        problem = "has a repository that is not lower-case letters, digits and single separators"
    elif tag is not None and not _TAG.fullmatch(tag):
        problem = f"has an invalid tag: '{tag}'"
    elif digest is not None and not _DIGEST.fullmatch(digest):
        problem = f"has an invalid digest: '{digest}'"
    if problem:
        raise Invalid("image", f"'{text}' {problem}", hint="expected [host[:port]/]repository[:tag][@sha256:...]")


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How an image wants to be run. `env` is "NAME=value" texts, `exposed` "port/protocol" texts."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""
    exposed: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    shell: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """The environment as a mapping."""
        pairs = (text.partition("=") for text in self.env)
        return {name: value for name, _, value in pairs}

    def as_dict(self) -> dict[str, Any]:
        """Return the `config` part of an image configuration, empty fields left out."""
        fields: dict[str, Any] = {
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.cmd),
            "Env": list(self.env),
            "WorkingDir": self.working_dir,
            "User": self.user,
            "ExposedPorts": {port: {} for port in sorted(self.exposed)},
            "Labels": dict(sorted(self.labels.items())),
            "Volumes": {path: {} for path in sorted(self.volumes)},
            "StopSignal": self.stop_signal,
            "Shell": list(self.shell),
        }
        return {name: value for name, value in fields.items() if value}


def config_of(data: Mapping[str, Any]) -> ImageConfig:
    """Return the ImageConfig of a whole image configuration object (OCI or Docker)."""
    config = data.get("config") or {}
    return ImageConfig(
        entrypoint=_texts(config.get("Entrypoint")),
        cmd=_texts(config.get("Cmd")),
        env=_texts(config.get("Env")),
        working_dir=config.get("WorkingDir") or "",
        user=config.get("User") or "",
        exposed=tuple(config.get("ExposedPorts") or ()),
        labels=dict(config.get("Labels") or {}),
        volumes=tuple(config.get("Volumes") or ()),
        stop_signal=config.get("StopSignal") or "",
        shell=_texts(config.get("Shell")),
    )


def _texts(value: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(str(item) for item in value or ())
