# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The bitbucket interceptor. Source: tektoncd/triggers pkg/interceptors/bitbucket/bitbucket.go (v0.37)."""

from __future__ import annotations

from ..._core.errors import Invalid
from . import signatures
from .protocol import FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, Help, Request, Response, fail, passed


def process(request: Request, help_: Help) -> Response:
    """X-Event-Key must be among eventTypes; X-Hub-Signature must sign the body."""
    refused = signatures.event_type(request, request.header("X-Event-Key"))
    reference = request.params.get("secretRef")
    if refused or reference is None:
        return refused or passed()
    if not signatures.has_key(reference):
        return fail(FAILED_PRECONDITION, "bitbucket interceptor secretRef.secretKey is empty")
    signature = request.header("X-Hub-Signature")
    if not signature:
        return fail(INVALID_ARGUMENT, "no X-Hub-Signature header set")
    if request.context is None:
        return fail(INVALID_ARGUMENT, "no request context passed")
    try:
        secret = help_.secret(request.context.namespace, reference)
    except Invalid as error:
        return fail(INTERNAL, f"error getting secret: {error.message}")
    try:
        signatures.check(request.body, signature, secret)
    except Invalid as error:
        return fail(FAILED_PRECONDITION, error.message)
    return passed()
