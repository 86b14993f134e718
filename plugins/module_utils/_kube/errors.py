# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the API says when it says no, as our own errors."""

from __future__ import annotations

import json
from typing import Any

from .._core.errors import Permanent, Refused, SlipwayError, Temporary

# Server-side apply answers 500 for a manifest with a field that the schema does not have (seen with 1.36).
_UNTYPED = "failed to create typed patch object"


class Conflict(Temporary):
    """409: somebody else wrote the object, or owns the field, or it exists already."""


class Gone(Temporary):
    """410: the resourceVersion is too old; list again."""


class NotFound(Permanent):
    """404."""


class UnknownKind(Permanent):
    """The cluster serves no such kind."""


class Forbidden(Refused):
    """403."""


class Unauthorized(Refused):
    """401."""


class InvalidObject(Permanent):
    """400 and 422: the API's own message says which field."""


def from_response(status: int, body: bytes, what: str, retry_after: str = "") -> SlipwayError:
    """Return the error for an answer; `what` is the object or path for the message."""
    message, reason = _message(body)
    if status == 409:
        return Conflict(
            message or "conflict", obj=what, reason="AlreadyExists" if reason == "AlreadyExists" else "Conflict"
        )
    if status == 410:
        return Gone(message or "gone", obj=what)
    if status == 404:
        return NotFound(message or "not found", obj=what)
    if status == 403:
        return Forbidden(message or "forbidden", obj=what, hint="give the account the right, or use another one")
    if status == 401:
        return Unauthorized(message or "unauthorized", obj=what, hint="check the token or the client certificate")
    if status in (400, 405, 406, 415, 422) or (status == 500 and _UNTYPED in message):
        return InvalidObject(message or f"status {status}", obj=what)
    wait = float(retry_after) if retry_after.isdigit() else 1.0
    if status == 429 or status >= 500:
        return Temporary(message or f"status {status}", retry_after=wait, obj=what, reason="ServerBusy")
    return Permanent(message or f"status {status}", obj=what)


def _message(body: bytes) -> tuple[str, str]:
    try:
        data: Any = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").strip()[:500], ""
    if not isinstance(data, dict):
        return str(data)[:500], ""
    return str(data.get("message", ""))[:2000], str(data.get("reason", ""))
