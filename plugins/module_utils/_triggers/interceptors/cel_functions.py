# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The functions that Tekton adds to CEL.

Source: tektoncd/triggers pkg/interceptors/cel/triggers.go and docs/cel_expressions.md (v0.37).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..._core import gojson, gojson_scan, yaml
from ..._core.errors import Invalid
from ..._lang.cel import BOOL, DYN, INT, LIST, MAP, STRING, Function
from ..event import first


def functions(secret: Callable[[Mapping[str, Any]], bytes]) -> tuple[Function, ...]:
    """Return Tekton's functions; `secret(secretRef)` finds the value that compareSecret compares with."""

    def compare(text: str, key: str, name: str, *_namespace: str) -> bool:
        """Compared in constant time. The third name is upstream's older form, whose namespace it ignores too."""
        try:
            value = secret({"secretKey": key, "secretName": name})
        except Invalid as error:
            raise ValueError(
                f"failed to find secret '{name}' (key '{key}') in compareSecret: {error.message}"
            ) from None
        return hmac.compare_digest(text.encode(), value)

    return (
        *_FIXED,
        Function("compareSecret", (STRING, STRING, STRING), BOOL, compare),
        Function("compareSecret", (STRING, STRING, STRING, STRING), BOOL, compare),
    )


def _headers(value: dict[Any, Any]) -> dict[str, list[str]]:
    for values in value.values():
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise ValueError("failed to convert to http.Header: unsupported type conversion")
    return value


def _match(headers: dict[Any, Any], name: str, wanted: str) -> bool:
    return first(_headers(headers), name) == wanted


def _canonical(headers: dict[Any, Any], name: str) -> str:
    return first(_headers(headers), name)


def _truncate(text: str, length: int) -> str:
    """The length counts bytes, as in Go; a character that is cut in two is left out."""
    if length < 0:
        raise ValueError(f"truncate: slice bounds out of range [:{length}]")
    return text.encode()[:length].decode("utf-8", "ignore")


def _parse_json(text: str) -> dict[str, Any]:
    try:
        return gojson_scan.decode_object(text, floats=True)
    except Invalid as error:
        raise ValueError(f"failed to decode '{text}' in parseJSON: {error.message}") from None


def _parse_yaml(text: str) -> dict[str, Any]:
    try:
        documents = yaml.load_all(text)
    except Invalid as error:
        raise ValueError(f"failed to decode '{text}' in parseYAML: {error.message}") from None
    data = documents[0].data if documents else {}
    if not isinstance(data, dict):
        raise ValueError(
            f"failed to decode '{text}' in parseYAML: json: cannot unmarshal into map[string]interface {{}}"
        )
    return {key: _floats(item) for key, item in data.items()}


def _floats(value: Any) -> Any:
    """YAML comes to Go through JSON, so that its numbers are floats."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def parse_url(text: str) -> dict[str, Any]:
    """Return the parts of a URL: scheme, host (with port), path, rawQuery, fragment, query, queryStrings, auth."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise ValueError(f"failed to decode '{text}' in parseURL: {error}") from None
    values = parse_qs(url.query, keep_blank_values=True)
    auth, _, host = url.netloc.rpartition("@")
    out: dict[str, Any] = {
        "scheme": url.scheme,
        "host": host,
        "path": unquote(url.path),
        "rawQuery": url.query,
        "fragment": unquote(url.fragment),
        "queryStrings": values,
        "query": {name: ",".join(given) for name, given in values.items()},
    }
    if auth:
        user, _, password = auth.partition(":")
        out["auth"] = {"username": unquote(user), "password": unquote(password)}
    return out


def _translate(text: str, pattern: str, replacement: str) -> str:
    r"""Replace what a regular expression finds; $1 and ${name} stand for groups, as in Go."""
    try:
        expression = re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", pattern))
    except re.error as error:
        raise ValueError(f"failed to parse regular expression for translation: {error}") from None
    return expression.sub(lambda found: _GROUP.sub(lambda group: _group(found, group), replacement), text)


_GROUP = re.compile(r"\$(?:\{(\w+)\}|(\w+)|\$)")


def _group(found: re.Match[str], group: re.Match[str]) -> str:
    name = group[1] or group[2]
    if not name:
        return "$"
    try:
        return found[int(name) if name.isdigit() else name] or ""
    except IndexError:
        return ""


def _decode64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ValueError(f"failed to decode '{text}' in decodeB64: {error}") from None


def _end(index: int) -> Callable[[list[Any]], Any]:
    return lambda values: values[index] if values else None


_FIXED = (
    Function("match", (MAP, STRING, STRING), BOOL, _match),
    Function("canonical", (MAP, STRING), STRING, _canonical),
    Function("truncate", (STRING, INT), STRING, _truncate),
    Function("parseJSON", (STRING,), MAP, _parse_json),
    Function("parseYAML", (STRING,), MAP, _parse_yaml),
    Function("parseURL", (STRING,), MAP, parse_url),
    Function("marshalJSON", (MAP,), STRING, gojson.dumps),
    Function("marshalJSON", (LIST,), STRING, gojson.dumps),
    Function("first", (LIST,), DYN, _end(0)),
    Function("last", (LIST,), DYN, _end(-1)),
    Function("translate", (STRING, STRING, STRING), STRING, _translate),
    Function("decodeb64", (STRING,), STRING, _decode64),  # gone upstream since v0.11, still in people's files
)
