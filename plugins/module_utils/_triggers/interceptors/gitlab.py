# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The gitlab interceptor: event type, then the token or the signature.

Source: tektoncd/triggers pkg/interceptors/gitlab/gitlab.go (v0.37); signed hooks are GitLab's since 19.0 and not in
Tekton: docs.gitlab.com, user/project/integrations/webhooks, "signing token".
"""

from __future__ import annotations

import hmac
import time

from ..._core.errors import Invalid
from . import signatures, standard_webhooks
from .protocol import INVALID_ARGUMENT, Help, Request, Response, fail, passed

_RULE = signatures.Rule("gitlab", "X-Gitlab-Event", ("X-Gitlab-Token", standard_webhooks.SIGNATURE), "X-GitLab-Token")


def process(request: Request, help_: Help) -> Response:
    """X-Gitlab-Event must be among eventTypes. A secret `whsec_...` must sign the request (Standard Webhooks);
    any other must equal X-Gitlab-Token (compared in constant time)."""
    proof = signatures.proof(request, help_, _RULE)
    if isinstance(proof, Response):
        return proof
    if standard_webhooks.is_key(proof.secret):
        return _signed(request, proof.secret)
    token = request.header("X-Gitlab-Token")
    if not token:
        message = f"{standard_webhooks.SIGNATURE} is set, but the secret is no signing token (whsec_...)"
        return fail(INVALID_ARGUMENT, message)
    if not hmac.compare_digest(token.encode(), proof.secret):
        return fail(INVALID_ARGUMENT, "Invalid X-GitLab-Token")
    return passed()


def _signed(request: Request, key: bytes) -> Response:
    now = (request.context.received if request.context else 0.0) or time.time()
    try:
        standard_webhooks.check(request.body, request.header, key, now)
    except Invalid as error:
        return fail(INVALID_ARGUMENT, error.message)
    return passed()
