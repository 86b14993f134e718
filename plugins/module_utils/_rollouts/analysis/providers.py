# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where measurements come from. Each provider returns the value and its text; errors are ours.

Knows how a metric is fetched and read; must not know conditions, limits or schedules.
Source: argo-rollouts v1.10 metricproviders/webmetric/webmetric.go, metricproviders/prometheus/prometheus.go.
"""

from __future__ import annotations

import json
import math
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..._core import duration, gojson
from ..._core.errors import Invalid, Permanent, Refused
from ..._lang import jsonpath
from . import http
from .evaluate import eval_time

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
    if name == "web":
        return web_value(http.fetch(web_request(spec), http_proxy), str(spec.get("jsonPath") or ""))
    return prometheus_value(_prometheus(spec, http_proxy, datetime.now(UTC)))


def web_request(spec: Mapping[str, Any]) -> http.Request:
    """Return the request of a web metric. Permanent for a body that the method cannot carry, or two bodies."""
    method, text, data = str(spec.get("method") or "GET"), spec.get("body"), spec.get("jsonBody")
    if text and data is not None:
        raise Permanent("use either Body or JSONBody; both cannot exists for WebMetric payload")
    if (text or data is not None) and method == "GET":
        raise Permanent("Body/JSONBody can only be used with POST or PUT WebMetric Method types")
    headers = _headers(spec)
    if data is not None:
        headers["Content-Type"] = "application/json"
    body = json.dumps(data) if data is not None else text
    seconds = float(spec.get("timeoutSeconds") or 0)
    return http.Request(
        str(spec.get("url") or ""), method, headers, str(body).encode() if body else None,
        seconds if seconds > 0 else 10.0, bool(spec.get("insecure")), oauth2(spec),
    )  # fmt: skip


def oauth2(spec: Mapping[str, Any]) -> http.ClientCredentials | None:
    """Return the OAuth2 client of a provider, None without one. Permanent when a mandatory part is missing."""
    given = (spec.get("authentication") or {}).get("oauth2") or {}
    if not given.get("tokenUrl"):
        return None
    if not given.get("clientId") or not given.get("clientSecret"):
        raise Permanent("missing mandatory parameter in metric for OAuth2 setup", hint="clientId and clientSecret")
    scopes = tuple(given.get("scopes") or ())
    return http.ClientCredentials(given["tokenUrl"], given["clientId"], given["clientSecret"], scopes)


def web_value(text: str, path: str) -> Measured:
    """Return the first value that the JSONPath finds, as Go decodes it; a body that is no JSON is a text as it is."""
    try:
        data = json.loads(text, parse_int=float)
    except ValueError:
        return Measured(text, text)
    try:
        found = jsonpath.find(path or "{$}", data)
    except Invalid as error:
        raise Permanent(f"Could not find JSONPath in body: {error.message}") from error
    if not found:
        raise Permanent("result of web metric produced no value")
    return Measured(found[0], gojson.dumps(found[0]))


def _prometheus(spec: Mapping[str, Any], http_proxy: str, now: datetime) -> Mapping[str, Any]:
    if not spec.get("address"):
        raise Invalid("provider.prometheus.address", "is missing")
    query = {"query": str(spec.get("query", "")), **range_of(spec.get("rangeQuery"), now)}
    url = f"{str(spec['address']).rstrip('/')}/api/v1/query{'_range' if 'step' in query else ''}"
    headers = {**_headers(spec), "Content-Type": "application/x-www-form-urlencoded"}
    request = http.Request(
        url, "POST", headers, urllib.parse.urlencode(query).encode(), float(spec.get("timeout") or 30),
        bool(spec.get("insecure")), oauth2(spec),
    )  # fmt: skip
    answer: Mapping[str, Any] = json.loads(http.fetch(request, http_proxy)).get("data") or {}
    return answer


def range_of(spec: Mapping[str, Any] | None, now: datetime) -> dict[str, str]:
    """Return start, end and step of a range query, {} for an instant one. Permanent when one cannot be read."""
    if not spec:
        return {}
    try:
        start, end = (eval_time(str(spec.get(name) or ""), now).timestamp() for name in ("start", "end"))
        step = duration.parse_go(str(spec.get("step") or ""))
    except Invalid as error:
        raise Permanent(f"failed to parse rangeQuery as duration or time: {error.message}") from error
    return {"start": str(start), "end": str(end), "step": str(step)}


def _headers(spec: Mapping[str, Any]) -> dict[str, str]:
    return {str(entry["key"]): str(entry["value"]) for entry in spec.get("headers") or []}


def prometheus_value(data: Mapping[str, Any]) -> Measured:
    """Return a scalar as a number, a vector or matrix as a flat list of numbers. Permanent for other types."""
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar" and result is not None:
        value = float(result[1])
        return Measured(value, _number(value))
    if kind in ("vector", "matrix") and result is not None:
        samples = [sample for series in result for sample in (series.get("values") or [series["value"]])]
        values = [float(sample[1]) for sample in samples]
        return Measured(values, "[" + ",".join(_number(value) for value in values) + "]")
    raise Permanent(f"Prometheus metric type not supported: {kind}")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return gojson.dumps(value)
