# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Finds the references that a text holds, and says what is wrong with them.

Knows the spellings of references; must not know what they stand for. Problems are messages, "" for none.
Source: tektoncd/pipeline pkg/substitution/substitution.go, pkg/internal/resultref, pkg/apis/pipeline/v1/resultref.go, v1.15.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

_EXPRESSION = re.compile(r"\$\(([_a-zA-Z0-9.-]+(?:\[(?:[0-9]+|\*)\])?)\)")
_INDEX = re.compile(r"\[[0-9]+\]")
_ANY_INDEX = re.compile(r"\[[0-9]*\*?\]")
_INDEXED_PARAM = re.compile(
    r"\$\(params(?:\.[_a-zA-Z0-9.-]+|\['[_a-zA-Z0-9./-]+'\]|\[\"[_a-zA-Z0-9./-]+\"\])\[[0-9]+\]\)"
)
_TASK_FORMS = '1). "tasks.<taskName>.results.<resultName>"; 2). "tasks.<taskName>.results.<objectResultName>.<individualAttribute>"'
_STEP_FORMS = '{}). "steps.<stepName>.results.<resultName>"; {}). "steps.<stepName>.results.<objectResultName>.<individualAttribute>"'
_FORMS = {
    "tasks": f"must be one of the form {_TASK_FORMS}",
    "steps": f"must be one of the form {_STEP_FORMS.format(1, 2)}",
    "": f"must be one of the form {_TASK_FORMS}; {_STEP_FORMS.format(3, 4)}",
}


class NoResultReference(ValueError):
    """An expression that is no reference to a result; the message says which forms are."""


@dataclass(frozen=True, slots=True)
class ResultRef:
    """A reference to a result: `owner` is the task or step, `kind` string, array or object."""

    owner: str
    result: str
    kind: str = "string"
    index: int | None = None
    key: str = ""


def expressions(value: Any) -> list[str]:
    """Return what stands between `$(` and `)` in a text, a list of texts or the values of a map."""
    return [match for text in texts(value) for match in _EXPRESSION.findall(text)]


def texts(value: Any) -> Iterator[str]:
    """Yield every text inside a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def looks_like_task_result(expression: str) -> bool:
    """True for tasks.X.results.Y… and finally.X.results.Y…"""
    parts = expression.split(".")
    return len(parts) >= 4 and parts[0] in ("tasks", "finally") and parts[2] == "results"


def looks_like_step_result(expression: str) -> bool:
    """True for steps.X.results.Y…"""
    parts = expression.split(".")
    return len(parts) >= 4 and parts[0] == "steps" and parts[2] == "results"


def task_result(expression: str) -> ResultRef:
    """Return the reference to a task's result; NoResultReference for anything else."""
    if not looks_like_task_result(expression):
        raise NoResultReference(_FORMS["tasks"])
    return _result(expression)


def step_result(expression: str) -> ResultRef:
    """Return the reference to a step's result; NoResultReference for anything else."""
    if not looks_like_step_result(expression):
        raise NoResultReference(_FORMS["steps"])
    return _result(expression)


def _result(expression: str) -> ResultRef:
    parts = expression.split(".")
    if len(parts) == 5:
        return ResultRef(parts[1], parts[3], "object", key=parts[4])
    if len(parts) > 5:
        raise NoResultReference(_FORMS[""])
    name, index = result_name(parts[3])
    if not index:
        return ResultRef(parts[1], name)
    return ResultRef(parts[1], name, "array", None if index == "*" else int(index.rstrip("*")))


def result_name(text: str) -> tuple[str, str]:
    """Return the name of a result and its index: ("list", "1"), ("list", "*"), ("text", "")."""
    match = _ANY_INDEX.search(text)
    return trim_index(text), match[0][1:-1] if match else ""


def task_results(found: Collection[str]) -> list[ResultRef]:
    """Return the references to results of tasks among these expressions, in order."""
    out = []
    for expression in found:
        try:
            out.append(task_result(expression))
        except NoResultReference:
            continue
    return out


def trim_index(text: str) -> str:
    """Return `text` without [0] and [*]."""
    return _ANY_INDEX.sub("", text)


def index_text(text: str) -> str:
    """Return the first [number] of `text`, or nothing."""
    match = _INDEX.search(text)
    return match[0] if match else ""


def index(text: str) -> int:
    """Return the number in [number]; 0 when there is none."""
    inner = text.removeprefix("[").removesuffix("]")
    return int(inner) if inner.isdecimal() else 0


def indexed_params(text: str) -> list[str]:
    """Return the references to one element of an array param: $(params.list[1])."""
    return _INDEXED_PARAM.findall(text)


def strip_star(text: str) -> str:
    """Return what `$(target[*])` names: target."""
    return text.removeprefix("$(").removesuffix(")").removesuffix("[*]")


def array_param(text: str) -> str:
    """Return the name in `$(params.name[*])`."""
    return text.removeprefix("$(params.").removesuffix("[*])")


def matrix_context(value: Any) -> tuple[str, str]:
    """Return task and result that $(tasks.T.matrix.length) or $(tasks.T.matrix.R.length) names; empty for others."""
    for expression in expressions(value):
        parts = expression.split(".")
        if len(parts) == 4:
            return parts[1], ""
        if len(parts) == 5:
            return parts[1], parts[3]
    return "", ""


@dataclass(frozen=True, slots=True)
class Found:
    """One reference in a text: as it stands there, its variable without an object's key, and the variable in full."""

    reference: str
    name: str
    whole: str
    dotted: bool

    @property
    def deep(self) -> bool:
        """True when it has more parts than a name and a key, joined by dots."""
        return self.dotted and self.whole.count(".") > 1


@cache
def _below(prefix: str) -> re.Pattern[str]:
    name = r".*?(?:\[\*\])?"
    return re.compile(rf"\$\({prefix}(?:\.(?P<dot>{name})|\[\"(?P<double>{name})\"\]|\['(?P<single>{name})'\])\)")


def found(text: str, prefix: str) -> list[Found]:
    """Return the references below `prefix`, which is a regular expression as upstream has it (dots escaped)."""
    out = []
    for match in _below(prefix).finditer(text):
        whole = match["dot"] or match["double"] or match["single"] or ""
        name = match["dot"].split(".", maxsplit=1)[0] if match["dot"] else whole
        out.append(Found(match[0], name, whole, match["dot"] is not None))
    return out


def references(text: str, prefix: str) -> list[str]:
    """Return the whole `$(prefix…)` references of `text`; `prefix` is plain text."""
    return [one.reference for one in found(text, re.escape(prefix))]


def variables(text: str, prefix: str) -> tuple[list[str], str]:
    """Return the names referred to below `prefix`, and a problem: only two parts may follow the prefix.

    Of an object's key the object's name is returned. An invalid reference ends the list with empty names.
    """
    every = found(text, re.escape(prefix))
    good = next((index for index, one in enumerate(every) if one.deep), len(every))
    names = [one.name for one in every[:good]] + [""] * (len(every) - good)
    return names, too_deep(text, prefix) if good < len(every) else ""


def too_deep(text: str, prefix: str) -> str:
    """Say that a reference has too many parts."""
    return (
        f'Invalid referencing of parameters in "{text}"! '
        f'Only two dot-separated components after the prefix "{prefix}" are allowed.'
    )


def quoted(text: str) -> str:
    """Return `text` as Go's %q prints it."""
    return json.dumps(text, ensure_ascii=False)
