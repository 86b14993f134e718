# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Says in which order the tasks of a pipeline would run, and why each one waits.

Pure; knows the pipeline's spec, not its run. The edges themselves are dag's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import dag, references

_RESULT = re.compile(r"\$\(tasks\.([^.()\[\]]+)\.(?:results(?:\.|\[')([^.()\[\]']+)|(matrix|outputs)\b)")


@dataclass(frozen=True, slots=True)
class Row:
    """One task. `after` are the tasks it waits for, `why` the reasons in words, `runs` what it executes."""

    wave: int
    task: str
    after: list[str]
    why: list[str]
    when: list[str]
    runs: str
    final: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the keys of a plan."""
        return asdict(self)


def rows(spec: Mapping[str, Any]) -> list[Row]:
    """Return the tasks of a pipeline in waves, then the finally tasks."""
    tasks = {str(task["name"]): task for task in spec.get("tasks") or []}
    before = dag.edges(list(tasks.values()))
    waves = dag.order(list(tasks.values()))
    out = [
        Row(number, name, before[name], _why(tasks[name], before[name]), _when(tasks[name]), _runs(tasks[name]))
        for number, wave in enumerate(waves)
        for name in wave
    ]
    return out + [_final(task, len(waves)) for task in spec.get("finally") or []]


def _final(task: Mapping[str, Any], wave: int) -> Row:
    used = [f"uses {what}" for what in _uses(task)]
    return Row(wave, str(task["name"]), ["all tasks"], ["finally", *used], _when(task), _runs(task), final=True)


def _why(task: Mapping[str, Any], before: Sequence[str]) -> list[str]:
    after = [f"runAfter {name}" for name in task.get("runAfter") or [] if name in before]
    return after + [f"uses {what}" for what in _uses(task)]


def _uses(task: Mapping[str, Any]) -> list[str]:
    """Return what the task takes of other tasks, with the field that takes it, each once."""
    found = []
    for field, value in _fields(task):
        for text in references.texts(value):
            for other, result, whole in _RESULT.findall(text):
                what = f"result {result} of {other}" if result else f"{whole} of {other}"
                found.append(f"{what} in {field}")
    return list(dict.fromkeys(found))


def _fields(task: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for entry in task.get("params") or []:
        yield f"params.{entry.get('name')}", entry.get("value")
    yield "matrix", task.get("matrix")
    yield "when", task.get("when")
    inline = task.get("taskSpec") or {}
    yield "taskSpec", [inline.get("steps"), inline.get("sidecars")]


def _when(task: Mapping[str, Any]) -> list[str]:
    return [_expression(one) for one in task.get("when") or []]


def _expression(one: Mapping[str, Any]) -> str:
    if one.get("cel"):
        return str(one["cel"])
    values = ", ".join(str(value) for value in one.get("values") or [])
    return f"{one.get('input', '')!s} {one.get('operator', '')} [{values}]"


def _runs(task: Mapping[str, Any]) -> str:
    names = [str(entry["name"]) for entry in (task.get("matrix") or {}).get("params") or []]
    return _target(task) + (f", matrix over {', '.join(names)}" if names else "")


def _target(task: Mapping[str, Any]) -> str:
    for field, kind in (("taskRef", "Task"), ("pipelineRef", "Pipeline")):
        reference = task.get(field)
        if reference:
            named = f"{reference.get('kind') or kind} {reference.get('name', '')}".strip()
            return f"{kind} by {reference['resolver']}" if reference.get("resolver") else named
    return "inline pipeline" if task.get("pipelineSpec") else "inline task"
