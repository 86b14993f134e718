# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Values out of an event: $(body...), $(header...), $(extensions...), $(context.eventID).

Source: tektoncd/triggers pkg/template/event.go and jsonpath.go (v0.37).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core import gojson
from .._core.errors import Invalid
from .._lang import jsonpath
from .event import Event, canonical

_WRAPPED = re.compile(r"\$\(?[^)]+\)")
_PATH = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
_HEADER = "header."


@dataclass(frozen=True, slots=True)
class Expression:
    """One $(...) of a text: `original` as written, `text` with the header name in canonical form."""

    text: str
    original: str


@dataclass(frozen=True, slots=True)
class Context:
    """What expressions may look at."""

    event: Event
    extensions: Mapping[str, Any] = field(default_factory=dict)
    event_id: str = ""

    def data(self) -> dict[str, Any]:
        """Return the roots of the expressions; several values of a header are joined by a comma."""
        return {
            "header": {name: ",".join(values) for name, values in self.event.headers.items()},
            "body": self.event.data(),
            "extensions": dict(self.extensions),
            "context": {"eventID": self.event_id},
        }


def expressions(text: str) -> list[Expression]:
    """Return the $(...) parts of a text, in order; brackets inside count, so that filters may hold them."""
    found = []
    for part in text.split("$(")[1:]:
        end = _closing(part)
        if end is not None:
            raw = part[:end]
            name = _HEADER + canonical(raw[len(_HEADER) :]) if raw.startswith(_HEADER) else raw
            found.append(Expression(f"$({name})", f"$({raw})"))
    return found


def _closing(text: str) -> int | None:
    """Return where the bracket that was opened before the text is closed."""
    depth = 0
    for index, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            return index
    return None


def path(expression: str) -> str:
    """Return the JSONPath of $(...): $(body.a) is {.body.a}. Invalid when it is not wrapped in $()."""
    if not _WRAPPED.search(expression):
        raise Invalid("binding", "expression not wrapped in $()")
    return relaxed(expression.removeprefix("$(").removesuffix(")"))


def relaxed(text: str) -> str:
    """Return a JSONPath with its braces and leading dot, which may both be left out. Invalid for unbalanced braces."""
    if not text:
        return text
    found = _PATH.fullmatch(text)
    if found is None:
        raise Invalid(
            "binding",
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
        )
    return "{." + (found[1] or found[2]) + "}"


def value(data: Any, expression: str) -> str:
    """Return what an expression finds, ready to stand in JSON. Invalid for a mistake or a missing key.

    One text stays text, escaped but without quotes; anything else is compact JSON; several values are an array.
    """
    found = jsonpath.results(path(expression), data)
    return "".join(_text(values) for values in found)


def _text(found: list[Any]) -> str:
    if len(found) == 1 and isinstance(found[0], str):
        return gojson.dumps(found[0])[1:-1]
    return gojson.dumps(found[0] if len(found) == 1 else found)


def params(
    specs: Sequence[Mapping[str, Any]], context: Context, declared: Sequence[Mapping[str, Any]] = ()
) -> dict[str, str]:
    """Return the value of every binding param, and the defaults of the template params that have none.

    `declared` are the params of the TriggerTemplate: a default also stands in for an expression that finds nothing.
    Invalid for a body that is no JSON, or an expression that fails without a default.
    """
    data = context.data()
    out = {spec["name"]: str(spec["default"]) for spec in declared if spec.get("default") is not None}
    for spec in specs:
        name = str(spec["name"])
        out[name] = _filled(name, str(spec.get("value", "")), data, out.get(name))
    return out


def nulls(specs: Sequence[Mapping[str, Any]], context: Context, values: Mapping[str, str]) -> list[str]:
    """Return a sentence for each param whose value has the text null in it because the event has a null there.

    Tekton goes on with that text, as a push that deletes a branch shows: its checkout_sha is null.
    """
    suspects = [spec for spec in specs if "null" in values[str(spec["name"])]]
    data = context.data() if suspects else {}
    found = [(spec["name"], one) for spec in suspects for one in expressions(str(spec.get("value", "")))]
    return [f"param {name} is null: {one.original} is null in the event" for name, one in found if _null(one, data)]


def _null(expression: Expression, data: Any) -> bool:
    try:
        return jsonpath.results(path(expression.text), data) == [[None]]
    except Invalid:
        return False


def _filled(name: str, text: str, data: Any, default: str | None) -> str:
    filled = text
    for expression in expressions(text):
        try:
            found = value(data, expression.text)
        except Invalid as error:
            if default is None:
                raise Invalid(
                    f"params.{name}",
                    f"failed to replace JSONPath value for param {name}: {text}: {error.message}",
                    hint="is it in the event? defaults belong to the TriggerTemplate",
                ) from error
            found = default
        filled = filled.replace(expression.original, found)
    return filled
