# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Values at dotted paths: overlays in the extensions, extensions in the body of an older webhook.

Source: tidwall/sjson v1.2 (SetRawBytes) as tektoncd/triggers uses it in pkg/interceptors/cel/cel.go and
pkg/sink/sink.go, extendBodyWithExtensions (v0.37).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from .._core import gojson, gojson_scan
from .._core.errors import Invalid


def put(target: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path of `target`; a backslash before a dot keeps it; numbers index arrays.

    Invalid for an empty path or one with a wildcard.
    """
    if not path:
        raise Invalid("key", "path cannot be empty")
    if re.search(r"(?<!\\)[*?#]", path):
        raise Invalid("key", "wildcard characters not allowed in path")
    parts = _split(path)
    holder: Any = target
    for part, following in itertools.pairwise(parts):
        inner = _get(holder, part)
        if not isinstance(inner, (dict, list)):
            inner = [] if following.isdigit() or following == "-1" else {}
            _set(holder, part, inner)
        holder = inner
    _set(holder, parts[-1], value)


def _split(path: str) -> list[str]:
    parts, part, escaped = [], "", False
    for char in path:
        if char == "." and not escaped:
            parts.append(part)
            part = ""
        elif char != "\\" or escaped:
            part += char
        escaped = char == "\\" and not escaped
    return [*parts, part]


def _get(holder: Any, part: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(part)
    return holder[int(part)] if part.isdigit() and int(part) < len(holder) else None


def _set(holder: Any, part: str, value: Any) -> None:
    if isinstance(holder, dict):
        holder[part] = value
        return
    if part == "-1":
        holder.append(value)
        return
    if not part.isdigit():
        raise Invalid("key", f"cannot set array element for non-numeric key '{part}'")
    holder.extend([None] * (int(part) + 1 - len(holder)))
    holder[int(part)] = value


def extend_body(body: bytes, extensions: Mapping[str, Any]) -> bytes:
    """Return the body with the extensions at its key `extensions`, as older webhooks get them.

    The bytes stay as they are when there are no extensions. Invalid when the body is no JSON object.
    """
    if not extensions:
        return body
    data = gojson_scan.decode_object(body or b"{}")
    for name, value in extensions.items():
        put(data, f"extensions.{name}", value)
    return gojson.dumps(data, sort=False).encode()
