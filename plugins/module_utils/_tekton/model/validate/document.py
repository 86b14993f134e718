# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The one question that the engine asks: would Tekton take this object? If not: file, line, field and what to do.

Knows how problems become words for a person; the rules themselves are in the neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...._core.errors import Invalid
from ...._core.yaml import Document
from . import pipeline, runs, shapes, task
from .flags import ENGINE, Flags
from .problem import Problem, Problems

_RULES: dict[str, Callable[[Flags, Mapping[str, Any]], Problems]] = {
    "Task": task.task,
    "Pipeline": pipeline.pipeline,
    "TaskRun": runs.task_run,
    "PipelineRun": runs.pipeline_run,
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
    path = locate(document.data, problem.at or next(iter(problem.paths), ""))
    several = f"fields: {', '.join(problem.paths)}" if len(problem.paths) > 1 and not problem.plain else ""
    hint = "; ".join(part for part in (problem.hint, problem.details.replace("\n", " "), several) if part)
    return Invalid(path, problem.plain or _sentence(problem.message), hint=hint, at=document.place(path))


def _sentence(message: str) -> str:
    """Upstream's messages stand before the path; behind one, 'invalid value' says nothing."""
    return message.removeprefix("invalid value: ")


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
