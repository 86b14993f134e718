# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One HTTP event, as it came: path, method, headers, body bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core import gojson_scan
from .._core.errors import Invalid

Headers = Mapping[str, Sequence[str]]
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]*")


@dataclass(frozen=True, slots=True)
class Event:
    """Header names are canonical (X-Gitlab-Event), each with all its values.

    `received` is when it came, in unix seconds (0: now): a signature is judged by that time, however late the event
    is handled.
    """

    body: bytes
    headers: Headers = field(default_factory=dict)
    path: str = "/"
    method: str = "POST"
    received: float = 0.0

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return first(self.headers, name)

    def data(self) -> Any:
        """Return the body as JSON, numbers as floats as in Go; null when it is empty; Invalid when it is no JSON."""
        try:
            return gojson_scan.decode(self.body or b"null", floats=True)
        except Invalid as error:
            raise Invalid(
                "body",
                f"is not JSON: {error.message}",
                hint="send Content-Type: application/json with a JSON object",
            ) from error


def canonical(name: str) -> str:
    """Return a header name as Go writes it: each word begins with a capital; what is no header name stays.

    Source: Go net/textproto, CanonicalMIMEHeaderKey.
    """
    if not _TOKEN.fullmatch(name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def canonical_headers(headers: Headers) -> dict[str, list[str]]:
    """Return the headers under their canonical names."""
    return {canonical(name): list(values or []) for name, values in headers.items()}


def first(headers: Headers, name: str) -> str:
    """Return the first value of a header given under its canonical name, or an empty text."""
    values = headers.get(canonical(name))
    return str(values[0]) if values else ""


def make(given: Mapping[str, Any]) -> Event:
    """Return the event of a mapping with path, method, headers and body (text or object)."""
    body = given.get("body", b"")
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body, separators=(",", ":"))
    headers = {
        canonical(str(name)): [str(v) for v in value] if isinstance(value, list) else [str(value)]
        for name, value in (given.get("headers") or {}).items()
    }
    data = body.encode() if isinstance(body, str) else body
    return Event(data, headers, str(given.get("path") or "/"), str(given.get("method") or "POST"))
