# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one question that the engine asks: would Tekton take this object? If not: file, line, field and what to do.

Knows how problems become words for a person; the rules themselves are in the neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...._core.errors import Invalid
from ...._core.yaml import Document
from . import pipeline, runs, shapes, step_action, task
from .flags import ENGINE, Flags
from .problem import Problem, Problems

_RULES: dict[str, Callable[[Flags, Mapping[str, Any]], Problems]] = {
    "Task": task.task,
    "Pipeline": pipeline.pipeline,
    "TaskRun": runs.task_run,
    "PipelineRun": runs.pipeline_run,
    "StepAction": step_action.step_action,
}
_PLAIN = {
    "missing field(s)": "is missing",
    "must not set the field(s)": "is not allowed here",
    "expected exactly one, got both": "is used twice",
}
_SEVERAL = {
    "expected exactly one, got neither": "needs exactly one of",
    "expected exactly one, got both": "takes only one of",
    "expected exactly one, got multiple": "takes only one of",
}
_PART = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")


def check(document: Document, flags: Flags = ENGINE) -> None:
    """Raise Invalid for the first mistake in one converted object.

    `flags` say what the Tekton in question has switched on; without them everything is, as in our own engine.
    """
    shapes.check(document)
    rules = _RULES.get(document.data["kind"])
    problem = next(iter(rules(flags, document.data)), None) if rules is not None else None
    if problem is not None:
        raise told(document, problem)


def told(document: Document, problem: Problem) -> Invalid:
    """Return a problem as an error for a person: the place in the file, upstream's message or a plainer one, a hint."""
    path, sentence = _said(problem)
    path = locate(document.data, path)
    hint = "; ".join(part for part in (problem.hint, problem.details.replace("\n", " ")) if part)
    return Invalid(path, sentence, hint=hint, at=document.place(path))


def _said(problem: Problem) -> tuple[str, str]:
    """Return the place and a sentence that fits behind it."""
    here = problem.at or next(iter(problem.paths), "")
    if problem.plain:
        return here, problem.plain
    if len(problem.paths) > 1 and problem.message in _SEVERAL:
        above, names = _together(problem.paths)
        return above, f"{_SEVERAL[problem.message]} {', '.join(names)}"
    # 'invalid value' stands before the path upstream; behind one it says nothing.
    return here, _PLAIN.get(problem.message, problem.message.removeprefix("invalid value: "))


def _together(paths: Sequence[str]) -> tuple[str, list[str]]:
    """Return what all paths have in common, and the rest of each."""
    parts = [path.split(".") for path in paths]
    shared = 0
    while all(len(one) > shared + 1 for one in parts) and len({one[shared] for one in parts}) == 1:
        shared += 1
    return ".".join(parts[0][:shared]), [".".join(one[shared:]) for one in parts]


def locate(data: Any, path: str) -> str:
    """Return `path` with numbers for keys: where upstream names a list's element, or spells a field in its own way."""
    out, here = "", data
    for name, key in _PART.findall(path):
        part, here = _step(here, name or key, bracket=not name)
        out += part if part.startswith("[") or not out else f".{part}"
    return out


def _step(here: Any, name: str, *, bracket: bool) -> tuple[str, Any]:
    if isinstance(here, Mapping):
        found = next((key for key in here if str(key).lower().rstrip("s") == name.lower().rstrip("s")), None)
        return (str(found), here[found]) if found is not None else (name, None)
    if isinstance(here, list):
        if name.isdigit():
            return f"[{name}]", here[int(name)] if int(name) < len(here) else None
        named = (index for index, entry in enumerate(here) if isinstance(entry, Mapping) and entry.get("name") == name)
        index = next(named, None)
        if index is not None:
            return f"[{index}]", here[index]
    return (f"[{name}]" if bracket else name), None
