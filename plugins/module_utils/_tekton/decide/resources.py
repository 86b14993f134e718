# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a container may use: its own limits, those of its run, and those of the namespace.

Source: tektoncd/pipeline pkg/internal/computeresources (tasklevel, limitrange), v1.15; Kubernetes 1.36
plugin/pkg/admission/limitranger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core import quantity
from ..._core.errors import Invalid
from . import merge

HONOURED = ("cpu", "memory")


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` in bytes, `cpu` in processors; None for no limit."""

    memory: int | None = None
    cpu: float | None = None

    @property
    def processors(self) -> int | None:
        """Whole processors."""
        return None if self.cpu is None else max(1, math.ceil(self.cpu))


def of_run(spec: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Task's spec with the resources that its run gives its steps and sidecars.

    Resources of the whole TaskRun replace those of its steps: each may use up to the limit.
    """
    out = dict(spec)
    for group, given in (("steps", "stepSpecs"), ("sidecars", "sidecarSpecs")):
        if out.get(group) and run.get(given):
            out[group] = merge.with_specs(out[group], run[given])
    limits = (run.get("computeResources") or {}).get("limits")
    if limits:
        out["steps"] = [{**step, "computeResources": {"limits": limits}} for step in out["steps"]]
    return out


def unknown(container: Mapping[str, Any]) -> list[str]:
    """Return the names of limits that are neither processors nor memory."""
    limits = (container.get("computeResources") or {}).get("limits") or {}
    return [name for name in limits if name not in HONOURED]


def limits(container: Mapping[str, Any], ranges: Sequence[Mapping[str, Any]], field: str) -> Limits:
    """Return the limits of a step or sidecar in a namespace with such LimitRanges. Invalid for one over its maximum."""
    own = dict((container.get("computeResources") or {}).get("limits") or {})
    for entry in _of_containers(ranges):
        highest = entry.get("max") or {}
        for name, value in {**highest, **(entry.get("default") or {})}.items():
            own.setdefault(name, value)
        for name, value in highest.items():
            if quantity.parse(own[name]) > quantity.parse(value):
                raise Invalid(
                    f"{field}.computeResources.limits.{name}",
                    f"is {own[name]}: maximum {name} usage per Container is {value}",
                    hint="lower it, or change the LimitRange",
                )
    memory, cpu = own.get("memory"), own.get("cpu")
    return Limits(
        memory=None if memory is None else int(quantity.parse(memory)),
        cpu=None if cpu is None else float(quantity.parse(cpu)),
    )


def _of_containers(ranges: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        entry
        for one in ranges
        for entry in (one.get("spec") or {}).get("limits") or []
        if entry.get("type") == "Container"
    ]
