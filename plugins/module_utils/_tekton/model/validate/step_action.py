# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""StepActions: an image, a program without params in its script, declared params, results, mounts given by params.

Source: tektoncd/pipeline pkg/apis/pipeline/v1beta1/stepaction_validation.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...decide.references import variables as variables_of
from . import names, params, references, results, scope, steps, variables
from .flags import ALPHA, Flags, gate
from .problem import Problem, Problems, at_index, invalid, via
from .read import Raw, entries, part, text, texts

_ONE_PARAM = "expect the Name to be a single param reference"


def step_action(flags: Flags, obj: Raw) -> Problems:
    """Check a StepAction. Source: StepAction.Validate."""
    found = via(names.metadata(part(obj, "metadata") or {}), "metadata")
    return found + via(_spec(flags, part(obj, "spec") or {}), "spec")


def _spec(flags: Flags, spec: Raw) -> Problems:
    declared = entries(spec, "params")
    found: Problems = () if text(spec, "image") else (steps.no_image(),)
    found += _script(flags, spec) + _usage(spec, declared)
    found += via(params.types(declared), "params") + params.once(declared) + params.formats(declared)
    found += references.step_results(spec)
    for index, result in enumerate(entries(spec, "results")):
        found += via(results.of_step(result), f"results[{index}]")
    return found + _mounts(entries(spec, "volumeMounts"), params.names(declared))


def _script(flags: Flags, spec: Raw) -> Problems:
    script = text(spec, "script")
    found: Problems = ()
    if script and texts(spec, "command"):
        found += (Problem("script cannot be used with command", ("script",)),)
    if script.strip().startswith("#!win"):
        found += via(gate(flags, "windows script support", ALPHA), "script")
    used, problem = variables_of(script, "params")
    if used or problem:
        message, hint = "param substitution in scripts is not allowed.", "give the param to env, and use the variable"
        found += (Problem(message, ("script",), hint=hint),)
    return found


def _usage(spec: Raw, declared: list[Raw]) -> Problems:
    """Check params where they are used. Sources: validateUsageOfDeclaredParameters, validateParameterVariables."""
    known = scope.of(declared)
    found = params.have_properties(declared)
    for path, value in _fields(spec):
        alone = path.startswith(("command", "args"))
        found += via(known.element(value) if alone else known.string(value), path)
    return found


def _fields(spec: Raw) -> Iterator[tuple[str, str]]:
    for name in ("image", "script"):
        yield name, text(spec, name)
    for name in ("command", "args"):
        for index, value in enumerate(texts(spec, name)):
            yield f"{name}[{index}]", value
    for entry in entries(spec, "env"):
        yield f"env{at_index(text(entry, 'name'))}", text(entry, "value")
    for index, mount in enumerate(entries(spec, "volumeMounts")):
        yield f"volumeMounts[{index}]", text(mount, "name")


def _mounts(mounts: list[Raw], declared: list[str]) -> Problems:
    """A StepAction knows no volumes: the Task that uses it names them by a param. Source: validateVolumeMounts."""
    found: Problems = ()
    for index, mount in enumerate(mounts):
        name, where = text(mount, "name"), f"volumeMounts[{index}]"
        used, _problem = variables_of(name, "params")
        if len(used) != 1 or not (name.startswith("$(") and name.endswith(")")):
            return (*found, *via((invalid(name, "name", _ONE_PARAM),), where))
        found += via(variables.unknown(name, "params", declared), where)
    return found
