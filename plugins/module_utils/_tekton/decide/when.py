# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When expressions: all must hold.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/when_types.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import substitution
from .substitution import Replacements


def replaced(expressions: Sequence[Mapping[str, Any]], given: Replacements) -> list[dict[str, Any]]:
    """Return the expressions with references replaced; an array in `input` becomes its JSON text, in `values` elements."""
    out = []
    for expression in expressions:
        entry = dict(expression)
        if "input" in entry:
            entry["input"] = _input(str(entry["input"]), given)
        if "values" in entry:
            entry["values"] = substitution.expand_all(entry["values"] or [], given)
        if "cel" in entry:
            entry["cel"] = substitution.text(str(entry["cel"]), given.strings)
        out.append(entry)
    return out


def _input(value: str, given: Replacements) -> str:
    found = substitution.array(value, given)
    return substitution.text(value, given.strings) if found is None else gojson.dumps(found)


def allows(expressions: Sequence[Mapping[str, Any]], evaluated: Mapping[str, bool] | None = None) -> bool:
    """Return whether the task may run. `evaluated` says for each text of a `cel` what it came to."""
    return all(_holds(expression, evaluated or {}) for expression in expressions)


def _holds(expression: Mapping[str, Any], evaluated: Mapping[str, bool]) -> bool:
    cel = expression.get("cel")
    if cel and not evaluated.get(str(cel), False):
        return False
    inside = expression.get("input", "") in (expression.get("values") or [])
    return inside if expression.get("operator") == "in" else not inside


def evaluate(expressions: Sequence[Mapping[str, Any]], cel: Callable[[str], object]) -> dict[str, bool]:
    """Return the values of the CEL texts, `cel` being the language. Invalid when one is not true or false.

    Source: pkg/reconciler/pipelinerun/resources/pipelinerunresolution.go (EvaluateCEL).
    """
    out: dict[str, bool] = {}
    for text in (str(one["cel"]) for one in expressions if one.get("cel")):
        value = cel(text)
        if not isinstance(value, bool):
            raise Invalid("when", f"The CEL expression {text} is not evaluated to a boolean")
        out[text] = value
    return out


def no_cel(text: str) -> object:
    """Stand for the language where it is not there."""
    raise Invalid("when", f"CEL is not evaluated yet: {text}", hint="write it with input, operator and values")


def texts(expression: Mapping[str, Any]) -> list[str]:
    """Return the texts of an expression that may hold references, in upstream's order."""
    found = [expression.get("input") or "", expression.get("cel") or "", *(expression.get("values") or [])]
    return [str(text) for text in found]
