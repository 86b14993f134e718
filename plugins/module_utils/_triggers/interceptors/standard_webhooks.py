# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Signatures of Standard Webhooks, as GitLab 19 sends them: over id, time and body, with an end.

Source: standard-webhooks spec/standard-webhooks.md (1.0), symmetric signatures `v1`. Knows no clock.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable

from ..._core.errors import Invalid

ID, TIMESTAMP, SIGNATURE = "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"
PREFIX = b"whsec_"
WINDOW_SECONDS = 300
_NUMBER = re.compile(r"[0-9]{1,15}")


def is_key(secret: bytes) -> bool:
    """Return whether a secret is a signing token."""
    return secret.strip().startswith(PREFIX)


def check(body: bytes, header: Callable[[str], str], key: bytes, now: float) -> None:
    """Raise Invalid unless one of the signatures fits and the time is within five minutes of `now` (unix seconds)."""
    identity, stamp, given = header(ID), header(TIMESTAMP), header(SIGNATURE)
    for name, value in ((ID, identity), (TIMESTAMP, stamp), (SIGNATURE, given)):
        if not value:
            raise Invalid("signature", f"no {name} header set")
    if not _NUMBER.fullmatch(stamp):
        raise Invalid("signature", f"{TIMESTAMP} is no time in unix seconds")
    wanted = signature(_secret(key), identity, stamp, body)
    found = [value for version, _, value in (entry.partition(",") for entry in given.split()) if version == "v1"]
    fits = [hmac.compare_digest(value.encode(), wanted) for value in found]
    if not any(fits):
        raise Invalid("signature", f"Invalid {SIGNATURE}")
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        raise Invalid("signature", f"{TIMESTAMP} is more than {WINDOW_SECONDS} s away: a replay, or a wrong clock")


def signature(key: bytes, identity: str, stamp: str, body: bytes) -> bytes:
    """Return the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    content = f"{identity}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _secret(token: bytes) -> bytes:
    try:
        return base64.b64decode(token.strip().removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Invalid("signature", "the signing token is no base64 behind whsec_") from None
