# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""When expressions: an operator that exists, values, or an expression of CEL alone.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/when_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...._core.errors import Invalid, Permanent
from ...._lang import cel
from .flags import Flags
from .problem import Problems, generic, invalid, missing, quoted, via
from .read import Raw, text, texts
from .scope import Scope

OPERATORS = ("in", "notin")


def expressions(flags: Flags, whens: Sequence[Raw]) -> Problems:
    """Check the entries of `when`; paths start with when[i]. Source: WhenExpressions.validate."""
    return tuple(one for index, entry in enumerate(whens) for one in via(_entry(flags, entry), f"when[{index}]"))


def _entry(flags: Flags, entry: Raw) -> Problems:
    if text(entry, "cel"):
        return _cel(flags, entry)
    operator, values = text(entry, "operator"), texts(entry, "values")
    if not text(entry, "input") and not operator and not values:
        return (missing(""),)
    if operator not in OPERATORS:
        message = f"operator {quoted(operator)} is not recognized. valid operators: {','.join(OPERATORS)}"
        return (invalid(message, ""),)
    return () if values else (invalid("expecting non-empty values field", ""),)


def _cel(flags: Flags, entry: Raw) -> Problems:
    expression = text(entry, "cel")
    if not flags.cel_in_when:
        name = "enable-cel-in-whenexpression"
        return (generic(f"feature flag {name} should be set to true to use CEL: {expression} in WhenExpression", ""),)
    operator, values = text(entry, "operator"), texts(entry, "values")
    if text(entry, "input") or operator or values:
        shown = f"&{{{text(entry, 'input')} {operator} [{' '.join(values)}] {expression}}}"
        return (generic(f"cel and input+operator+values cannot be set in one WhenExpression: {shown}"),)
    wrong = mistake(expression)
    # Upstream's message is a format that is never filled in, and its arguments become the paths.
    return (generic("invalid cel expression: %s with err: %s", expression, wrong),) if wrong else ()


def mistake(expression: str) -> str:
    """Return why an expression does not compile; "" when it does, or when no CEL library is installed.

    No variable is declared: references to params must stand in quotes, they are replaced before CEL reads them.
    """
    try:
        cel.Environment({}).compiled(expression)
    except Permanent:
        return ""
    except Invalid as error:
        return error.message
    return ""


def references(whens: Sequence[Raw], scope: Scope) -> Problems:
    """Check the params in `when`. Source: WhenExpressions.validatePipelineParametersVariables."""
    found: Problems = ()
    for index, entry in enumerate(whens):
        found += via(scope.string(text(entry, "input")), f"when[{index}]", "input")
        for value in texts(entry, "values"):
            whole = value.removeprefix("$(params.").removesuffix("[*])") in scope.arrays
            check = scope.element if whole else scope.string
            found += via(check(value), f"when[{index}]", "values")
    return found
