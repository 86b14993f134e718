# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One HTTP request of a metric provider, with a token when the provider has an OAuth2 client.

Knows nothing of metrics. Secrets stay in the request: messages carry method, URL and status only.
"""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..._core.errors import Permanent


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """An OAuth2 client that fetches tokens for itself."""

    token_url: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Seconds for `timeout`; `insecure` accepts any certificate."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    timeout: float = 10.0
    insecure: bool = False
    oauth2: ClientCredentials | None = None


def fetch(request: Request, http_proxy: str) -> str:
    """Return the body of a 2xx answer. Permanent otherwise, with upstream's text for a status."""
    if request.oauth2:
        given = {**(request.headers or {}), "Authorization": f"Bearer {_token(request, request.oauth2, http_proxy)}"}
        request = replace(request, headers=given, oauth2=None)
    return _send(request, http_proxy)


def _token(request: Request, client: ClientCredentials, http_proxy: str) -> str:
    form = {"grant_type": "client_credentials", **({"scope": " ".join(client.scopes)} if client.scopes else {})}
    pair = f"{urllib.parse.quote_plus(client.client_id)}:{urllib.parse.quote_plus(client.client_secret)}"
    headers = {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urllib.parse.urlencode(form).encode()
    asked = Request(client.token_url, "POST", headers, body, request.timeout, request.insecure)
    try:
        return str(json.loads(_send(asked, http_proxy))["access_token"])
    except (KeyError, ValueError, TypeError) as error:
        raise Permanent("oauth2: server response missing access_token") from error


def _send(request: Request, http_proxy: str) -> str:
    scheme = urllib.parse.urlsplit(request.url).scheme
    if scheme not in ("http", "https"):
        raise Permanent(f'{request.method} "{request.url}": unsupported protocol scheme "{scheme}"')
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler({"http": http_proxy} if http_proxy else {})
    ]
    if request.insecure:
        handlers.append(urllib.request.HTTPSHandler(context=ssl._create_unverified_context()))
    try:
        made = urllib.request.Request(request.url, request.body, dict(request.headers or {}), method=request.method)
        with urllib.request.build_opener(*handlers).open(made, timeout=request.timeout) as answer:
            return str(answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        raise Permanent(f"received non 2xx response code: {error.code}") from error
    except (OSError, ValueError) as error:
        raise Permanent(f"{request.method} {request.url}: {error}") from error
