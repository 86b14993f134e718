# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Params that a run hands down into inline specs: what the steps there may use.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/{taskrun,pipelinerun}_validation.go (validateInlineParameters), v1.15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...decide.params import kind, kind_of, typed
from . import params, pipeline, references
from .flags import Flags
from .problem import Problems, missing, via
from .read import Raw, entries, given, part, text


@dataclass(slots=True)
class Known:
    """Params by name as if they were declared, growing from the outer spec to the inner ones."""

    specs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def give(self, values: Iterable[Raw]) -> None:
        """Add values: each declares a param of its type; keys of an object that is known are added to it."""
        for param in values:
            name, value = text(param, "name"), typed(param.get("value"))
            if name not in self.specs:
                self.specs[name] = _as_declared(name, value)
            elif isinstance(value, Mapping):
                self._add_keys(name, value)

    def replace(self, values: Iterable[Raw]) -> None:
        """Add values; a later one of the same name counts alone."""
        for param in values:
            name = text(param, "name")
            self.specs[name] = _as_declared(name, typed(param.get("value")))

    def declare(self, declared: Iterable[Raw]) -> Problems:
        """Add declared params. An object that has a value or a default must say its keys. Source: combineParamSpec."""
        found: Problems = ()
        for spec in declared:
            name = text(spec, "name")
            if name not in self.specs:
                self.specs[name] = dict(spec)
                continue
            needs_keys = isinstance(typed(spec.get("default")), Mapping) or kind(self.specs[name]) == "object"
            if needs_keys and not given(spec, "properties"):
                found += (missing(f"{name}.properties"),)
            elif needs_keys:
                self._combine(name, spec)
        return found

    def _combine(self, name: str, spec: Raw) -> None:
        known, default = self.specs[name], typed(spec.get("default"))
        if isinstance(default, Mapping) and isinstance(known.get("default"), Mapping):
            known["default"] = {**known["default"], **default}
        if kind(known) == "object":
            known["properties"] = spec["properties"]

    def _add_keys(self, name: str, value: Mapping[str, str]) -> None:
        known = self.specs[name]
        default = known.get("default")
        known["default"] = {**(default if isinstance(default, Mapping) else {}), **value}
        known["properties"] = {**(known.get("properties") or {}), **{key: {"type": "string"} for key in value}}

    def listed(self) -> list[dict[str, Any]]:
        """Return the params as declared ones."""
        return list(self.specs.values())


def _as_declared(name: str, value: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": name, "type": kind_of(value), "default": value}
    if isinstance(value, Mapping):
        spec["properties"] = {key: {"type": "string"} for key in value}
    return spec


def of_task_run(flags: Flags, spec: Raw) -> Problems:
    """Check the params that an inline task uses. Source: TaskRunSpec.validateInlineParameters."""
    inline = part(spec, "taskSpec")
    if inline is None:
        return ()
    known = Known()
    known.replace(entries(spec, "params"))
    found = known.declare(entries(inline, "params"))
    return found + _steps(flags, inline, known, "taskSpec")


def of_pipeline_run(flags: Flags, spec: Raw) -> Problems:
    """Check the params that inline pipelines and tasks use. Source: PipelineRunSpec.validateInlineParameters."""
    inline = part(spec, "pipelineSpec")
    if inline is None:
        return ()
    known = Known()
    known.replace(entries(spec, "params"))
    found = known.declare(entries(inline, "params"))
    tasks = entries(inline, "tasks")
    for entry in tasks:
        known.give(entries(entry, "params"))
        found += known.declare(entries(part(entry, "taskSpec"), "params"))
    for index, entry in enumerate(tasks):
        found += _steps(flags, part(entry, "taskSpec"), known, f"pipelineSpec.tasks[{index}].taskSpec")
    if tasks:
        usage = pipeline.parameter_variables(flags, tasks, known.listed())
        usage += pipeline.parameter_usage(tasks, known.listed())
        found += via(usage, at="pipelineSpec.tasks")
    return found


def _steps(flags: Flags, inline: Raw | None, known: Known, where: str) -> Problems:
    steps = entries(inline, "steps")
    if not steps:
        return ()
    specs = known.listed()
    found = params.types(specs) + references.of_params(flags, steps, specs)
    return via(found + references.declared_params(steps, specs), at=where)
