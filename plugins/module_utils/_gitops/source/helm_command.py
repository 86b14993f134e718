# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The arguments of helm for what Argo CD does with it. Pure: runs nothing, and keeps passwords out of arguments.

Credentials have the names of upstream's HelmCreds: Username, Password, CAPath, InsecureSkipVerify.
Source: argo-cd v3.6 util/helm/{cmd,helm}.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Invalid
from ..._lang import gourl

Credentials = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """What helm is called with; `secret` goes to its standard input."""

    arguments: tuple[str, ...]
    secret: str = field(default="", repr=False)


def registry_login(repo: str, credentials: Credentials, *, plain_http: bool = False) -> Command:
    """Return the login at the registry of a repository. Invalid for no address."""
    user, password = str(credentials.get("Username") or ""), str(credentials.get("Password") or "")
    out = ["registry", "login", registry(repo), *_flag("--plain-http", plain_http), *_value("--username", user)]
    out += [*_flag("--password-stdin", bool(password)), *_value("--ca-file", str(credentials.get("CAPath") or ""))]
    return Command((*out, *_flag("--insecure", bool(credentials.get("InsecureSkipVerify")))), password)


def registry_logout(repo: str) -> Command:
    """Return the logout. Invalid for no address."""
    return Command(("registry", "logout", registry(repo)))


def pull_oci(
    repo: str, chart: str, version: str, destination: str, credentials: Credentials, *, plain_http: bool = False
) -> Command:
    """Return the download of a chart from a registry."""
    out = ["pull", f"oci://{repo}/{chart}", "--version", version, "--destination", destination]
    out += _value("--ca-file", str(credentials.get("CAPath") or ""))
    out += _flag("--insecure-skip-tls-verify", bool(credentials.get("InsecureSkipVerify")))
    return Command((*out, *_flag("--plain-http", plain_http)))


def dependency_build(*, insecure: bool = False, plain_http: bool = False) -> Command:
    """Return the download of a chart's dependencies."""
    flags = (*_flag("--insecure-skip-tls-verify", insecure), *_flag("--plain-http", plain_http))
    return Command(("dependency", "build", *flags))


def registry(repo: str) -> str:
    """Return the host (and port) of a repository's address, which has no scheme. Invalid for no address."""
    try:
        return gourl.parse(repo if repo.startswith(":") else f"//{repo.partition('://')[2] or repo}").host
    except Invalid as error:
        raise Invalid("", f"failed to parse registry URL: {error.message}") from None


def set_value(value: str) -> str:
    """Return a value for --set: commas get a backslash, unless the value is a list in braces."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return re.sub(r"(?<!\\),", r"\\,", value)


def _flag(name: str, wanted: bool) -> tuple[str, ...]:
    return (name,) if wanted else ()


def _value(name: str, value: str) -> tuple[str, ...]:
    return (name, value) if value else ()
