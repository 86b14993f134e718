# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When expressions: all must hold.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/when_types.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from . import substitution
from .substitution import Replacements


def replaced(expressions: Sequence[Mapping[str, Any]], given: Replacements) -> list[dict[str, Any]]:
    """Return the expressions with references replaced; an array in `input` becomes its JSON text, in `values` elements."""
    out = []
    for expression in expressions:
        entry = dict(expression)
        if "input" in entry:
            entry["input"] = substitution.text(str(entry["input"]), given.strings)
        if "values" in entry:
            entry["values"] = [part for item in entry["values"] or [] for part in substitution.expand(str(item), given)]
        if "cel" in entry:
            entry["cel"] = substitution.text(str(entry["cel"]), given.strings)
        out.append(entry)
    return out


def allows(expressions: Sequence[Mapping[str, Any]], evaluated: Mapping[str, bool] | None = None) -> bool:
    """Return whether the task may run. `evaluated` has the values of CEL texts; one that is not there is false."""
    return all(_holds(expression, evaluated or {}) for expression in expressions)


def _holds(expression: Mapping[str, Any], evaluated: Mapping[str, bool]) -> bool:
    if expression.get("cel"):
        return evaluated.get(str(expression["cel"]), False)
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
