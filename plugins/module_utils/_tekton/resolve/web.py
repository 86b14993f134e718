# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One GET over HTTP for a resolver: within its time, bounded in size, credentials only to the host they are for."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from ..._core.errors import Permanent, Unreachable
from .resolver import Context, late

MOST_BYTES = 16 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whatever the status."""

    status: int
    body: bytes

    def data(self) -> Any:
        """Return the JSON of the body; Permanent when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Permanent(f"error unmarshalling json response: {error}") from error


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but leaves the headers that we set behind when another host is meant."""

    def __init__(self, private: Mapping[str, str]) -> None:
        self._private = private

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        following = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
        if following is not None and _origin(newurl) != _origin(req.full_url):
            for name in self._private:
                following.remove_header(name.capitalize())
        return following


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


def get(url: str, context: Context, headers: Mapping[str, str] | None = None) -> Answer:
    """Return the answer. Unreachable when there is none, TimedOut when the resolution's time is over."""
    request = urllib.request.Request(url, headers={"User-Agent": "slipway", **(headers or {})})
    opener = urllib.request.build_opener(_SameHost(headers or {}))
    try:
        with contextlib.closing(opener.open(request, timeout=context.left())) as answer:
            return Answer(int(answer.status), _body(answer, context))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _body(error, context))
    except TimeoutError as error:
        raise late(context.limit) from error
    except (OSError, ValueError) as error:
        if isinstance(getattr(error, "reason", None), TimeoutError):
            raise late(context.limit) from error
        raise Unreachable(f"{url} does not answer: {getattr(error, 'reason', error)}") from error


def _body(answer: Any, context: Context) -> bytes:
    parts, size = [], 0
    while chunk := answer.read1(_CHUNK) if hasattr(answer, "read1") else answer.read(_CHUNK):
        context.left()
        parts.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise Permanent(f"the answer is larger than {MOST_BYTES >> 20} MiB")
    return b"".join(parts)
