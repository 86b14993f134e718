# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The http resolver: a file at an address, with its digest and basic authentication.

Source: tektoncd/pipeline pkg/resolution/resolver/http/resolver.go, v1.15.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..._core import redact
from ..._core.errors import Permanent
from ..model.reference import Source
from . import web
from .resolver import Address, Context, Params, Resolved, Resolver, address, texts, wrong
from .settings import Settings, seconds

_USER, _SECRET, _KEY = "http-username", "http-password-secret", "http-password-secret-key"
_LENGTHS = {"sha256": 64, "sha512": 128}


def check(params: Mapping[str, Any], _settings: Settings) -> dict[str, str]:
    """Return the params. Source: PopulateDefaultParams."""
    given = texts(params)
    if "url" in given:
        _check_url(given["url"])
    for name, other in ((_USER, _SECRET), (_SECRET, _USER)):
        if name in given and other not in given:
            raise wrong(f"missing required param {other} when using {name}")
        if name in given and not given[name]:
            raise wrong(f"value {name} cannot be empty")
    if "url" not in given:
        raise wrong("missing required http resolver params: url")
    return given


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if not parts.scheme and not url.startswith("/"):
        raise wrong(f'cannot parse url {url}: parse "{url}": invalid URI for request')
    if parts.scheme not in ("http", "https"):
        raise wrong(f"url {url} is not a valid http(s) url")


def fetch(params: Params, context: Context) -> Resolved:
    """Return the file. Source: FetchHttpResource."""
    limit = seconds(context.settings.texts("http")["fetch-timeout"], "resolvers.http.fetch-timeout")
    context = context.within(limit)
    place = address(params["url"])
    answer = web.get(place.url, context, _headers(place, params, context))
    if answer.status != 200:
        raise Permanent(f"requested URL '{place.url}' is not found", hint=f"the server answered {answer.status}")
    if "digest" in params:
        _check_digest(params["digest"], answer.body)
    return Resolved(answer.body, Source(place.url, {"sha256": hashlib.sha256(answer.body).hexdigest()}))


def _headers(place: Address, params: Params, context: Context) -> dict[str, str]:
    """Return the login of the params, else that of the address."""
    user, password = place.username, place.password
    if params.get(_SECRET):
        user, password = params[_USER], context.secret_text(params[_SECRET], params.get(_KEY) or "password")
    if not password:
        return {}
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    redact.current.register(pair)
    return {"Authorization": f"Basic {pair}"}


def _check_digest(digest: str, body: bytes) -> None:
    """Source: validateDigest, compareSHA."""
    prefix = "error validating digest"
    algorithm, colon, value = digest.partition(":")
    if not colon:
        raise Permanent(f"{prefix}: invalid digest format: {digest}", hint="expected sha256:... or sha512:...")
    if algorithm not in _LENGTHS:
        raise Permanent(f"{prefix}: invalid digest algorithm: {algorithm}", hint="expected sha256 or sha512")
    wanted = _LENGTHS[algorithm]
    if len(value) != wanted:
        text = f"invalid {algorithm} digest value, expected length: {wanted}, got: {len(value)}"
        raise Permanent(f"{prefix}: {text}")
    found = hashlib.new(algorithm, body).hexdigest()
    if not hmac.compare_digest(found.encode(), value.lower().encode()):
        raise Permanent(f"{prefix}: sha mismatch, expected {value}, got {found}")


RESOLVER = Resolver("Http", check, fetch, pinned=lambda params: "digest" in params)
