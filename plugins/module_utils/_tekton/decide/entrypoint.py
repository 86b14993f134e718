# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the entrypoint around a step's command does: how the step ends, what is left for the next one, what is replaced.

Rules only; starting, waiting and files are act's. Source: tektoncd/pipeline pkg/entrypoint/entrypointer.go,
pkg/internal/resultref, internal/artifactref, v1.15.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..._core import gojson
from ..._core.errors import Invalid
from . import when
from .params import Value
from .termination import Kind, Result

PREVIOUS_FAILED = "error file present, bail and skip the step"
NEGATIVE_TIMEOUT = "negative timeout specified"
_STEP_RESULT = re.compile(r"\$\(steps\..*?\.results\..*?\)")
_REFERENCE = re.compile(r"\$\(steps\.([^.]+)\.results\.([^.\[\])]+)(?:\[(\d+|\*)\])?(?:\.([^.)]+))?\)")
_VARIABLE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
_ARTIFACT = re.compile(r"\$\(steps\.([^.]+)\.(inputs|outputs)\.([^.)]+)\)")


class Reason(StrEnum):
    """Why a step's container ended, as status.steps[].terminationReason has it."""

    COMPLETED = "Completed"
    ERROR = "Error"
    SKIPPED = "Skipped"
    CONTINUED = "Continued"
    TIMEOUT = "TimeoutExceeded"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step's command ended: with an exit code; or with an error, out of time, cancelled, or not started at all.

    Beside an error, `exit_code` is only what is shown of it.
    """

    exit_code: int | None = None
    error: str = ""
    timed_out: bool = False
    cancelled: bool = False
    skipped: bool = False
    out_of_memory: bool = False

    @property
    def fine(self) -> bool:
        return self.exit_code == 0 and not (self.error or self.timed_out or self.cancelled)


@dataclass(frozen=True, slots=True)
class Record:
    """What is left of a step.

    `post` is what is appended to the name of the post file (None: no file is written, the next step waits on),
    `exit_code` the content of the file exitCode (None: none), `notes` go to the termination message.
    """

    reason: Reason
    post: str | None
    exit_code: str | None = None
    notes: tuple[Result, ...] = ()

    @property
    def goes_on(self) -> bool:
        """True when the next step runs."""
        return self.post == ""


def record(ended: Ended, *, on_error: str = "", breakpoint_on_failure: bool = False) -> Record:
    """Return what is left of a step whose command ended so. `on_error` continue counts for an exit code only."""
    if ended.skipped:
        return Record(Reason.SKIPPED, "", "0", (_note("Reason", Reason.SKIPPED),))
    if ended.cancelled:
        return Record(Reason.CANCELLED, ".err", "killed", (_note("Reason", Reason.CANCELLED),))
    if ended.timed_out:
        return Record(Reason.TIMEOUT, ".err", None, (_note("Reason", Reason.TIMEOUT),))
    if ended.fine:
        return Record(Reason.COMPLETED, "", "0")
    if breakpoint_on_failure:
        return Record(Reason.ERROR, None)
    if on_error == "continue" and ended.exit_code is not None and not ended.error:
        return Record(Reason.CONTINUED, "", str(ended.exit_code), (_note("ExitCode", str(ended.exit_code)),))
    return Record(Reason.ERROR, ".err")


def after_failed_wait(error: str, *, breakpoint_on_failure: bool = False) -> Record:
    """Return what is left of a step that never started: waiting for the one before failed with `error`."""
    notes = (_note("Reason", Reason.SKIPPED),) if error == PREVIOUS_FAILED else ()
    return Record(Reason.SKIPPED, None if breakpoint_on_failure else ".err", None, notes)


def _note(key: str, value: str) -> Result:
    return Result(key, str(value), Kind.INTERNAL)


def check_timeout(seconds: float) -> str:
    """Return why a step with this timeout is not started, an empty text when it is."""
    return NEGATIVE_TIMEOUT if seconds < 0 else ""


def written(names: Sequence[str], files: Mapping[str, str], kind: Kind) -> list[Result]:
    """Return the results of `names` that have a file, with its text verbatim."""
    return [Result(name, files[name], kind) for name in names if name and name in files]


def allowed(expressions: Sequence[Mapping[str, Any]], cel: Callable[[str], object]) -> bool:
    """Return whether a step may run by its when expressions. Invalid when a CEL text is not true or false."""
    return when.allows(expressions, when.evaluate(expressions, cel))


def value_of(text: str) -> Value:
    """Return a result's text as a value: JSON of a list or map of texts, or a JSON text; else itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, str):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [None]
    return value if all(isinstance(part, str) for part in parts) else text


Results = Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class _Found:
    text: str = ""
    array: tuple[str, ...] = ()


def _look_up(reference: str, results: Results) -> _Found:
    """Return the value of a reference to a step's result. Invalid when it is none, or the result is not there."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise Invalid("", f"invalid result reference expression: {reference}")
    step, name, index, key = match.groups()
    value = results.get(step, {}).get(name)
    if value is None:
        raise Invalid("", f"step {step} has no result {name}")
    if index == "*":
        return _Found(array=tuple(value) if isinstance(value, list) else ())
    if index is not None:
        return _Found(_element(value, int(index), reference))
    if key is not None:
        return _Found(value.get(key, "") if isinstance(value, dict) else "")
    return _Found(value if isinstance(value, str) else "")


def _element(value: Value, index: int, reference: str) -> str:
    if not isinstance(value, list) or index >= len(value):
        raise Invalid("", f"{reference} is out of bound")
    return value[index]


def replace_text(text: str, results: Results) -> str:
    """Return `text` (an environment value, an input or CEL of a when expression) with results of steps in it."""
    out = text
    for reference in _STEP_RESULT.findall(text):
        out = out.replace(reference, _look_up(reference, results).text)
    return out


def replace_words(words: Sequence[str], results: Results) -> list[str]:
    """Return words (command and args, values of a when expression) with results of steps in them.

    A whole array becomes several words, and must be a word of its own: Invalid otherwise.
    """
    return [part for word in words for part in _replace_word(word, results)]


def _replace_word(word: str, results: Results) -> list[str]:
    out = [word]
    for reference in _STEP_RESULT.findall(word):
        found = _look_up(reference, results)
        if not found.array:
            out[0] = out[0].replace(reference, found.text)
        elif word != reference:
            form = '"$(steps.<step-name>.results.<result-name>[*])"'
            raise Invalid("", f"value must be in {form} format, when using array results")
        else:
            out = list(found.array)
    return out


def replace_step(step: Mapping[str, Any], results: Results) -> dict[str, Any]:
    """Return a step with results of steps where it may have them: env, command, args and when, not the script."""
    out = dict(step)
    if step.get("env"):
        out["env"] = [
            {**one, "value": replace_text(str(one["value"]), results)} if one.get("value") else one
            for one in step["env"]
        ]
    for name in ("command", "args"):
        if step.get(name):
            out[name] = replace_words([str(word) for word in step[name]], results)
    if step.get("when"):
        out["when"] = replace_when(step["when"], results)
    return out


def replace_when(expressions: Sequence[Mapping[str, Any]], results: Results) -> list[dict[str, Any]]:
    """Return a step's when expressions with results of steps in them."""
    out: list[dict[str, Any]] = []
    for expression in expressions:
        entry = dict(expression)
        for name in ("input", "cel"):
            if entry.get(name):
                entry[name] = replace_text(str(entry[name]), results)
        if entry.get("values"):
            entry["values"] = replace_words([str(value) for value in entry["values"]], results)
        out.append(entry)
    return out


@dataclass(frozen=True, slots=True)
class ArtifactReference:
    """Names the artifacts of a step: `group` is inputs or outputs."""

    container: str
    group: str
    name: str


def artifact_reference(text: str) -> ArtifactReference:
    """Return what $(steps.S.outputs.N) or $(steps.S.inputs.N) names. Invalid when it is neither."""
    if not text:
        raise Invalid("", "template is empty")
    match = _ARTIFACT.fullmatch(text)
    if match is None:
        raise Invalid("", f"invalid artifact template {text}")
    return ArtifactReference(f"step-{match[1]}", match[2], match[3])


def artifacts_of(text: str) -> dict[str, Any]:
    """Return the artifacts in a step's provenance file. Invalid when it is no such JSON."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Invalid("", f"artifacts are no JSON: {error}") from error
    if not isinstance(data, dict):
        raise Invalid("", "artifacts are no JSON object")
    return {group: data[group] for group in ("inputs", "outputs") if data.get(group)}


Provenance = Callable[[str], str]


def artifact_values(reference: str, provenance: Provenance) -> str:
    """Return the JSON text of the values that a reference names. `provenance` gives a container's provenance file."""
    wanted = artifact_reference(reference)
    for artifact in artifacts_of(provenance(wanted.container)).get(wanted.group) or []:
        if artifact.get("name") == wanted.name:
            return gojson.dumps(artifact.get("values"))
    raise Invalid("", f"values for template {reference} not found")


def replace_artifacts(text: str, provenance: Provenance) -> str:
    """Return text (a word, a script, an environment value) with artifacts of steps in it."""
    out = text
    for match in _ARTIFACT.finditer(text):
        out = out.replace(match[0], artifact_values(match[0], provenance))
    return out


def replace_step_artifacts(step: Mapping[str, Any], provenance: Provenance) -> dict[str, Any]:
    """Return a step with artifacts of steps where it may have them: env, command, args and script."""
    out = dict(step)
    if step.get("env"):
        out["env"] = [
            {**one, "value": replace_artifacts(str(one["value"]), provenance)} if one.get("value") else one
            for one in step["env"]
        ]
    for name in ("command", "args"):
        if step.get(name):
            out[name] = [replace_artifacts(str(word), provenance) for word in step[name]]
    if step.get("script"):
        out["script"] = replace_artifacts(str(step["script"]), provenance)
    return out


def expand(word: str, env: Mapping[str, str]) -> str:
    """Return a word after Kubernetes' own expansion: $(VAR) of a known variable, $$ becomes $. Scripts are left alone."""

    def one(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else env.get(match[1], match[0])

    return _VARIABLE.sub(one, word)
