# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a body is an event at all, and what an EventListener answers over HTTP.

Source: tektoncd/triggers pkg/sink/validate_payload.go and sink.go (v0.37).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core import gojson_scan
from .._core.errors import Invalid

ANNOTATION = "tekton.dev/payload-validation"
ACCEPTED, BAD_REQUEST = 202, 400


def validated(listener: Mapping[str, Any]) -> bool:
    """Return whether an EventListener wants only JSON objects: yes, unless its annotation says "false"."""
    return ((listener.get("metadata") or {}).get("annotations") or {}).get(ANNOTATION) != "false"


def problem(body: bytes) -> str:
    """Return why a body is no event, or an empty text."""
    try:
        gojson_scan.decode_object(body)
    except Invalid as error:
        return f"Invalid event body format : {error.message}"
    return ""


def status(listener: Mapping[str, Any], body: bytes) -> int:
    """Return the status of the answer, which comes before any trigger runs: 202, or 400 for what is no event."""
    return BAD_REQUEST if validated(listener) and problem(body) else ACCEPTED
