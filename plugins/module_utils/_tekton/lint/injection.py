# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Values from outside that become part of a program: `$(params.x)` in a script is code, "$X" is a value.

Tekton puts the value into the text of the script before a shell reads it, so `; rm -rf /` in a param is a command.
The cure is the one that upstream recommends: an entry of env, and the variable in quotes.
Source: tektoncd/pipeline docs/tasks.md and issues 3226, 3458 (TEP-0099).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ..._core import yaml
from ..model.parse import Bundle
from . import program
from .finding import Finding, found
from .held import Held, Spec, steps, tasks

_OUTSIDE = re.compile(
    r"""\$\((?:
        (?:inputs\.)?params(?:\.[\w.-]+|\["[^"]+"\]|\['[^']+'\])
      | (?:tasks|steps|finally)\.[\w-]+\.(?:results|outputs)(?:\.[\w.-]+|\["[^"]+"\]|\['[^']+'\])
    )(?:\[(?:\d+|\*)\])?\)""",
    re.VERBOSE,
)
_WORDS = frozenset({"inputs", "params", "tasks", "steps", "finally", "results", "outputs"})
_TAKEN = frozenset({"PATH", "HOME", "IFS", "ENV", "USER", "SHELL", "PWD", "LANG", "TERM", "HOSTNAME", "PS1", "UID"})
_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh")
_PLAIN = re.compile(r"[\w.-]*")


def check(bundle: Bundle) -> Iterator[Finding]:
    """Yield a finding for each program that takes values from outside, with the whole step corrected."""
    harmless = {(id(task.document), task.path): _enums(task.spec) for task in tasks(bundle)}
    for step in steps(bundle):
        safe = harmless.get((id(step.document), step.path.rpartition(".")[0]), frozenset())
        for field, text in _programs(step.spec):
            references = [one for one in dict.fromkeys(_OUTSIDE.findall(text)) if one not in safe]
            if references:
                yield _finding(step, field, references)


def _enums(spec: Spec) -> frozenset[str]:
    """A param that can only be one of some plain words cannot carry a program."""
    plain = (
        param["name"]
        for param in spec.get("params") or []
        if param.get("enum") and all(_PLAIN.fullmatch(str(value)) for value in param["enum"])
    )
    return frozenset(f"$(params.{name})" for name in plain)


def _programs(step: Spec) -> Iterator[tuple[str, str]]:
    """Yield (field, text) of what a step runs as a program: its script, and the text behind `sh -c`."""
    if step.get("script"):
        yield "script", str(step["script"])
    words = [(f"command[{index}]", str(word)) for index, word in enumerate(step.get("command") or [])]
    words += [(f"args[{index}]", str(word)) for index, word in enumerate(step.get("args") or [])]
    if not words or words[0][1].rsplit("/", maxsplit=1)[-1] not in _SHELLS:
        return
    for (_field, word), (field, text) in pairwise(words[1:]):
        if re.fullmatch(r"-[a-z]*c", word):
            yield field, text
            return


def _finding(step: Held, field: str, references: list[str]) -> Finding:
    names = _names(references, step.spec.get("env") or [])
    said = ", ".join(references)
    message = f"puts {said} into a program: whoever sets the value can run commands; pass it through env"
    corrected = _corrected(step.spec, field, names)
    if corrected is None:
        message += f" ({', '.join(names.values())}), and read it there: it stands where no variable can"
    rewrite = yaml.dump([corrected]) if corrected is not None else ""
    return found("warning", "script-injection", step.document, f"{step.path}.{field}", message, rewrite)


def _names(references: list[str], env: list[Mapping[str, Any]]) -> dict[str, str]:
    """Return a variable for each reference: one that holds it already, or a name made of the reference's words."""
    there = {str(entry.get("value")): str(entry.get("name")) for entry in env}
    used = {str(entry.get("name")) for entry in env}
    out: dict[str, str] = {}
    for reference in references:
        name = there.get(reference) or _name(reference)
        while reference not in there and (name in used or name in out.values()):
            name += "_"
        out[reference] = name
    return out


def _name(reference: str) -> str:
    parts = [part for part in re.split(r"\W+", reference) if part and part not in _WORDS]
    name = "_".join(parts).upper()
    return f"PARAM_{name}" if name in _TAKEN or not name or name[0].isdigit() else name


def _corrected(step: Spec, field: str, names: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the step with env entries and variables; None when the program must be changed by a person."""
    name, _bracket, index = field.removesuffix("]").partition("[")
    text = str(step[name][int(index)] if index else step[name])
    changed = program.rewritten(text, names)
    if changed is None:
        return None
    known = {str(entry.get("value")) for entry in step.get("env") or []}
    new = [{"name": name, "value": reference} for reference, name in names.items() if reference not in known]
    env = [*(step.get("env") or []), *new]
    out: dict[str, Any] = {}
    for key, value in step.items():
        if key == name and "env" not in step:
            out["env"] = env
        out[key] = value
    out["env"] = env
    out[name] = [changed if str(at) == index else item for at, item in enumerate(step[name])] if index else changed
    return out
