# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""References in texts: which variables they name, and whether those may stand there.

`prefix` is a regular expression (its dots escaped), as upstream shows it in its messages.
Source: tektoncd/pipeline pkg/substitution/substitution.go, pkg/internal/resultref/resultref.go,
pkg/apis/pipeline/v1/{resultref,param_types}.go, internal/artifactref/artifactref.go, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...decide import references
from ...decide.params import Value, typed
from ...decide.references import Found, ResultRef, expressions, too_deep, trim_index
from .problem import Problem, Problems, quoted

STEP_RESULT = re.compile(r"\$\(steps\..*\.results\..*\)")
STEP_ARTIFACT = re.compile(r"\$\(steps\.[^.]+\.(?:inputs|outputs)\.[^.)]+\)|\$\(step\.artifacts\.path\)")
TASK_OUTPUT = re.compile(r"\$\(tasks\.[^.]+\.(?:inputs|outputs)\.[^.)]+\)")
TASK_ARTIFACT = re.compile(TASK_OUTPUT.pattern + r"|\$\(artifacts\.path\)")
_WHOLE = r"[_a-zA-Z0-9.-]+\[\*\]"


def _too_deep(value: str, prefix: str, found: Iterable[Found]) -> Problems:
    """Behind the prefix stand a name and at most one key, when they are joined by dots."""
    deep = next((one for one in found if one.deep), None)
    if deep is None:
        return ()
    plain = f"has too many parts in {deep.reference}"
    hint = "write names that have dots in brackets and quotes"
    return (Problem(too_deep(value, prefix), ("",), plain=plain, hint=hint),)


def _first(message: str, value: str, found: Iterable[Found], plain: str, hint: str = "") -> Problems:
    """Return one problem for the first of the references, if there is one."""
    one = next(iter(found), None)
    if one is None:
        return ()
    return (Problem(f"{message} in {quoted(value)}", ("",), plain=f"{plain}: {one.reference}", hint=hint),)


def unknown(value: str, prefix: str, names: Collection[str], *, detail: bool = False) -> Problems:
    """A reference to a variable that is none of `names`; the message names it with `detail`.

    Source: ValidateNoReferencesToUnknownVariables and its form WithDetail.
    """
    found = references.found(value, prefix)
    wrong = [one for one in found if trim_index(one.name) not in names]
    named = f" `{trim_index(wrong[0].name)}`" if wrong and detail else ""
    hint = f"known: {', '.join(sorted(names))}" if names else ""
    plain = "refers to something that does not exist"
    return _too_deep(value, prefix, found) or _first(f"non-existent variable{named}", value, wrong, plain, hint)


def prohibited(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to one of `names` as a whole or by key; an element by index is allowed."""
    found = references.found(value, prefix)
    wrong = [one for one in found if one.name.removesuffix("[*]") in names]
    return _too_deep(value, prefix, found) or _wrong_type(value, wrong)


def prohibited_whole(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to the whole of one of `names`; its keys and elements are allowed."""
    return _wrong_type(
        value, [one for one in references.found(value, prefix) if one.whole.removesuffix("[*]") in names]
    )


def _wrong_type(value: str, wrong: Iterable[Found]) -> Problems:
    return _first("variable type invalid", value, wrong, "uses a whole array or object where a text must be")


def isolated(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to one of `names` that is not the whole text: an array cannot be pasted into a text."""
    found = references.found(value, prefix)
    mixed = bool(found) and found[0].reference != value
    wrong = [one for one in found if mixed and one.name.removesuffix("[*]") in names]
    plain = "puts an array among other text"
    return _too_deep(value, prefix, found) or _first("variable is not properly isolated", value, wrong, plain)


def is_whole(value: str, prefix: str) -> bool:
    """True when the text is nothing but a reference to a whole array or object: $(params.x[*])."""
    whole = rf"""\$\({prefix}(?:\.{_WHOLE}|\["{_WHOLE}"\]|\['{_WHOLE}'\])\)"""
    return bool(re.fullmatch(whole, value))


def value_texts(value: Any) -> list[str]:
    """Return the texts of a param's value, whatever its type."""
    known: Value = typed(value)
    if isinstance(known, str):
        return [known]
    return list(known.values()) if isinstance(known, Mapping) else list(known)


def value_expressions(value: Any) -> list[str]:
    """Return the expressions in a param's value."""
    return [found for item in value_texts(value) for found in expressions(item)]


def when_expressions(expression: Mapping[str, Any]) -> list[str]:
    """Return the expressions in one entry of `when`."""
    values = expression.get("values")
    fields = [expression.get("cel"), expression.get("input"), *(values if isinstance(values, list) else [])]
    return [found for item in fields if isinstance(item, str) for found in expressions(item)]


def array_elements(found: Iterable[str]) -> set[str]:
    """Return the references to single elements of array params, such as $(params.list[1])."""
    return {match for item in found for match in references.indexed_params(item)}


def result_ref(expression: str) -> ResultRef | None:
    """Return the result of a pipeline task that an expression names; None for anything else."""
    try:
        return references.task_result(expression)
    except references.NoResultReference:
        return None
