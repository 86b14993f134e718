# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs git: never interactive, credentials by environment, its errors as ours.

The user's own configuration (ssh, credential helpers, signing) stays in force.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._core import redact
from .._core.cancel import Cancel
from .._core.errors import Cancelled, Permanent, Refused, Temporary, Unreachable
from .._lang import giturl

_RACES = (
    "non-fast-forward",
    "fetch first",
    "reference already exists",
    "incorrect old value",
    "failed to update ref",
    "cannot lock ref",
)
_ASKED = re.compile(r"could not read \w+ for '([^']+)'")
_NO_PROMPT = "terminal prompts disabled"
_SECONDS = 300
_TICK = 0.2


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to get into one server. Empty: git's own configuration decides.

    `url` limits user and password to that server; `ssh_key` is a file; `insecure` takes any certificate.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    url: str = ""
    ssh_key: str = ""
    insecure: bool = False


class Rejected(Temporary):
    """Somebody else pushed first: fetch and try again."""


@dataclass(frozen=True, slots=True)
class Git:
    """git with credentials and an author."""

    credentials: Credentials = field(default_factory=Credentials)
    author: Mapping[str, str] = field(default_factory=dict)
    cancel: Cancel | None = None

    def run(self, *arguments: str, cwd: str | None = None, data: bytes | None = None, index: str = "") -> str:
        """Return what git printed; an error of the tree when it failed."""
        done = self.raw(*arguments, cwd=cwd, data=data, index=index)
        return done.decode("utf-8", "replace").strip()

    def raw(self, *arguments: str, cwd: str | None = None, data: bytes | None = None, index: str = "") -> bytes:
        """Return the bytes that git printed. `index` is the index file to use instead of the repository's."""
        environment = {**self._environment(), **({"GIT_INDEX_FILE": index} if index else {})}
        try:
            process = subprocess.Popen(
                ["git", *arguments], cwd=cwd, env=environment,
                stdin=subprocess.PIPE if data is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise Permanent("git is not installed", hint="install Git") from error
        out, problem = self._follow(process, arguments[0], data)
        if process.returncode:
            raise _error(_verb(arguments), redact.current.scrub(problem.decode("utf-8", "replace").strip()))
        return out

    def _follow(self, process: subprocess.Popen[bytes], verb: str, data: bytes | None) -> tuple[bytes, bytes]:
        """Wait for git, but not longer than allowed and not after a cancel."""
        deadline, rest = time.monotonic() + _SECONDS, data
        try:
            while True:
                try:
                    return process.communicate(rest, timeout=_TICK)
                except subprocess.TimeoutExpired:
                    rest = None
                    if self.cancel and self.cancel.is_set():
                        raise Cancelled(self.cancel.reason or "cancelled") from None
                    if time.monotonic() > deadline:
                        raise Unreachable(f"git {verb} did not end within {_SECONDS} s") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # with the helpers that it started
                process.communicate()

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ, **self.author, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_ASKPASS": "true"}
        # ssh must not ask either: it would read the terminal behind our back
        environment.update(SSH_ASKPASS="false", SSH_ASKPASS_REQUIRE="force")
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            environment.pop(name, None)
        settings = self._settings()
        first = int(environment.get("GIT_CONFIG_COUNT") or 0)
        for number, (name, value) in enumerate(settings.items(), first):
            environment.update({f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value})
        if settings:
            environment["GIT_CONFIG_COUNT"] = str(first + len(settings))
        return environment

    def _settings(self) -> dict[str, str]:
        known, settings = self.credentials, {}
        place = _server(known.url)
        if known.password:
            redact.current.register(known.password)
            pair = f"{known.username or 'git'}:{known.password}".encode()
            header = base64.b64encode(pair).decode()
            redact.current.register(header)
            settings[f"http.{place}extraHeader"] = f"Authorization: Basic {header}"
        if known.insecure:
            settings[f"http.{place}sslVerify"] = "false"
        if known.ssh_key:
            settings["core.sshCommand"] = f"ssh -i {_quoted(known.ssh_key)} -o IdentitiesOnly=yes"
        return settings


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _server(url: str) -> str:
    """Return the part of a setting's name that limits it to one server."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/." if parts.scheme in ("http", "https") else ""


def _verb(arguments: tuple[str, ...]) -> str:
    """Return the command: options such as -C folder stand before it."""
    words = iter(arguments)
    for word in words:
        if word == "-C":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def explained(url: str, text: str) -> Permanent:
    """Return what git's refusal to ask for a password means: no credentials fit the address. Other texts stay.

    Source: argo-cd v3.6 util/git/client.go humanizeAuthPromptError.
    """
    if _NO_PROMPT not in text:
        return Permanent(text)
    place = giturl.sanitize(url)
    return Permanent(f'failed to authenticate to git repository "{place}": no credentials matched this URL: {text}')


def is_race(text: str) -> bool:
    """Return whether a push failed because somebody else pushed at the same time, so that it may be tried again.

    Source: argo-cd v3.6 util/git/client.go isRetryableNotePushError; and non-fast-forward, as branches say it.
    """
    lowered = text.lower()
    return any(mark in lowered for mark in _RACES)


def _error(verb: str, text: str) -> Exception:
    """Return what a failed git means; `text` is its scrubbed error output."""
    lowered, last = text.lower(), _telling(text)
    if is_race(text):
        return Rejected(f"the push was rejected: {last}", reason="Rejected")
    if "pre-receive hook declined" in lowered or "remote rejected" in lowered:
        lines = [line for line in text.splitlines() if line.startswith("remote:")]
        return Refused(f"the server refused the push: {' '.join(lines)[:400] or last}", hint="is the branch protected?")
    asked = _ASKED.search(text)
    if asked and _NO_PROMPT in text:
        return Refused(str(explained(asked[1], last)), hint="give username and password, or an ssh key")
    if "authentication failed" in lowered or "could not read username" in lowered or "permission denied" in lowered:
        return Refused(f"git {verb}: authentication failed: {last}", hint="check username and password or the ssh key")
    if "could not resolve host" in lowered or "failed to connect" in lowered or "connection refused" in lowered:
        return Unreachable(f"git {verb}: {last}", hint="check the address of the repository")
    if "not found" in lowered or "does not appear to be a git repository" in lowered or "does not exist" in lowered:
        return Permanent(f"git {verb}: {last}", hint="check the address, the branch and the rights", reason="NotFound")
    return Permanent(f"git {verb} failed: {text[-400:]}")


def _telling(text: str) -> str:
    """Return the line that says what is wrong: git's advice follows it."""
    lines = [line for line in text.splitlines() if line.strip()] or ["no message"]
    marks = ("fatal:", "error:", "remote:", " ! [")
    return next((line.strip() for line in lines if line.startswith(marks)), lines[-1].strip())
