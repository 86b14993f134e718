# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the Git hosts' interceptors share: allowed event types, Secrets, signatures of the body.

Source: tektoncd/triggers pkg/interceptors (v0.37); google/go-github v31 github/messages.go, ValidateSignature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from .protocol import FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, Help, Request, Response, fail, passed

_ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Rule:
    """How a Git host proves its events: the header of the event's type, and those that may hold the proof.

    `told` is the header that a refusal names, spelled as upstream does.
    """

    interceptor: str
    type_header: str
    proof_headers: tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the sender showed, and the secret that it has to fit."""

    given: str
    secret: bytes


def proof(request: Request, help_: Help, rule: Rule) -> Proof | Response:
    """Return what is to be compared, or the answer when there is nothing to compare: refused, or no secretRef.

    Source: pkg/interceptors/gitlab/gitlab.go and bitbucket/bitbucket.go, which hold this sequence alike.
    """
    refused = event_type(request, request.header(rule.type_header))
    reference = request.params.get("secretRef")
    if refused or reference is None:
        return refused or passed()
    if not has_key(reference):
        return fail(FAILED_PRECONDITION, f"{rule.interceptor} interceptor secretRef.secretKey is empty")
    given = next((value for name in rule.proof_headers if (value := request.header(name))), "")
    if not given:
        return fail(INVALID_ARGUMENT, f"no {rule.told} header set")
    if request.context is None:
        return fail(INVALID_ARGUMENT, "no request context passed")
    try:
        return Proof(given, help_.secret(request.context.namespace, reference))
    except Invalid as error:
        return fail(INTERNAL, f"error getting secret: {error.message}")


def event_type(request: Request, actual: str) -> Response | None:
    """Return the refusal of an event type that `eventTypes` does not list, or None; no list allows every type."""
    allowed = request.params.get("eventTypes")
    if allowed is None or actual in allowed:
        return None
    return fail(FAILED_PRECONDITION, f"event type {actual} is not allowed")


def has_key(reference: Mapping[str, Any]) -> bool:
    """Return whether a secretRef names the key of its Secret."""
    return bool(reference.get("secretKey"))


def check(body: bytes, signature: str, key: bytes) -> None:
    """Raise Invalid unless `signature` (sha256=HEX, or sha1, sha512) signs the body; compared in constant time."""
    name, separator, given = signature.partition("=")
    if not signature:
        raise Invalid("signature", "missing signature")
    if not separator:
        raise Invalid("signature", f"error parsing signature {json.dumps(signature)}")
    if name not in _ALGORITHMS:
        raise Invalid("signature", f"unknown hash type prefix: {json.dumps(name)}")
    try:
        digest = bytes.fromhex(given)
    except ValueError:
        raise Invalid("signature", f"error decoding signature {json.dumps(signature)}") from None
    if not hmac.compare_digest(hmac.new(key, body, _ALGORITHMS[name]).digest(), digest):
        raise Invalid("signature", "payload signature check failed")
