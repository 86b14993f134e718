# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Addresses of Git repositories: which are the same, which go over ssh. Pure; knows no repository.

Source: argo-cd v3.6 util/git/git.go.
"""

from __future__ import annotations

import re

from .._core.errors import Invalid
from . import gourl

_SSH = re.compile(r"^(ssh://)?([^/:]*?)@[^@]+$", re.DOTALL)
_SSH_PORT = "22"


def ssh_user(url: str) -> str | None:
    """Return the user of an ssh address (git@host:path or ssh://git@host/path), None for any other address."""
    found = _SSH.match(url)
    return found[2] if found else None


def is_ssh(url: str) -> bool:
    """Return whether the address goes over ssh."""
    return ssh_user(url) is not None


def ssh_host_port(url: str) -> str:
    """Return host:port of an ssh address, with port 22 where none is given; empty for any other address."""
    if not is_ssh(url):
        return ""
    try:
        parsed = gourl.parse(_with_scheme(url))
    except Invalid:
        return ""
    host = f"[{parsed.hostname}]" if ":" in parsed.hostname else parsed.hostname
    return f"{host}:{parsed.port or _SSH_PORT}" if host else ""


def normalize(url: str) -> str:
    """Return the address in lower case, without .git and ssh://, host:path as host/path; empty for no address."""
    text = url.strip().lower()
    if is_ssh(text):
        text = _with_scheme(text)
    try:
        return str(gourl.parse(text.removesuffix(".git"))).removeprefix("ssh://")
    except Invalid:
        return ""


def same(left: str, right: str) -> bool:
    """Return whether two addresses lead to one repository. What is no address is only the same as itself."""
    one, other = normalize(left) or left, normalize(right) or right
    return bool(one) and one == other


def sanitize(url: str) -> str:
    """Return the address without user and password, as it may be shown. host:path and what is no address stay."""
    try:
        parsed = gourl.parse(url)
    except Invalid:
        return url
    return url if parsed.user is None else str(parsed.without_user())


def _with_scheme(url: str) -> str:
    """Return git@host:path as ssh://git@host/path: a colon would be read as the beginning of a port."""
    return url if url.startswith("ssh://") else f"ssh://{url.replace(':', '/', 1)}"
