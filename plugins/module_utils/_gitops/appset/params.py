# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Parameter sets: names made fit for Kubernetes, sets combined, values filled in.

Source: argo-cd v3.2 applicationset/utils/{map,utils}.go, applicationset/generators/value_interpolation.go.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from .render import Params, Style, replace

_FOREIGN = re.compile(r"[^-a-z0-9.]")
_LONGEST = 253


def sanitize(name: str) -> str:
    """Return a name that a Kubernetes object may have."""
    return _FOREIGN.sub("-", name.lower())[:_LONGEST].strip("-.")


def slugify(name: str, longest: int = 50, *, at_words: bool = False) -> str:
    """Return a name for a URL of at most `longest` characters; `at_words` cuts where a word ends."""
    plain = unicodedata.normalize("NFKD", sanitize(name)).encode("ascii", "ignore").decode()
    slug = re.sub(r"-+", "-", re.sub(r"[^a-z0-9_-]", "-", plain)).strip("-_")
    if len(slug) <= longest:
        return slug
    cut = slug.rfind("-", 0, longest + 1) if at_words else -1
    return slug[: cut if cut >= 0 else longest]


def text(value: Any) -> str:
    """Return a parameter's value as Go prints it in a flat set."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    return gojson.dumps(value)


def combine(left: Mapping[str, Any], right: Mapping[str, Any]) -> Params:
    """Return two flat sets as one. Invalid when a key has two values."""
    out = {key: text(value) for key, value in left.items()}
    for key, value in right.items():
        new = text(value)
        if out.get(key, new) != new:
            message = f"found duplicate key {key} with different value, a: {out[key]} ,b: {new}"
            raise Invalid("generators", message)
        out[key] = new
    return dict(out)


def override(base: Mapping[str, Any], over: Mapping[str, Any], style: Style) -> Params:
    """Return the base set with the values of another; nested ones are merged key by key, empty ones do not count."""
    if not style.go:
        return {key: text(value) for key, value in {**base, **over}.items()}
    return merged(base, over)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Params:
    """Return nested sets as one; what `over` says counts unless it is empty."""
    out = dict(base)
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = merged(out[key], value)
        elif value not in (None, "", [], {}, 0, False) or key not in out:
            out[key] = value
    return out


def with_values(values: Mapping[str, str] | None, params: Params, style: Style) -> Params:
    """Return the set with the generator's `values`, templated with the set as it was: values never see each other."""
    if not values:
        return params
    filled = {key: replace(value, params, style) for key, value in values.items()}
    if style.go:
        return {**params, "values": filled}
    return {**params, **{f"values.{key}": value for key, value in filled.items()}}


def flat(value: Any, prefix: str = "") -> Params:
    """Return nested data as dotted keys; lists count from 0, empty ones stay as they are."""
    items: list[tuple[str, Any]]
    if isinstance(value, Mapping) and (value or not prefix):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list) and value:
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return {prefix: value}
    out: Params = {}
    for key, item in items:
        out.update(flat(item, f"{prefix}.{key}" if prefix else key))
    return out
