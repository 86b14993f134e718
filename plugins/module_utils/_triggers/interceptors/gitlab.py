# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The gitlab interceptor: event type and token. Source: tektoncd/triggers pkg/interceptors/gitlab/gitlab.go (v0.37)."""

from __future__ import annotations

import hmac

from ..._core.errors import Invalid
from . import signatures
from .protocol import FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, Help, Request, Response, fail, passed


def process(request: Request, help_: Help) -> Response:
    """X-Gitlab-Event must be among eventTypes; X-Gitlab-Token must equal the secret (compared in constant time)."""
    refused = signatures.event_type(request, request.header("X-Gitlab-Event"))
    reference = request.params.get("secretRef")
    if refused or reference is None:
        return refused or passed()
    if not signatures.has_key(reference):
        return fail(FAILED_PRECONDITION, "gitlab interceptor secretRef.secretKey is empty")
    token = request.header("X-Gitlab-Token")
    if not token:
        return fail(INVALID_ARGUMENT, "no X-GitLab-Token header set")
    if request.context is None:
        return fail(INVALID_ARGUMENT, "no request context passed")
    try:
        secret = help_.secret(request.context.namespace, reference)
    except Invalid as error:
        return fail(INTERNAL, f"error getting secret: {error.message}")
    if not hmac.compare_digest(token.encode(), secret):
        return fail(INVALID_ARGUMENT, "Invalid X-GitLab-Token")
    return passed()
