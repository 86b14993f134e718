# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The check of the gitlab interceptor alone, for a door that has a token but no EventListener.

Knows no HTTP server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .event import Event
from .interceptors import gitlab
from .interceptors.protocol import Help, Request, SecretOf, TriggerContext

_CONTEXT = TriggerContext(trigger_id="namespaces/default/triggers/door")
_REFERENCE = {"secretName": "door", "secretKey": "token"}


def gitlab_refusal(event: Event, token: str, event_types: Sequence[str] = ()) -> str:
    """Return why the gitlab interceptor would stop an event, or an empty text.

    `event_types` are values of X-Gitlab-Event; none allows all. Source: as interceptors/gitlab.py.
    """
    params: dict[str, Any] = {"secretRef": _REFERENCE, **({"eventTypes": list(event_types)} if event_types else {})}
    answer = gitlab.process(Request(event.body, event.headers, params, context=_CONTEXT), Help(_secret(token)))
    return "" if answer.proceed else answer.message


def _secret(token: str) -> SecretOf:
    def secret(_namespace: str, _reference: Mapping[str, Any]) -> bytes:
        return token.encode()

    return secret
