# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The github interceptor: event type, signature, then optionally the changed files or the owners' approval.

Source: tektoncd/triggers pkg/interceptors/github/github.go (v0.37).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid, Refused, SlipwayError
from . import github_payload, signatures
from .github_api import GitHub
from .github_owners import approved, has_ok_to_test
from .protocol import FAILED_PRECONDITION, INVALID_ARGUMENT, Help, Request, Response, fail, passed

_FORM = "form parameter encoding not supported, please change the hook to send JSON payloads"
_NO_CONTEXT = "no request context passed"
_NO_TOKEN = "checkType is set to check org or repo members but no personalAccessToken was supplied"


def process(request: Request, help_: Help) -> Response:
    """X-GitHub-Event must be among eventTypes; X-Hub-Signature-256 (or -Signature) must sign the body.

    With addChangedFiles the answer comes before the owners are looked at, as upstream.
    """
    if request.header("Content-Type") == "application/x-www-form-urlencoded":
        return fail(INVALID_ARGUMENT, _FORM)
    kind = request.header("X-Github-Event")
    refused = signatures.event_type(request, kind) or _signature(request, help_)
    if refused:
        return refused
    files, owners = request.params.get("addChangedFiles") or {}, request.params.get("githubOwners") or {}
    if files.get("enabled"):
        return _changed_files(request, help_, kind, files) if kind in ("pull_request", "push") else passed()
    if owners.get("enabled") and kind in ("pull_request", "issue_comment"):
        return _owners(request, help_, kind, owners)
    return passed()


def _signature(request: Request, help_: Help) -> Response | None:
    reference = request.params.get("secretRef")
    if reference is None:
        return None
    if not signatures.has_key(reference):
        return fail(FAILED_PRECONDITION, "github interceptor secretRef.secretKey is empty")
    signature = request.header("X-Hub-Signature-256") or request.header("X-Hub-Signature")
    if not signature:
        return fail(FAILED_PRECONDITION, "Must set X-Hub-Signature-256 or X-Hub-Signature header")
    if request.context is None:
        return fail(INVALID_ARGUMENT, _NO_CONTEXT)
    try:
        secret = help_.secret(request.context.namespace, reference)
    except Invalid as error:
        return fail(FAILED_PRECONDITION, f"error getting secret: {error.message}")
    try:
        signatures.check(request.body, signature, secret)
    except Invalid as error:
        return fail(FAILED_PRECONDITION, error.message)
    return None


def _token(request: Request, help_: Help, params: Mapping[str, Any], name: str) -> str:
    """Return the personal access token, or an empty text when none is named. Invalid when it cannot be had."""
    reference = params.get("personalAccessToken")
    if reference is None:
        return ""
    if not signatures.has_key(reference):
        raise Invalid("personalAccessToken", f"github interceptor {name}.secretKey is empty")
    if request.context is None:
        raise Invalid("context", _NO_CONTEXT)
    return help_.secret(request.context.namespace, reference).decode()


def _changed_files(request: Request, help_: Help, kind: str, params: Mapping[str, Any]) -> Response:
    if request.context is None:
        return fail(INVALID_ARGUMENT, _NO_CONTEXT)
    try:
        token = _token(request, help_, params, "githubToken")
    except Invalid as error:
        return fail(FAILED_PRECONDITION, f"error getting secret: {error.message}")
    try:
        change = github_payload.change(request.body, kind)
    except Invalid as error:
        return fail(FAILED_PRECONDITION, f"error parsing body: {error.message}")
    if kind != "pull_request":
        return passed({"changed_files": ",".join(change.files)})
    try:
        files = _api(request, help_, token).pull_request_files(change.owner, change.repository, change.number)
    except SlipwayError as error:
        return fail(FAILED_PRECONDITION, f"error getting changed files: {error.message}")
    return passed({"changed_files": ",".join(files)})


def _owners(request: Request, help_: Help, kind: str, params: Mapping[str, Any]) -> Response:
    try:
        token = _token(request, help_, params, "personalAccessToken")
    except Invalid as error:
        return fail(FAILED_PRECONDITION, f"error getting github token: {error.message}")
    check = str(params.get("checkType") or "")
    if not token and check != "none":
        return fail(FAILED_PRECONDITION, _NO_TOKEN)
    try:
        proposal = github_payload.proposal(request.body, kind)
    except Invalid as error:
        return fail(FAILED_PRECONDITION, f"error parsing body: {error.message}")
    try:
        allowed = approved(proposal, check, _api(request, help_, token))
    except SlipwayError as error:
        return fail(FAILED_PRECONDITION, f"error checking owner verification: {error.message}")
    if allowed and (kind == "pull_request" or has_ok_to_test(proposal.comment)):
        return passed()
    return fail(FAILED_PRECONDITION, "owners check requirements not met")


def _api(request: Request, help_: Help, token: str) -> GitHub:
    host = request.header("X-Github-Enterprise-Host")
    if host and host not in help_.enterprise_hosts:
        raise Refused(f"the GitHub Enterprise host {host!r} is not allowed")
    return GitHub(help_.fetch, token, host)
