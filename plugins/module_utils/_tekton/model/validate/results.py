# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Declared results of tasks and of steps.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/result_validation.go, v1.15.
"""

from __future__ import annotations

import re

from ...decide.params import kind_of, typed
from . import names, params
from .problem import Problem, Problems, invalid, invalid_key, missing, quoted
from .read import Raw, given, text

_NAME_RULE = (
    "consist of alphanumeric characters, '-', '_', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my-name',  or 'my_name', regex used for validation is '{names.RESULT_FORMAT}')"
)
_STEP_RESULT = re.compile(r"\$\(steps\.(.*?)\.results\.(.*?)\)")
_FORM = "$(steps.<stepName>.results.<resultName>)"


def of_task(result: Raw) -> Problems:
    """Check a task's result. Source: TaskResult.Validate."""
    name, kind = text(result, "name"), text(result, "type")
    if not names.is_result(name):
        return (invalid_key(name, "name", f"Name must {_NAME_RULE}"),)
    found: Problems = ()
    if kind == "object":
        found += _object(result, "The")
    elif kind not in ("", "array", "string"):
        found += (invalid(kind, "type", "type must be string"),)
    return found + _value(result, name)


def of_step(result: Raw) -> Problems:
    """Check a step's result. Source: StepResult.Validate."""
    name, kind = text(result, "name"), text(result, "type")
    if not names.is_result(name):
        return (invalid_key(name, "name", f"Name must {_NAME_RULE}"),)
    if kind == "object":
        return _object(result, "the")
    return () if kind in ("", "array", "string") else (invalid(kind, "type", f"invalid type {kind}"),)


def _object(result: Raw, article: str) -> Problems:
    path = f"{text(result, 'name')}.properties"
    if not given(result, "properties"):
        return (missing(path),)
    wrong = [key for key, shape in params.properties(result).items() if shape != "string"]
    if not wrong:
        return ()
    shown = params.listed(wrong)
    message = f"{article} value type specified for these keys {shown} is invalid, the type must be string"
    return (Problem(message, (path,)),)


def _value(result: Raw, name: str) -> Problems:
    """A result may take its value from a step: nothing but $(steps.S.results.R)."""
    if not given(result, "value"):
        return ()
    value = typed(result["value"])
    if not isinstance(value, str):
        return (Problem(f'Invalid Type. Wanted string but got: "{kind_of(value)}"', (f"{name}.type",)),)
    return _step_result(value, f"{name}.value") if value else ()


def _step_result(value: str, path: str) -> Problems:
    match = _STEP_RESULT.search(value)
    if match is None:
        message = f"Could not extract step name and result name. Expected value to look like {_FORM} but got"
        return (Problem(f'{message} "{value}"', (path,)),)
    step, result = match.groups()
    found: Problems = ()
    if not names.is_label(step):
        details = f"stepName in {_FORM} must be a valid DNS Label, For more info refer to {names.HELP}"
        found += (Problem(f"invalid extracted step name {quoted(step)}", (path,), details),)
    if not names.is_result(result):
        details = f"resultName in {_FORM} must {_NAME_RULE}"
        found += (Problem(f"invalid extracted result name {quoted(result)}", (path,), details),)
    return found
