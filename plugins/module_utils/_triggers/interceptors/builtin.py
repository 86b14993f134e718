# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The built-in interceptors: does this event concern the trigger, and is it genuine?

Source: tektoncd/triggers pkg/interceptors/{gitlab,github,bitbucket} (v0.37).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..event import Event


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the trigger goes on, why not, and what the interceptor adds to `extensions`."""

    passes: bool
    reason: str = ""
    extensions: Mapping[str, Any] = field(default_factory=dict)


SecretOf = Callable[[Mapping[str, Any]], bytes]


def gitlab(event: Event, params: Mapping[str, Any], secret: SecretOf) -> Verdict:
    """X-Gitlab-Event must be among eventTypes; X-Gitlab-Token must equal the secret (compared in constant time)."""
    wanted = params.get("secretRef")
    if wanted:
        token = event.header("X-Gitlab-Token")
        if not token:
            return Verdict(False, "no X-Gitlab-Token header set")
        if not hmac.compare_digest(token.encode(), secret(wanted)):
            return Verdict(False, "Invalid X-Gitlab-Token")
    return _event_type(event.header("X-Gitlab-Event"), params)


def github(event: Event, params: Mapping[str, Any], secret: SecretOf) -> Verdict:
    """X-GitHub-Event must be among eventTypes; X-Hub-Signature-256 (or -Signature) must sign the body."""
    if event.header("Content-Type").startswith("application/x-www-form-urlencoded"):
        return Verdict(False, "the event's content type must be application/json")
    wanted = params.get("secretRef")
    if wanted:
        signature = event.header("X-Hub-Signature-256") or event.header("X-Hub-Signature")
        if not signature:
            return Verdict(False, "Must set X-Hub-Signature-256 or X-Hub-Signature header")
        if not _signed(event.body, signature, secret(wanted)):
            return Verdict(False, "payload signature check failed")
    return _event_type(event.header("X-Github-Event"), params)


def bitbucket(event: Event, params: Mapping[str, Any], secret: SecretOf) -> Verdict:
    """X-Event-Key must be among eventTypes; X-Hub-Signature must sign the body."""
    wanted = params.get("secretRef")
    if wanted:
        signature = event.header("X-Hub-Signature")
        if not signature:
            return Verdict(False, "no X-Hub-Signature header set")
        if not _signed(event.body, signature, secret(wanted)):
            return Verdict(False, "payload signature check failed")
    return _event_type(event.header("X-Event-Key"), params)


def _event_type(actual: str, params: Mapping[str, Any]) -> Verdict:
    allowed = params.get("eventTypes") or []
    if allowed and actual not in allowed:
        return Verdict(False, f"event type {actual} is not allowed")
    return Verdict(True)


def _signed(body: bytes, signature: str, key: bytes) -> bool:
    name, _, given = signature.partition("=")
    algorithms = {"sha256": hashlib.sha256, "sha1": hashlib.sha1, "sha512": hashlib.sha512}
    if name not in algorithms:
        return False
    return hmac.compare_digest(hmac.new(key, body, algorithms[name]).hexdigest(), given)


BUILTIN: Mapping[str, Callable[[Event, Mapping[str, Any], SecretOf], Verdict]] = {
    "gitlab": gitlab,
    "github": github,
    "bitbucket": bitbucket,
}
