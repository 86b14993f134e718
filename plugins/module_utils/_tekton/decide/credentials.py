# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From the annotated Secrets of a ServiceAccount to the files that Git, SSH and registry tools look for.

Source: tektoncd/pipeline pkg/credentials/gitcreds, dockercreds, pkg/pod/creds_init.go, v1.15.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from ..._core import gojson
from ..._core.errors import Invalid
from ..._lang import gourl

FOLDER = "/tekton/creds"
_GIT, _DOCKER = "tekton.dev/git-", "tekton.dev/docker-"
_BASIC, _SSH = "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth"
_DOCKER_JSON, _DOCKER_CFG = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*)):([^:]*)")
# What Go leaves alone in the user and password of a URL.
_USER_SAFE = "-_.~$&+,;="


@dataclass(frozen=True, slots=True)
class Secret:
    """A Secret: its annotations and its decoded content."""

    name: str
    type: str
    annotations: Mapping[str, str]
    content: Mapping[str, bytes]

    def text(self, key: str) -> str:
        """Return the text of a key. Invalid when it is missing."""
        if key not in self.content:
            there = ", ".join(sorted(self.content)) or "none"
            raise Invalid(f"data.{key}", f"is missing for type {self.type}", obj=f"Secret {self.name}", hint=there)
        return self.content[key].decode()

    def annotated(self, prefix: str) -> list[str]:
        """Return the values of its annotations that begin so, sorted."""
        return sorted(str(value) for key, value in self.annotations.items() if key.startswith(prefix))


def files(secrets: Sequence[Secret]) -> dict[str, str]:
    """Return what is laid into a home, text by path; nothing that was not given.

    Invalid for two basic-auth Secrets of one address, and for content that a type must have and has not.
    """
    return {**_git_basic(secrets), **_git_ssh(secrets), **_docker(secrets)}


def _pairs(secrets: Sequence[Secret], kind: str, prefix: str) -> list[tuple[str, Secret]]:
    found = [(address, one) for one in secrets if one.type == kind for address in one.annotated(prefix)]
    for address, one in found:
        if "=" in address:
            raise Invalid("metadata.annotations", f"has an = in {address!r}", obj=f"Secret {one.name}")
    return found


def _once(found: list[tuple[str, Secret]]) -> dict[str, Secret]:
    out: dict[str, Secret] = {}
    for address, one in found:
        if address in out:
            raise Invalid(
                "metadata.annotations", f"names {address} as {out[address].name} does: multiple entries for url",
                obj=f"Secret {one.name}", hint="keep one of them",
            )  # fmt: skip
        out[address] = one
    return out


def _git_basic(secrets: Sequence[Secret]) -> dict[str, str]:
    entries = _once(_pairs(secrets, _BASIC, _GIT))
    if not entries:
        return {}
    config, lines = ["[credential]\n\thelper = store\n"], []
    for address, secret in entries.items():
        user, password = secret.text("username"), secret.text("password")
        name = user.replace("\\", "\\\\")
        config.append(f"[credential {json.dumps(address)}]\n\tusername = {name}\n")
        login = f"{quote(user, safe=_USER_SAFE)}:{quote(password, safe=_USER_SAFE)}"
        lines.append(f"{_with_user(address, login)}\n")
    return {".gitconfig": "".join(config), ".git-credentials": "".join(lines)}


def _with_user(address: str, login: str) -> str:
    return str(replace(gourl.parse(address), user=login, authority=True))


def _git_ssh(secrets: Sequence[Secret]) -> dict[str, str]:
    found: dict[str, str] = {}
    config: dict[str, str] = {}
    known: dict[str, list[str]] = {}
    for address, secret in _pairs(secrets, _SSH, _GIT):
        place = _PORT.fullmatch(address)
        host, port = (place[1] or place[2], place[3]) if place else (address, "22")
        config.setdefault(address, f"Host {host}\n    HostName {host}\n    Port {port}\n")
        config[address] += f"    IdentityFile {FOLDER}/.ssh/id_{secret.name}\n"
        found[f".ssh/id_{secret.name}"] = secret.text("ssh-privatekey")
        if secret.content.get("known_hosts"):
            known.setdefault(address, []).append(secret.text("known_hosts"))
    if config:
        found[".ssh/config"] = "".join(config.values())
    if known:
        found[".ssh/known_hosts"] = "\n".join(text for address in config for text in known.get(address, []))
    return found


def _docker(secrets: Sequence[Secret]) -> dict[str, str]:
    """Registries of older Secrets first, then of newer ones, then of annotations: the later win."""
    auths: dict[str, Any] = {}
    for kind, key in ((_DOCKER_CFG, ".dockercfg"), (_DOCKER_JSON, ".dockerconfigjson")):
        for secret in secrets:
            if secret.type == kind:
                auths.update(_auths(secret, key))
    for address, secret in _once(_pairs(secrets, _BASIC, _DOCKER)).items():
        user, password = secret.text("username"), secret.text("password")
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        auths[address] = _entry({"username": user, "password": password, "auth": both, "email": "not@val.id"})
    if not auths:
        return {}
    entries = {name: auths[name] for name in sorted(auths)}
    return {".docker/config.json": gojson.dumps({"auths": entries}, sort=False)}


def _auths(secret: Secret, key: str) -> dict[str, Any]:
    try:
        data = json.loads(secret.text(key))
        entries = data if key == ".dockercfg" else data.get("auths") or {}
        return {name: _entry(entry) for name, entry in entries.items()}
    except (ValueError, AttributeError) as error:
        raise Invalid(f"data.{key}", "is no JSON of registries", obj=f"Secret {secret.name}") from error


def _entry(given: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: str(given.get(name) or "") for name in ("username", "password", "auth", "email")}
    return {name: value for name, value in kept.items() if value or name == "auth"}
