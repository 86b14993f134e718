# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The cel interceptor: a filter that must be true, and overlays that become extensions.

Source: tektoncd/triggers pkg/interceptors/cel/cel.go (v0.37).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ..._core import gojson_scan
from ..._core.errors import Invalid
from ..._lang import cel, cel_collections
from .. import extensions as paths
from . import cel_functions
from .protocol import FAILED_PRECONDITION, INTERNAL, INVALID_ARGUMENT, Help, Request, Response, fail, passed

VARIABLES = {"body": cel.MAP, "header": cel.MAP, "extensions": cel.MAP, "requestURL": cel.STRING}
_SAFE = 2**53 - 1


def process(request: Request, help_: Help) -> Response:
    """Stop unless `filter` is true; put the value of every overlay at its dotted key into the extensions.

    All overlays see the event as it came, not each other; a later one wins. Numbers of the body are doubles.
    """
    context = request.context
    if context is None:
        return fail(INVALID_ARGUMENT, "no request context passed")
    try:
        data = variables(request)
    except Invalid as error:
        message = f"failed to parse the body as JSON: {error.message}"
        return fail(INVALID_ARGUMENT, f"error making the evaluation context: {message}")
    env = environment(context.namespace, help_)
    condition = request.params.get("filter") or ""
    try:
        if condition and env.evaluate(condition, data).plain is not True:
            return fail(FAILED_PRECONDITION, f"expression {condition} did not return true")
        return _overlaid(request, env, data)
    except Invalid as error:
        return fail(INVALID_ARGUMENT, f"error evaluating cel expression: {error.message}")


def variables(request: Request) -> dict[str, Any]:
    """Return what expressions may look at. Invalid when the body is no JSON object."""
    return {
        "body": gojson_scan.decode_object(request.body or b"{}", floats=True),
        "header": {name: list(values) for name, values in request.headers.items()},
        "extensions": dict(request.extensions),
        "requestURL": request.context.event_url if request.context else "",
    }


def environment(namespace: str, help_: Help) -> cel.Environment:
    """Return CEL with Tekton's functions; Secrets are those of the trigger's namespace."""
    own = cel_functions.functions(lambda reference: help_.secret(namespace, reference))
    return cel.Environment(VARIABLES, (*own, *cel_collections.FUNCTIONS))


def _overlaid(request: Request, env: cel.Environment, data: Mapping[str, Any]) -> Response:
    overlays = request.params.get("overlays") or []
    added: dict[str, Any] = {}
    for overlay in overlays:
        value = env.evaluate(str(overlay.get("expression") or ""), data)
        try:
            converted = as_json(value)
        except Invalid as error:
            return fail(INTERNAL, f"failed to convert overlay result to type: {error.message}")
        try:
            paths.put(added, str(overlay.get("key") or ""), converted)
        except Invalid as error:
            return fail(INTERNAL, f"failed to sjson for key '{overlay.get('key')}': {error.message}")
    return passed(added if overlays else None)


def as_json(value: cel.Value) -> Any:
    """Return a CEL value as JSON has it: bytes as base64, integers that a double cannot hold as text.

    Invalid for what upstream cannot convert: null, unsigned integers, times, types.
    """
    if value.type not in ("string", "bytes", "double", "int", "list", "map", "bool"):
        raise Invalid("", f"unsupported type conversion from '{value.type}' to JSON")
    return _json(value.plain)


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE:
        return str(value)
    return value
