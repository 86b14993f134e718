# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A trigger's interceptors, one after the other, each with what the ones before it added.

Source: tektoncd/triggers pkg/sink/sink.go, ExecuteInterceptors (v0.37).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import Invalid
from .event import Headers, canonical_headers
from .extensions import extend_body
from .interceptors import bitbucket, cel, github, gitlab, remote, slack, webhook
from .interceptors.protocol import (
    Help,
    Interceptor,
    Request,
    Response,
    TriggerContext,
    name_of,
    params_of,
)
from .objects import Objects, missing

BUILTIN: Mapping[str, Interceptor] = {
    "bitbucket": bitbucket.process,
    "cel": cel.process,
    "github": github.process,
    "gitlab": gitlab.process,
    "slack": slack.process,
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Where an event is in the chain: webhooks replace body and headers, the others add extensions."""

    body: bytes
    headers: Headers
    extensions: Mapping[str, Any] = field(default_factory=dict)
    stopped: Response | None = None


def run(
    interceptors: Sequence[Mapping[str, Any]], start: Passage, context: TriggerContext, objects: Objects, help_: Help
) -> Passage:
    """Return the event after all interceptors, or after the one that stopped it (`stopped` says why).

    An extension replaces an earlier one of the same name. Temporary or Permanent when a service does not answer.
    """
    now = start
    if interceptors:
        now = Passage(slack.form_as_json(now.body, now.headers), now.headers, dict(now.extensions))
    for entry in interceptors:
        now = (
            _webhook(entry, now, context, help_) if entry.get("webhook") else _one(entry, now, context, objects, help_)
        )
        if now.stopped:
            break
    return now


def _webhook(entry: Mapping[str, Any], now: Passage, context: TriggerContext, help_: Help) -> Passage:
    reply = webhook.send(
        entry["webhook"],
        extend_body(now.body, now.extensions),
        now.headers,
        url=context.event_url,
        namespace=context.namespace,
        fetch=help_.fetch,
    )
    return Passage(reply.body, canonical_headers(reply.headers), now.extensions)


def _one(entry: Mapping[str, Any], now: Passage, context: TriggerContext, objects: Objects, help_: Help) -> Passage:
    request = Request(now.body, canonical_headers(now.headers), params_of(entry), now.extensions, context)
    response = _answer(entry, request, objects, help_)
    if not response.proceed:
        return Passage(now.body, now.headers, now.extensions, stopped=response)
    return Passage(now.body, now.headers, {**now.extensions, **(response.extensions or {})})


def _answer(entry: Mapping[str, Any], request: Request, objects: Objects, help_: Help) -> Response:
    name = name_of(entry)
    kind = str((entry.get("ref") or {}).get("kind") or "ClusterInterceptor")
    kind = "Interceptor" if kind == "NamespacedInterceptor" else kind
    found = objects.get(kind, objects.home, name)
    if found is not None and not remote.is_core(found):
        return remote.execute(remote.address(found), request, help_.fetch)
    if name not in BUILTIN:
        raise Invalid(
            "interceptors",
            f"url resolution failed for interceptor {name} with: {missing(kind, name)}",
            hint=f"built in: {', '.join(sorted(BUILTIN))}; give the {kind} of any other",
        )
    return BUILTIN[name](request, help_)
