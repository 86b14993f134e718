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
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...decide.params import Value, typed
from .problem import Problem, Problems, quoted

_EXPRESSION = re.compile(r"\$\(([_a-zA-Z0-9.-]+(?:\.[_a-zA-Z0-9.-]+)*(?:\[(?:[0-9]+|\*)\])?)\)")
_INDEX = re.compile(r"\[[0-9]*\*?\]")
_ARRAY_ELEMENT = re.compile(
    r"""\$\(params(?:\.[_a-zA-Z0-9.-]+|\['[_a-zA-Z0-9.-/]+'\]|\["[_a-zA-Z0-9.-/]+"\])\[[0-9]+\]\)"""
)
STEP_RESULT = re.compile(r"\$\(steps\..*\.results\..*\)")
STEP_ARTIFACT = re.compile(r"\$\(steps\.[^.]+\.(?:inputs|outputs)\.[^.)]+\)|\$\(step\.artifacts\.path\)")
TASK_OUTPUT = re.compile(r"\$\(tasks\.[^.]+\.(?:inputs|outputs)\.[^.)]+\)")
TASK_ARTIFACT = re.compile(TASK_OUTPUT.pattern + r"|\$\(artifacts\.path\)")
_WHOLE = r"[_a-zA-Z0-9.-]+\[\*\]"


@cache
def _pattern(prefix: str, name: str = r".*?(?:\[\*\])?") -> re.Pattern[str]:
    return re.compile(rf"""\$\({prefix}(?:\.({name})|\["({name})"\]|\['({name})'\])\)""")


@dataclass(frozen=True, slots=True)
class _Found:
    """One reference in a text: as it stands there, its variable without an object key, and the variable in full."""

    reference: str
    name: str
    whole: str


def _references(value: str, prefix: str) -> list[_Found]:
    out = []
    for match in _pattern(prefix).finditer(value):
        dotted, double, single = match.groups()
        whole = dotted or double or single or ""
        name = dotted.split(".", maxsplit=1)[0] if dotted else whole
        out.append(_Found(match[0], name, whole))
    return out


def _too_deep(value: str, prefix: str, found: Iterable[_Found]) -> Problems:
    """Behind the prefix stand a name and at most one key, when they are joined by dots."""
    deep = next((one for one in found if one.whole.count(".") > 1 and f".{one.whole})" in one.reference), None)
    if deep is None:
        return ()
    message = (
        f'Invalid referencing of parameters in "{value}"! '
        f'Only two dot-separated components after the prefix "{prefix}" are allowed.'
    )
    plain = f"has too many parts in {deep.reference}"
    return (Problem(message, ("",), plain=plain, hint="write names that have dots in brackets and quotes"),)


def _first(message: str, value: str, found: Iterable[_Found], plain: str, hint: str = "") -> Problems:
    """Return one problem for the first of the references, if there is one."""
    one = next(iter(found), None)
    if one is None:
        return ()
    return (Problem(f"{message} in {quoted(value)}", ("",), plain=f"{plain}: {one.reference}", hint=hint),)


def unknown(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to a variable that is none of `names`."""
    found = _references(value, prefix)
    wrong = [one for one in found if _INDEX.sub("", one.name) not in names]
    hint = f"known: {', '.join(sorted(names))}" if names else ""
    plain = "refers to something that does not exist"
    return _too_deep(value, prefix, found) or _first("non-existent variable", value, wrong, plain, hint)


def prohibited(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to one of `names` as a whole or by key; an element by index is allowed."""
    found = _references(value, prefix)
    wrong = [one for one in found if one.name.removesuffix("[*]") in names]
    return _too_deep(value, prefix, found) or _wrong_type(value, wrong)


def prohibited_whole(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to the whole of one of `names`; its keys and elements are allowed."""
    return _wrong_type(value, [one for one in _references(value, prefix) if one.whole.removesuffix("[*]") in names])


def _wrong_type(value: str, wrong: Iterable[_Found]) -> Problems:
    return _first("variable type invalid", value, wrong, "uses a whole array or object where a text must be")


def isolated(value: str, prefix: str, names: Collection[str]) -> Problems:
    """A reference to one of `names` that is not the whole text: an array cannot be pasted into a text."""
    found = _references(value, prefix)
    mixed = bool(found) and found[0].reference != value
    wrong = [one for one in found if mixed and one.name.removesuffix("[*]") in names]
    plain = "puts an array among other text"
    return _too_deep(value, prefix, found) or _first("variable is not properly isolated", value, wrong, plain)


def is_whole(value: str, prefix: str) -> bool:
    """True when the text is nothing but a reference to a whole array or object: $(params.x[*])."""
    return bool(_pattern(prefix, _WHOLE).fullmatch(value))


def expressions(value: str) -> list[str]:
    """Return what stands between $( and ) in a text."""
    return _EXPRESSION.findall(value)


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
    return {match for item in found for match in _ARRAY_ELEMENT.findall(item)}


@dataclass(frozen=True, slots=True)
class ResultRef:
    """A result of a pipeline task; `group` is tasks or finally."""

    group: str
    task: str
    result: str


def looks_like_result(expression: str) -> bool:
    """True for tasks.T.results.R and finally.T.results.R, with anything behind."""
    parts = expression.split(".")
    return len(parts) >= 4 and parts[0] in ("tasks", "finally") and parts[2] == "results"


def result_ref(expression: str) -> ResultRef | None:
    """Return the result that an expression names: R, R[i], R[*] or R.key; None for anything else."""
    parts = expression.split(".")
    if not looks_like_result(expression) or len(parts) > 5:
        return None
    name = _INDEX.sub("", parts[3]) if len(parts) == 4 else parts[3]
    return ResultRef(parts[0], parts[1], name)


def result_refs(found: Iterable[str]) -> list[ResultRef]:
    """Return the results that expressions name; other expressions are left out."""
    return [ref for ref in map(result_ref, found) if ref is not None]
