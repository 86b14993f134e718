# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When expressions: all must hold.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/when_types.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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


def allows(expressions: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the task may run. `cel` must have been evaluated to `result` before."""
    return all(_holds(expression) for expression in expressions)


def _holds(expression: Mapping[str, Any]) -> bool:
    if expression.get("cel"):
        return bool(expression.get("result"))
    inside = expression.get("input", "") in (expression.get("values") or [])
    return inside if expression.get("operator") == "in" else not inside
