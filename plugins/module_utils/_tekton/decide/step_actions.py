# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""StepActions: a step that refers to one becomes a step of its own.

Pure; the StepAction has been found already. Source: tektoncd/pipeline pkg/reconciler/taskrun/resources/taskspec.go
(resolveStepRef), apply.go (applyStepActionParameters), validate_params.go, v1.15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import Invalid
from . import apply_task, params, references, substitution
from .params import Value
from .substitution import Replacements, spellings

_TAKEN = ("command", "args", "script", "volumeMounts", "results", "env")
_ALWAYS = ("image", "securityContext", "workingDir")
_INDEX_OF = r"\[([0-9]*\*?)\]\)"
_REASON = "TaskRunResolutionFailed"


def states(
    spec: Mapping[str, Any], before: Sequence[Mapping[str, Any]], sources: Mapping[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the step states of a TaskRun's status with where each StepAction came from, by position of its step.

    States that are there keep their place; a step without one gets it. Source: updateTaskRunProvenance.
    """
    out = [dict(state) for state in before]
    places = {state.get("name"): index for index, state in enumerate(out)}
    for position, step in enumerate(spec.get("steps") or []):
        provenance = {"refSource": sources[position]} if position in sources else {}
        place = places.get(step.get("name") or "")
        if place is None:
            name = apply_task.step_name(step, position).removeprefix("step-")
            out.append({"name": name, "provenance": provenance})
        else:
            out[place]["provenance"] = {**(out[place].get("provenance") or {}), **provenance}
    return out


def has_refs(spec: Mapping[str, Any]) -> bool:
    """True when a step of the Task refers to a StepAction."""
    return any(step.get("ref") is not None for step in spec.get("steps") or [])


def resolved(
    spec: Mapping[str, Any], given: Mapping[str, Any], actions: Mapping[str, Mapping[str, Any]], namespace: str
) -> list[dict[str, Any]]:
    """Return the steps of a Task, each `ref` replaced by the fields of its StepAction.

    `given` are the params of the TaskRun, `actions` the specs of the StepActions that were found, by name, `namespace` that
    of the run. Invalid names the step: an unknown StepAction, params that it does not have or lacks, defaults that cannot
    be resolved.
    """
    out = []
    for position, step in enumerate(spec.get("steps") or []):
        if step.get("ref") is None:
            out.append(dict(step))
            continue
        try:
            if not namespace:
                raise ValueError(
                    f"must specify namespace to resolve reference to step action {step['ref'].get('name', '')}"
                )
            out.append(_one(step, spec, given, actions))
        except ValueError as error:
            where = (
                f"failed to resolve step ref for step {references.quoted(step.get('name') or '')} (index {position})"
            )
            wrapped = Invalid(f"steps[{position}].ref", f"{where}: {error}")
            wrapped.reason = _REASON
            raise wrapped from error
    return out


def _one(
    step: Mapping[str, Any], spec: Mapping[str, Any], given: Mapping[str, Any], actions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    name = str(step["ref"].get("name") or "")
    if name not in actions:
        raise ValueError(f"StepAction {references.quoted(name)} is not given")
    action = actions[name]
    declared = [params.defaulted(entry) for entry in action.get("params") or []]
    _check_names(step.get("params") or [], declared)
    body = {key: value for key, value in action.items() if key not in ("params", "description", "displayName")}
    if body.get("results"):
        body["results"] = [params.defaulted(entry) for entry in body["results"]]
    body = apply_task.step(body, _replacements(body, spec, given, step.get("params") or [], declared))
    out = {key: value for key, value in step.items() if key not in ("ref", "params")}
    out.update({key: body[key] for key in _TAKEN if body.get(key)})
    for key in _ALWAYS:
        out.pop(key, None)
        if body.get(key):
            out[key] = body[key]
    return out


def _check_names(given: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]]) -> None:
    """Source: validateStepHasStepActionParameters."""
    names = {entry["name"] for entry in declared}
    extra = [entry["name"] for entry in given if entry["name"] not in names]
    if extra:
        raise ValueError(f"extra params passed by Step to StepAction: [{' '.join(extra)}]")
    there = {entry["name"] for entry in given}
    missing = [e["name"] for e in declared if e.get("default") is None and e["name"] not in there]
    if missing:
        raise ValueError(f"non-existent params in Step: [{' '.join(missing)}]")


def _replacements(
    body: Mapping[str, Any], spec: Mapping[str, Any], given: Mapping[str, Any],
    own: Sequence[Mapping[str, Any]], declared: Sequence[Mapping[str, Any]],
) -> Replacements:  # fmt: skip
    """The step's params over the StepAction's defaults, and references to results of earlier steps last."""
    listed = [{**entry, "value": params.typed(entry.get("value"))} for entry in own]
    passed = {e["name"]: e["value"] for e in apply_task.params(listed, _of_run(spec, given))}
    out = params.replacements(_values(passed, declared))
    results: dict[str, str] = {}
    for entry in declared:
        value = passed.get(entry["name"])
        if isinstance(value, str) and value.startswith("$(steps."):
            results.update(_of_result(entry, value, body))
    out = out.updated(Replacements(results))
    _check_kinds(out, passed, declared)
    return out


def _of_run(spec: Mapping[str, Any], given: Mapping[str, Any]) -> Replacements:
    """What params of the TaskRun mean, without refusing any: that is checked elsewhere."""
    declared = [params.defaulted(entry) for entry in spec.get("params") or []]
    return params.replacements(params.with_defaults(declared, given))


def _values(passed: Mapping[str, Value], declared: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Passed values and defaults; a default may use other params of the StepAction by name."""
    values = params.with_defaults(declared, passed)
    waiting = {
        entry["name"]
        for entry in declared
        if entry["name"] not in passed and "$(params." in str(values.get(entry["name"], ""))
    }
    while waiting:
        ready = [name for name in waiting if not set(_used(values[name])) & waiting]
        if not ready:
            raise ValueError("circular dependency detected in parameter references")
        for name in sorted(ready):
            for used in _used(values[name]):
                if used not in values:
                    raise ValueError(
                        f"parameter {references.quoted(name)} references non-existent parameter {references.quoted(used)}"
                    )
            others = {key: value for key, value in values.items() if key not in waiting}
            values[name] = substitution.whole(values[name], params.replacements(others))
        waiting -= set(ready)
    return values


def _used(value: Value) -> list[str]:
    if not isinstance(value, str):
        return []
    return [one.removeprefix("$(params.").removesuffix(")") for one in references.references(value, "params")]


def _of_result(declared: Mapping[str, Any], value: str, body: Mapping[str, Any]) -> dict[str, str]:
    """What references to a param become that was given a result of an earlier step: references to that result."""
    found = references.step_result(value.removeprefix("$(").removesuffix(")"))
    name, target = declared["name"], f"steps.{found.owner}.results.{found.result}"
    if declared["type"] == "object":
        return {f"params.{name}.{key}": f"$({target}.{key})" for key in declared.get("properties") or {}}
    if declared["type"] != "array":
        return dict.fromkeys((*spellings("params", name), f"inputs.params.{name}"), value)
    out = {f"{key}[*]": f"$({target}[*])" for key in (*spellings("params", name), f"inputs.params.{name}")}
    texts = [body.get("command"), body.get("args"), [entry.get("value") for entry in body.get("env") or []]]
    for key in spellings("params", name):
        for text in references.texts(texts):
            indexes = re.findall(re.escape(f"$({key}") + _INDEX_OF, text)
            out.update({f"{key}[{index}]": f"$({target}[{index}])" for index in indexes if index})
    return out


def _check_kinds(given: Replacements, passed: Mapping[str, Value], declared: Sequence[Mapping[str, Any]]) -> None:
    """A param that is text here and an array there has a default of another type than its value."""
    for entry in declared:
        default, value = entry.get("default"), passed.get(entry["name"])
        if default is None or value is None:
            continue
        kinds = {params.kind_of(params.typed(default)), params.kind_of(value)}
        if kinds == {"string", "array"}:
            raise ValueError(
                f"invalid parameter substitution: {entry['name']}. "
                "Please check the types of the default value and the passed value"
            )
