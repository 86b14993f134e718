# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The slack interceptor: fields of a slash command become extensions, each as a list of its values.

The form comes as JSON (`form_as_json`), made from the event before the first interceptor.
Source: tektoncd/triggers pkg/interceptors/slack/slack.go and pkg/sink/sink.go (v0.37).
"""

from __future__ import annotations

from urllib.parse import parse_qs

from ..._core import gojson, gojson_scan
from ..._core.errors import Invalid
from ..event import Headers, first
from .protocol import INVALID_ARGUMENT, NOT_FOUND, Help, Request, Response, fail, passed

FORM = "application/x-www-form-urlencoded"
SIGNATURE = "X-Slack-Signature"


def process(request: Request, _help: Help) -> Response:
    """The event must be a form with Slack's signature header; every one of requestedFields must be in it."""
    if request.header("Content-Type") != FORM or not request.header(SIGNATURE):
        return fail(INVALID_ARGUMENT, f"missing header in payload: ContentType {FORM}")
    try:
        payload = gojson_scan.decode_object(request.body)
    except Invalid as error:
        return fail(INVALID_ARGUMENT, f"failed to unmarshl slack payload: {error.message}")
    fields = request.params.get("requestedFields")
    if fields is None:
        return fail(NOT_FOUND, "missing requested field definition")
    missing = [field for field in fields if field not in payload]
    if missing:  # upstream writes the whole payload here, with Slack's token in it
        return fail(NOT_FOUND, f"requested field does not exists in payload: {', '.join(missing)}")
    return passed({field: payload[field] for field in fields})


def form_as_json(body: bytes, headers: Headers) -> bytes:
    """Return the body of a Slack form as a JSON object of lists; any other body as it is."""
    if not first(headers, SIGNATURE) or not first(headers, "Content-Type").startswith(FORM):
        return body
    return gojson.dumps(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)).encode()
