# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What every resolver has: the check of its params, the fetch, and what its params say about change and network.

Knows no resolver in particular.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from ..._core import duration, redact
from ..._core.cancel import Cancel
from ..._core.errors import Invalid, Permanent, TimedOut
from ..model.reference import Source
from .settings import LONGEST, Settings

TIMED_OUT = "ResolutionTimedOut"
_SHA = re.compile(r"[0-9a-fA-F]{40}")
Params = Mapping[str, str]
Secrets = Callable[[str], Mapping[str, bytes] | None]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The bytes that a resolver found, and where they came from."""

    data: bytes
    source: Source


@dataclass(frozen=True, slots=True)
class Context:
    """What a resolver works with. `secret` returns the content of a given Secret, `deadline` is on the monotonic clock."""

    settings: Settings
    namespace: str
    secret: Secrets
    cancel: Cancel = field(default_factory=Cancel)
    deadline: float = 0.0
    limit: float = LONGEST

    def left(self) -> float:
        """Return the seconds that are left; raises Cancelled and TimedOut."""
        self.cancel.check()
        rest = self.deadline - time.monotonic()
        if rest <= 0:
            raise late(self.limit)
        return rest

    def within(self, seconds: float) -> Context:
        """Return the context of a resolver that may take this long and no longer."""
        return replace(self, deadline=min(self.deadline, time.monotonic() + seconds), limit=seconds)

    def secret_text(self, name: str, key: str) -> str:
        """Return one value of a given Secret, registered for redaction. Permanent in upstream's words without it."""
        found = self.secret(name)
        if found is None:
            text = f"cannot get API token, secret {name} not found in namespace {self.namespace}"
            raise Permanent(text, hint="add the Secret to src or definition")
        if key not in found:
            text = f"cannot get API token, key {key} not found in secret {name} in namespace {self.namespace}"
            raise Permanent(text, hint=f"its keys: {', '.join(sorted(found)) or 'none'}")
        value = found[key].decode("utf-8", "replace")
        redact.current.register(value)
        return value


def _no(_params: Params) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Resolver:
    """One resolver. `check` returns the params with defaults, or raises Invalid with upstream's message.

    `pinned` says that the params can only ever mean the same bytes, `local` that no network is needed.
    """

    title: str
    check: Callable[[Mapping[str, Any], Settings], dict[str, str]]
    fetch: Callable[[Params, Context], Resolved]
    pinned: Callable[[Params], bool] = _no
    local: Callable[[Params], bool] = _no


def texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the params as text; as upstream reads them, arrays and objects are empty."""
    return {name: value if isinstance(value, str) else "" for name, value in params.items()}


@dataclass(frozen=True, slots=True)
class Address:
    """A URL without the login that may be written in it."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)


def address(url: str) -> Address:
    """Return the URL and its login apart: a password must not be seen in a process list, a message or a refSource."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, colon, password = login.partition(":")
    if parts.scheme not in ("http", "https") or not at or not colon:
        return Address(url)
    redact.current.register(unquote(password))
    return Address(parts._replace(netloc=host).geturl(), unquote(user), unquote(password))


def wrong(message: str, hint: str = "") -> Invalid:
    """Return an error about params."""
    return Invalid("", message, hint=hint)


def is_sha(revision: str) -> bool:
    """True for a whole commit hash."""
    return _SHA.fullmatch(revision) is not None


def late(limit: float = LONGEST) -> TimedOut:
    """Return what upstream says after a minute; a resolver's own `limit` (seconds) is named as such.

    Source: pkg/reconciler/resolutionrequest/resolutionrequest.go.
    """
    what = "global timeout" if limit >= LONGEST else "fetch-timeout"
    return TimedOut(f"resolution took longer than {what} of {duration.format_go(limit)}", reason=TIMED_OUT)
