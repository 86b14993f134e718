# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Values out of an event: $(body...), $(header...), $(extensions...), $(context.eventID).

Source: tektoncd/triggers pkg/template/event.go and jsonpath.go (v0.37).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core import gojson
from .._core.errors import Invalid
from .._lang import jsonpath
from .event import Event, canonical


@dataclass(frozen=True, slots=True)
class Context:
    """What expressions may look at."""

    event: Event
    extensions: Mapping[str, Any]
    event_id: str


def expressions(text: str) -> list[str]:
    """Return the $(...) parts of a text; brackets inside count, so that filters may hold them."""
    found, index = [], 0
    while (start := text.find("$(", index)) >= 0:
        depth, end = 0, start + 1
        while end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
            if depth == 0:
                break
        if depth:
            break
        found.append(text[start:end])
        index = end
    return found


def params(specs: Sequence[Mapping[str, Any]], context: Context) -> dict[str, str]:
    """Return the value of every binding param. Invalid: a missing key, or two bindings that give one param."""
    out: dict[str, str] = {}
    for spec in specs:
        name = spec["name"]
        if name in out:
            raise Invalid(f"params.{name}", "is given by two bindings")
        value = str(spec.get("value", ""))
        for expression in expressions(value):
            value = value.replace(expression, _value(expression[2:-1], context))
        out[name] = value
    return out


def _value(expression: str, context: Context) -> str:
    if expression == "context.eventID":
        return context.event_id
    head = re.match(r"header(?:\.|\[['\"])([^'\"\]]+)", expression)
    if head:
        return _header(head[1], context)
    data = {"body": context.event.data(), "extensions": dict(context.extensions)}
    if expression == "header":
        data["header"] = {name: list(values) for name, values in context.event.headers.items()}
    return _text(_find(expression, data))


def _header(name: str, context: Context) -> str:
    values = context.event.headers.get(canonical(name))
    if not values:
        raise Invalid("header", f"{name} is not in the event")
    return _escaped(",".join(values))


def _find(expression: str, data: Any) -> list[Any]:
    try:
        return jsonpath.find(f"{{.{expression}}}", data)
    except Invalid as error:
        raise Invalid(
            "binding",
            f"$({expression}): {error.message}",
            hint="is it in the event? defaults belong to the TriggerTemplate",
        ) from error


def _text(found: list[Any]) -> str:
    """One text stays text, escaped for JSON; anything else is compact JSON with sorted keys; many matches are an array."""
    value: Any = found[0] if len(found) == 1 else found
    if isinstance(value, str):
        return _escaped(value)
    return gojson.dumps(value)


def _escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]
