# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Who we are to a registry: credentials from Docker's configuration files.

Files are read in the order of the tools: $DOCKER_CONFIG, /kaniko/.docker, ~/.docker, and podman's
auth file. Every secret found is registered for redaction.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._core import redact
from .._core.errors import Invalid
from .image import DOCKER_HUB

HUB_KEY = "https://index.docker.io/v1/"
TOKEN_USER = "<token>"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and password, or an identity token to be exchanged for access tokens."""

    username: str = ""
    password: str = ""
    identity_token: str = ""

    def __post_init__(self) -> None:
        redact.current.register(self.password)
        redact.current.register(self.identity_token)

    def basic(self) -> str:
        """Return the value of a Basic authorization header."""
        value = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        redact.current.register(value)
        return f"Basic {value}"


def _files(env: Mapping[str, str]) -> Iterator[str]:
    if env.get("DOCKER_CONFIG"):
        yield os.path.join(env["DOCKER_CONFIG"], "config.json")
    yield "/kaniko/.docker/config.json"
    home = env.get("HOME") or os.path.expanduser("~")
    yield os.path.join(home, ".docker", "config.json")
    if env.get("REGISTRY_AUTH_FILE"):
        yield env["REGISTRY_AUTH_FILE"]
    if env.get("XDG_RUNTIME_DIR"):
        yield os.path.join(env["XDG_RUNTIME_DIR"], "containers", "auth.json")


def credentials_for(host: str, repository: str = "", env: Mapping[str, str] | None = None) -> Credentials | None:
    """Return the credentials for a registry host, None when no file names it.

    `host` is as in a reference. The most specific key wins: host/repository, then host.
    """
    for path in _files(os.environ if env is None else env):
        config = _load(path)
        if config is None:
            continue
        found = _from_config(config, host, repository)
        if found is not None:
            return found
    return None


def from_config(text: str, host: str, repository: str = "") -> Credentials | None:
    """Return the credentials for `host` in the text of a Docker config (a pull secret, say)."""
    try:
        config = json.loads(text)
    except ValueError as error:
        raise Invalid("dockerconfigjson", f"is no JSON: {error}") from error
    return _from_config(config, host, repository) if isinstance(config, dict) else None


def _load(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except OSError:
        return None
    except ValueError as error:
        raise Invalid(path, f"is no JSON: {error}", hint="a Docker config.json is expected") from error
    return config if isinstance(config, dict) else None


def _from_config(config: Mapping[str, Any], host: str, repository: str) -> Credentials | None:
    auths = config.get("auths") or {}
    for key in _keys(host, repository):
        if auths.get(key):
            return _entry(auths[key])
    helper = (config.get("credHelpers") or {}).get(host) or config.get("credsStore")
    return _ask_helper(helper, HUB_KEY if host == DOCKER_HUB else host) if helper else None


def _keys(host: str, repository: str) -> Iterator[str]:
    parts = repository.split("/") if repository else []
    for count in range(len(parts), -1, -1):
        yield "/".join([host, *parts[:count]])
    for scheme in ("https", "http"):
        yield f"{scheme}://{host}"
        yield f"{scheme}://{host}/"
        yield f"{scheme}://{host}/v1/"
        yield f"{scheme}://{host}/v2/"
    if host == DOCKER_HUB:
        yield HUB_KEY
        yield "index.docker.io"


def _entry(entry: Mapping[str, Any]) -> Credentials | None:
    user, password = entry.get("username") or "", entry.get("password") or ""
    if entry.get("auth"):
        try:
            user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
        except ValueError as error:
            raise Invalid("auths[].auth", "is not base64 of user:password") from error
    token = entry.get("identitytoken") or entry.get("registrytoken") or ""
    return Credentials(user, password.rstrip("\0"), token) if user or token else None


def _ask_helper(name: str, server: str) -> Credentials | None:
    program = shutil.which(f"docker-credential-{name}")
    if program is None:
        return None
    done = subprocess.run([program, "get"], input=server.encode(), capture_output=True, timeout=30, check=False)
    if done.returncode != 0:
        return None
    answer = json.loads(done.stdout)
    if answer.get("Username") == TOKEN_USER:
        return Credentials(identity_token=answer.get("Secret", ""))
    return Credentials(answer.get("Username", ""), answer.get("Secret", ""))
