# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The bitbucket interceptor. Source: tektoncd/triggers pkg/interceptors/bitbucket/bitbucket.go (v0.37)."""

from __future__ import annotations

from ..._core.errors import Invalid
from . import signatures
from .protocol import FAILED_PRECONDITION, Help, Request, Response, fail, passed

_RULE = signatures.Rule("bitbucket", "X-Event-Key", ("X-Hub-Signature",), "X-Hub-Signature")


def process(request: Request, help_: Help) -> Response:
    """X-Event-Key must be among eventTypes; X-Hub-Signature must sign the body."""
    proof = signatures.proof(request, help_, _RULE)
    if isinstance(proof, Response):
        return proof
    try:
        signatures.check(request.body, proof.given, proof.secret)
    except Invalid as error:
        return fail(FAILED_PRECONDITION, error.message)
    return passed()
