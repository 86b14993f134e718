# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What steps refer to: params that are declared, arrays and objects where they fit, context and results that exist.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/task_validation.go, v1.15. Upstream prefixes the paths of the first
steps again for every further step; the paths here are the plain ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...decide.params import kind
from . import params as declared
from . import variables
from .flags import Flags
from .problem import Problems, at_index, via
from .read import Raw, entries, text, texts

_CONTEXT = {
    r"context\.taskRun": ("name", "namespace", "uid"),
    r"context\.task": ("name", "retry-count"),
}


def of_params(flags: Flags, steps: Sequence[Raw], params: Sequence[Raw]) -> Problems:
    """Check declared params and where steps use arrays. Source: ValidateParameterVariables."""
    arrays = set(declared.names(params, "array"))
    found = declared.once(params) + via(declared.enums(flags, params), "params") + declared.formats(params)
    for index, step in enumerate(steps):
        found += via(_arrays(step, arrays), f"steps[{index}]")
    return found


def _arrays(step: Raw, arrays: Collection[str]) -> Problems:
    found: Problems = ()
    for path, value in _fields(step):
        alone = path.startswith(("command", "args"))
        check = variables.isolated if alone else variables.prohibited
        found += via(check(value, "params", arrays), path)
    return found


def declared_params(steps: Sequence[Raw], params: Sequence[Raw]) -> Problems:
    """Check that steps use only declared params and keys. Source: ValidateUsageOfDeclaredParameters."""
    objects = [param for param in params if kind(param) == "object"]
    found = known(steps, "params", set(declared.names(params)))
    for param in objects:
        prefix = r"params\." + text(param, "name")
        found += known(steps, prefix, set(declared.properties(param)))
    whole = {text(param, "name") for param in objects}
    for index, step in enumerate(steps):
        for path, value in _fields(step):
            found += via(variables.prohibited_whole(value, "params", whole), f"steps[{index}]", path)
    return found + declared.have_properties(params)


def context(steps: Sequence[Raw]) -> Problems:
    """Check the context variables in steps. Source: validateTaskContextVariables."""
    return tuple(found for prefix, names in _CONTEXT.items() for found in known(steps, prefix, names))


def results(steps: Sequence[Raw], names: Collection[str]) -> Problems:
    """Check that scripts write only declared results. Source: validateTaskResultsVariables."""
    found: Problems = ()
    for index, step in enumerate(steps):
        problems = variables.unknown(text(step, "script"), "results", names)
        found += via(problems, f"steps[{index}]", "script")
    return found


def step_results(step: Raw) -> Problems:
    """Check that a step's script writes only its declared step results. Source: ValidateStepResultsVariables."""
    names = {text(result, "name") for result in entries(step, "results")}
    return via(variables.unknown(text(step, "script"), "step.results", names), "script")


def known(steps: Sequence[Raw], prefix: str, names: Collection[str]) -> Problems:
    """Check that references with `prefix` name one of `names`. Source: validateVariables."""
    found: Problems = ()
    for index, step in enumerate(steps):
        for path, value in _fields(step, upper=True):
            found += via(variables.unknown(value, prefix, names), f"steps[{index}]", path)
        on_error = variables.unknown(text(step, "onError"), prefix, names)
        found += via(on_error, f"steps[{index}]", "onError")
    return found


def _fields(step: Raw, *, upper: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of the fields that may hold references; `upper` writes MountPath and SubPath as upstream."""
    for name in ("name", "image", "workingDir", "script"):
        yield name, text(step, name)
    for name in ("command", "args"):
        for index, value in enumerate(texts(step, name)):
            yield f"{name}[{index}]", value
    for entry in entries(step, "env"):
        yield f"env{at_index(text(entry, 'name'))}", text(entry, "value")
    for index, mount in enumerate(entries(step, "volumeMounts")):
        for name in ("name", "mountPath", "subPath"):
            shown = name[0].upper() + name[1:] if upper and name != "name" else name
            yield f"volumeMount[{index}].{shown}", text(mount, name)
