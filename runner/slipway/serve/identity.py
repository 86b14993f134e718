# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes two requests the same delivery.

Knows the headers of the Git hosts; must not know the store.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SIGNED = ("Webhook-Id", "Webhook-Timestamp")
_PLAIN = (
    "X-Gitlab-Webhook-Uuid",
    "X-Gitlab-Event-Uuid",
    "Idempotency-Key",
    "Webhook-Id",
    "X-Github-Delivery",
    "X-Request-Uuid",
    "X-Slack-Signature",
)
_SAYS_WHEN = ("X-Gitlab-Webhook-Uuid", "X-Gitlab-Event-Uuid", *SIGNED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """`key` is equal for exact repetitions only; empty when the sender gives no id.

    `id` is what the sender calls it. `distinct`: a redelivery that somebody asked for has another key (GitLab
    sends a new UUID, and a new timestamp when it signs); GitHub and Bitbucket send the very same request again.
    """

    id: str
    key: bytes
    distinct: bool


def new_id(now: Callable[[], int] = time.time_ns) -> str:
    """Return an id that grows with time (UUID version 7, RFC 9562): the index of ids is written at its end only."""
    # No secret: os.urandom would hand the interpreter to another thread for each event.
    chance = random.getrandbits(80)
    tail = 0x8000_0000_0000_0000 | chance & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{now() // 1_000_000:012x}7{chance >> 68:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


UNKNOWN = Delivery("", b"", True)


def delivery(project: str, headers: Mapping[str, list[str]], body: bytes) -> Delivery:
    """Return what identifies the delivery: the sender's ids and the body together.

    GitLab's X-Gitlab-Event-UUID alone does not: all hooks that one push causes share it. A signed request is known
    by what the signature covers, so that a replay with a changed header is still the same.
    """
    names = SIGNED if "Webhook-Signature" in headers else _PLAIN
    given = [(name, headers[name][0]) for name in names if headers.get(name)]
    if not given:
        return UNKNOWN
    digest = hashlib.sha256(body)
    digest.update(repr((project, given)).encode())
    found = dict(given)
    first = next((found[name] for name in ("Idempotency-Key", *names) if name in found), "")
    return Delivery(first, digest.digest()[:16], any(name in found for name in _SAYS_WHEN))
