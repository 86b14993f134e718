# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What every interceptor takes and answers, and the two things it may ask for: a Secret, an HTTP call.

Source: tektoncd/triggers pkg/apis/triggers/v1beta1/interceptor_types.go and pkg/interceptors/interceptors.go (v0.37).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import Refused
from ..event import Headers, canonical_headers, first

INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, INTERNAL = 3, 5, 9, 13


@dataclass(frozen=True, slots=True)
class TriggerContext:
    """Which event reaches which trigger: `trigger_id` is namespaces/NAMESPACE/triggers/NAME.

    `received` is when the event came, in unix seconds (0: now).
    """

    event_url: str = ""
    event_id: str = ""
    trigger_id: str = ""
    received: float = 0.0

    @property
    def namespace(self) -> str:
        """The namespace where the trigger's Secrets are."""
        parts = self.trigger_id.split("/")
        return parts[1] if len(parts) == 4 and parts[0] == "namespaces" else ""


@dataclass(frozen=True, slots=True)
class Request:
    """What an interceptor sees of an event; header names are canonical."""

    body: bytes
    headers: Headers = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    context: TriggerContext | None = None

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return first(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """Whether the trigger goes on; why not (a gRPC code and a message); what is added to `extensions`."""

    proceed: bool
    code: int = 0
    message: str = ""
    extensions: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to be sent."""

    method: str
    url: str
    headers: Headers = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are canonical."""

    status: int
    headers: Headers = field(default_factory=dict)
    body: bytes = b""


SecretOf = Callable[[str, Mapping[str, Any]], bytes]
Fetch = Callable[[Call], Reply]


def no_network(call: Call) -> Reply:
    """Refuse the call: for places that must not reach out."""
    raise Refused(f"the interceptor needs to call {call.url}, and network calls are not allowed here")


@dataclass(frozen=True, slots=True)
class Help:
    """Where Secrets and answers come from. `secret(namespace, secretRef)` raises Invalid when there is none.

    `enterprise_hosts` are the GitHub servers that may get a token: the event's header names one, and anyone can
    write that header.
    """

    secret: SecretOf
    fetch: Fetch = no_network
    enterprise_hosts: tuple[str, ...] = ()


Interceptor = Callable[[Request, Help], Response]


def passed(extensions: Mapping[str, Any] | None = None) -> Response:
    """Return the answer that lets the trigger go on."""
    return Response(True, extensions=extensions)


def fail(code: int, message: str) -> Response:
    """Return the answer that stops the trigger."""
    return Response(False, code, message)


def params_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of an interceptor entry of a Trigger, as its implementation takes them.

    By reference (`ref` and `params`), an old webhook, or the older form with the interceptor's name as key.
    """
    webhook = entry.get("webhook")
    if webhook is not None:
        return {"objectRef": webhook.get("objectRef"), "header": webhook.get("header")}
    if entry.get("params") is not None:
        return {param["name"]: param.get("value") for param in entry["params"]}
    return dict(next((entry[name] for name in OLD_FORMS if entry.get(name) is not None), {}))


OLD_FORMS = ("github", "gitlab", "bitbucket", "cel")


def name_of(entry: Mapping[str, Any]) -> str:
    """Return the name of the interceptor that an entry asks for, or an empty text."""
    name = (entry.get("ref") or {}).get("name")
    return str(name or next((old for old in OLD_FORMS if entry.get(old) is not None), ""))


def canonical(headers: Headers) -> dict[str, list[str]]:
    """Return the headers under their canonical names, as the interceptors look them up."""
    return canonical_headers(headers)
