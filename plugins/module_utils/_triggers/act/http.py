# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One HTTP call for an interceptor: a few seconds, no proxy tricks, no redirects to other places."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

from ..._core.errors import Unreachable
from ..event import canonical
from ..interceptors.protocol import Call, Reply

TIMEOUT = 5.0
_MOST_BYTES = 10 * 1024 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: credentials must not travel to where it points."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def fetch(call: Call) -> Reply:
    """Send the call and return the reply, whatever its status. Unreachable when nothing answers in time."""
    request = urllib.request.Request(call.url, data=call.body or None, method=call.method)
    for name, values in call.headers.items():
        request.add_header(name, ", ".join(values))
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT) as answer:
            return _reply(answer)
    except urllib.error.HTTPError as error:
        return _reply(error)
    except (OSError, ValueError) as error:
        raise Unreachable(f"{call.url} does not answer: {error}") from error


def _reply(answer: Any) -> Reply:
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.items():
        headers.setdefault(canonical(name), []).append(value)
    return Reply(int(answer.status), headers, answer.read(_MOST_BYTES))
