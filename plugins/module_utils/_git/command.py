# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs git: never interactive, credentials by environment, its errors as ours.

The user's own configuration (ssh, credential helpers, signing) stays in force.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._core import redact
from .._core.errors import Permanent, Refused, Temporary, Unreachable

_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password or token for one server."""

    username: str = ""
    password: str = ""


class Rejected(Temporary):
    """Somebody else pushed first: fetch and try again."""


@dataclass(frozen=True, slots=True)
class Git:
    """git with credentials and an author."""

    credentials: Credentials = field(default_factory=Credentials)
    author: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, cwd: str | None = None, data: bytes | None = None) -> str:
        """Return what git printed; an error of the tree when it failed."""
        done = self.raw(*arguments, cwd=cwd, data=data)
        return done.decode("utf-8", "replace").strip()

    def raw(self, *arguments: str, cwd: str | None = None, data: bytes | None = None) -> bytes:
        """Return the bytes that git printed."""
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=cwd, input=data, env=self._environment(), capture_output=True, timeout=_SECONDS
            )
        except FileNotFoundError as error:
            raise Permanent("git is not installed", hint="install Git") from error
        except subprocess.TimeoutExpired as error:
            raise Unreachable(f"git {arguments[0]} did not end within {_SECONDS} s") from error
        if done.returncode:
            raise _error(arguments[0], redact.current.scrub(done.stderr.decode("utf-8", "replace").strip()))
        return done.stdout

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, **self.author, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_ASKPASS": "true"}
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            environment.pop(name, None)
        if self.credentials.password:
            redact.current.register(self.credentials.password)
            pair = f"{self.credentials.username or 'git'}:{self.credentials.password}".encode()
            header = f"Authorization: Basic {base64.b64encode(pair).decode()}"
            environment.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="http.extraHeader", GIT_CONFIG_VALUE_0=header)
        return environment


def _error(verb: str, text: str) -> Exception:
    """Return what a failed git means; `text` is its scrubbed error output."""
    lowered, last = text.lower(), text.splitlines()[-1] if text else "no message"
    if (
        "non-fast-forward" in lowered
        or "fetch first" in lowered
        or "failed to update ref" in lowered
        or "cannot lock ref" in lowered
    ):
        return Rejected(f"the push was rejected: {last}", reason="Rejected")
    if "pre-receive hook declined" in lowered or "remote rejected" in lowered:
        lines = [line for line in text.splitlines() if line.startswith("remote:")]
        return Refused(f"the server refused the push: {' '.join(lines)[:400] or last}", hint="is the branch protected?")
    if "authentication failed" in lowered or "could not read username" in lowered or "permission denied" in lowered:
        return Refused(f"git {verb}: authentication failed: {last}", hint="check username and password or the ssh key")
    if "could not resolve host" in lowered or "failed to connect" in lowered or "connection refused" in lowered:
        return Unreachable(f"git {verb}: {last}", hint="check the address of the repository")
    if "not found" in lowered or "does not appear to be a git repository" in lowered or "does not exist" in lowered:
        return Permanent(f"git {verb}: {last}", hint="check the address, the branch and the rights", reason="NotFound")
    return Permanent(f"git {verb} failed: {text[-400:]}")
