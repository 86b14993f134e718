# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The older webhook interceptors: the event goes to a Service, which answers with the event to go on with.

Source: tektoncd/triggers pkg/interceptors/webhook/webhook.go (v0.37).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ..._core.errors import Invalid, Permanent
from ..event import Headers, canonical
from .protocol import Call, Fetch, Reply

URL_HEADER = "Eventlistener-Request-Url"
_HOP_BY_HOP = ("Host", "Content-Length", "Connection", "Transfer-Encoding", "Keep-Alive")


def uri(webhook: Mapping[str, Any], namespace: str) -> str:
    """Return where the webhook is: its url, or its Service in its own namespace, else in the trigger's.

    Invalid for a reference to anything but a v1 Service.
    """
    if webhook.get("url"):
        return str(webhook["url"])
    reference = webhook.get("objectRef") or {}
    if reference.get("kind") != "Service" or reference.get("apiVersion") != "v1":
        raise Invalid("webhook.objectRef", "invalid objRef", hint="kind: Service, apiVersion: v1")
    return f"http://{reference.get('name')}.{reference.get('namespace') or namespace}.svc/"


def with_headers(headers: Headers, params: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the headers with those of the interceptor, which replace equal names; a list gives several values."""
    out = {name: list(values) for name, values in headers.items()}
    for param in params:
        given = param.get("value")
        out[canonical(str(param["name"]))] = [str(v) for v in given] if isinstance(given, list) else [str(given)]
    return out


def send(webhook: Mapping[str, Any], body: bytes, headers: Headers, *, url: str, namespace: str, fetch: Fetch) -> Reply:
    """Return the webhook's answer, whose body and headers replace the event's. Permanent unless it is 200."""
    kept = {name: values for name, values in headers.items() if name not in _HOP_BY_HOP}
    sent = with_headers({**kept, URL_HEADER: [url]}, webhook.get("header") or [])
    reply = fetch(Call("POST", uri(webhook, namespace), sent, body))
    if reply.status != HTTPStatus.OK:
        text = reply.body.decode("utf-8", "replace")
        raise Permanent(f"request rejected; status: {_status(reply.status)}; message: {text}")
    return reply


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
