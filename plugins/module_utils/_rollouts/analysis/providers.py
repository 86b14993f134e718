# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where measurements come from. Each provider returns the value and its text; errors are ours.

Source: argo-rollouts v1.9 metricproviders/webmetric/webmetric.go, metricproviders/prometheus/prometheus.go.
"""

from __future__ import annotations

import json
import math
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid, Permanent, Refused
from ..._lang import jsonpath

EXECUTED = ("web", "prometheus")


@dataclass(frozen=True, slots=True)
class Measured:
    """The value for the conditions and its text for the record."""

    value: Any
    text: str


def provider(metric: Mapping[str, Any]) -> str:
    """Return the name of the metric's provider. Invalid for none or several, Refused for one that is not executed."""
    names = list(metric.get("provider") or {})
    if len(names) != 1:
        raise Invalid(f"metrics.{metric.get('name')}.provider", "must be exactly one")
    if names[0] not in EXECUTED:
        raise Refused(f"metric provider {names[0]!r} is not executed yet", hint=f"executed: {', '.join(EXECUTED)}")
    return str(names[0])


def measure(metric: Mapping[str, Any], http_proxy: str) -> Measured:
    """Take one measurement. Permanent when it cannot be taken: the phase of the measurement is Error then."""
    name = provider(metric)
    spec = metric["provider"][name]
    return _web(spec, http_proxy) if name == "web" else _prometheus(spec, http_proxy)


def _web(spec: Mapping[str, Any], http_proxy: str) -> Measured:
    body: bytes | None = None
    headers = {entry["key"]: str(entry["value"]) for entry in spec.get("headers") or []}
    method = str(spec.get("method") or "GET").upper()
    if method == "GET" and (spec.get("body") or spec.get("jsonBody")):
        raise Invalid("provider.web.body", "cannot be sent with GET", hint="method: POST")
    if spec.get("jsonBody") is not None:
        body = json.dumps(spec["jsonBody"]).encode()
        headers.setdefault("Content-Type", "application/json")
    elif spec.get("body"):
        body = str(spec["body"]).encode()
    timeout = float(spec.get("timeoutSeconds") or 10)
    text = _fetch(str(spec["url"]), method, headers, body, timeout, http_proxy, bool(spec.get("insecure")))
    return _parsed(text, str(spec.get("jsonPath") or ""))


def _parsed(text: str, path: str) -> Measured:
    """The first value that the JSONPath finds; a body that is no JSON is a text when there is no path."""
    try:
        data = json.loads(text)
    except ValueError as error:
        if path:
            raise Permanent(f"Could not parse JSON body: {error}") from error
        return Measured(text, text)
    if not path:
        return Measured(data, gojson.dumps(data))
    try:
        found = jsonpath.find(path, data)
    except Invalid as error:
        raise Permanent(f"Could not find JSONPath in body: {error.message}") from error
    if not found:
        raise Permanent("Could not find JSONPath in body: no match")
    return Measured(found[0], gojson.dumps(found[0]))


def _prometheus(spec: Mapping[str, Any], http_proxy: str) -> Measured:
    if not spec.get("address"):
        raise Invalid("provider.prometheus.address", "is missing")
    if spec.get("rangeQuery"):
        raise Refused("provider.prometheus.rangeQuery is not executed yet", hint="use query alone")
    url = f"{str(spec['address']).rstrip('/')}/api/v1/query"
    body = urllib.parse.urlencode({"query": spec.get("query", "")}).encode()
    headers = {entry["key"]: str(entry["value"]) for entry in spec.get("headers") or []}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    text = _fetch(url, "POST", headers, body, float(spec.get("timeout") or 30), http_proxy, bool(spec.get("insecure")))
    data = json.loads(text).get("data") or {}
    return prometheus_value(data)


def prometheus_value(data: Mapping[str, Any]) -> Measured:
    """Return a scalar as a number, a vector as a list of numbers. Permanent for other types."""
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar" and result is not None:
        value = float(result[1])
        return Measured(value, _number(value))
    if kind == "vector" and result is not None:
        values = [float(series["value"][1]) for series in result]
        return Measured(values, "[" + ",".join(_number(value) for value in values) + "]")
    raise Permanent(f"Prometheus metric type not supported: {kind}")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return gojson.dumps(value)


def _fetch(
    url: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,
    http_proxy: str,
    insecure: bool,
) -> str:
    context = ssl._create_unverified_context() if insecure else None
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler({"http": http_proxy} if http_proxy else {})
    ]
    if context:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, body, dict(headers), method=method)
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
            return str(answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        raise Permanent(f"received non 2xx response code: {error.code}") from error
    except (OSError, ValueError) as error:
        raise Permanent(f"{method} {url}: {error}") from error
