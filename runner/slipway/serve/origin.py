# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of an event's proof of origin, so that it can be checked again at a replay.

A signature is no secret and is kept. GitLab's token is one: its digest is kept, and at a replay the Secret among
the project's manifests that has this digest stands in for it. So a replay is checked as the event itself was.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Iterable, Mapping

Headers = Mapping[str, list[str]]
_TOKEN = "X-Gitlab-Token"
_DIGEST = "digest:"
_DROPPED = frozenset({"Authorization", "Proxy-Authorization", "Cookie"})
_HIDDEN = frozenset(
    {_TOKEN, "X-Hub-Signature", "X-Hub-Signature-256", "X-Slack-Signature", "Webhook-Signature", *_DROPPED}
)


def kept(headers: Headers) -> dict[str, list[str]]:
    """Return the headers as they are kept once the event is handled: no secret among them."""
    out = {name: list(values) for name, values in headers.items() if name not in _DROPPED}
    if _TOKEN in out:
        out[_TOKEN] = [value if value.startswith(_DIGEST) else _digest(value) for value in out[_TOKEN]]
    return out


def restored(headers: Headers, secrets: Iterable[str]) -> Headers:
    """Return headers that `kept` made with their token, when that still is one of the project's secrets.

    Only for what comes out of the store a second time: a sender must not be able to show a digest for a token.
    """
    token = (headers.get(_TOKEN) or [""])[0]
    if not token.startswith(_DIGEST):
        return headers
    found = next((secret for secret in secrets if hmac.compare_digest(_digest(secret, token), token)), "")
    rest = {name: list(values) for name, values in headers.items() if name != _TOKEN}
    return {**rest, _TOKEN: [found]} if found else rest


def shown(headers: Headers) -> dict[str, list[str]]:
    """Return the headers for people: what proves the origin is masked."""
    return {name: ["********"] * len(values) if name in _HIDDEN else list(values) for name, values in headers.items()}


def _digest(token: str, like: str = "") -> str:
    """Return digest:SALT:HEX; with the salt of `like` when that is given."""
    salt = like.split(":")[1] if like.count(":") == 2 else f"{random.getrandbits(64):016x}"
    return f"{_DIGEST}{salt}:{hashlib.sha256(f'{salt}{token}'.encode()).hexdigest()}"
