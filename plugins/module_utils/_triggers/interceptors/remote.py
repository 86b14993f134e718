# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Interceptors that are services of their own: a ClusterInterceptor or Interceptor object says where.

Source: tektoncd/triggers pkg/interceptors/interceptors.go, Execute; pkg/apis/triggers/v1alpha1,
ResolveAddress (v0.37).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..._core import gojson, gojson_scan
from ..._core.errors import Invalid, Permanent
from .protocol import Call, Fetch, Request, Response

CORE_HOST = "tekton-triggers-core-interceptors"
_PORTS = {"https": 8443, "http": 80}


def address(interceptor: Mapping[str, Any]) -> str:
    """Return the URL of an interceptor object: its status, else its clientConfig. Invalid when it has none."""
    told = ((interceptor.get("status") or {}).get("address") or {}).get("url")
    config = (interceptor.get("spec") or {}).get("clientConfig") or {}
    if told or config.get("url"):
        return _text(told or config["url"])
    service = config.get("service")
    if not service:
        raise Invalid("spec.clientConfig", "interceptor URL was nil")
    scheme = "https" if config.get("caBundle") else "http"
    port = service.get("port") or _PORTS[scheme]
    path = str(service.get("path") or "").strip("/")
    return f"{scheme}://{service.get('name')}.{service.get('namespace')}.svc:{port}/{path}"


def _text(url: Any) -> str:
    """A URL is a text in YAML; tools that keep it in parts have Scheme, Host and Path."""
    if isinstance(url, Mapping):
        return f"{url.get('Scheme', 'http')}://{url.get('Host', '')}{url.get('Path', '')}"
    return str(url)


def is_core(interceptor: Mapping[str, Any]) -> bool:
    """Return whether an interceptor object stands for Tekton's own service, whose work is done in this process."""
    try:
        host = urlsplit(address(interceptor)).hostname or ""
    except Invalid:
        return False
    return host == CORE_HOST or host.startswith(f"{CORE_HOST}.")


def execute(url: str, request: Request, fetch: Fetch) -> Response:
    """Return the service's answer to the request. Permanent unless it is 200 with a JSON object."""
    body = gojson.dumps(_request(request)).encode()
    reply = fetch(Call("POST", url, {"Content-Type": ["application/json"]}, body))
    if reply.status != 200:
        raise Permanent(f"interceptor response was not 200: {reply.body.decode('utf-8', 'replace')}")
    return _response(gojson_scan.decode_object(reply.body))


def _request(request: Request) -> dict[str, Any]:
    out: dict[str, Any] = {
        "body": request.body.decode("utf-8", "replace"),
        "header": {name: list(values) for name, values in request.headers.items()},
        "extensions": dict(request.extensions),
        "interceptor_params": dict(request.params),
    }
    if request.context:
        context = request.context
        out["context"] = {
            "event_url": context.event_url,
            "event_id": context.event_id,
            "trigger_id": context.trigger_id,
        }
    return out


def _response(data: Mapping[str, Any]) -> Response:
    status = data.get("status") or {}
    return Response(
        proceed=bool(data.get("continue")),
        code=int(status.get("code") or 0),
        message=str(status.get("message") or ""),
        extensions=data.get("extensions"),
    )
