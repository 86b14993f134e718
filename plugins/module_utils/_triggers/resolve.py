# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a Trigger's references to binding params and a template.

Source: tektoncd/triggers pkg/template/resource.go, ResolveTrigger and mergeBindingParams (v0.37).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.errors import Invalid
from .._core.types import Manifest

Param = Mapping[str, Any]
Need = Callable[[str, str], Manifest]
CLUSTER_BINDING = "ClusterTriggerBinding"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a Trigger is made of: the params of all its bindings, and its TriggerTemplate."""

    params: list[Param]
    template: Manifest

    @property
    def declared(self) -> list[Param]:
        """The params that the template declares."""
        return (self.template.get("spec") or {}).get("params") or []


def trigger(spec: Mapping[str, Any], need: Need) -> Resolved:
    """Return the params and the template of a Trigger's spec. `need(kind, name)` finds an object or raises Invalid.

    Invalid also for a param that is given twice, or a binding that is neither a reference nor a value.
    """
    params = [param for binding in spec.get("bindings") or [] for param in _binding(binding, need)]
    template = spec.get("template") or {}
    if template.get("spec") is not None:
        return Resolved(unique(params), {"spec": template["spec"]})
    name = str(template.get("ref") or template.get("name") or "")  # `name` is the older spelling of v1alpha1
    return Resolved(unique(params), need("TriggerTemplate", name))


def _binding(binding: Mapping[str, Any], need: Need) -> Sequence[Param]:
    name, kind = binding.get("name"), str(binding.get("kind") or "TriggerBinding")
    if name and binding.get("value") is not None:
        return [{"name": name, "value": binding["value"]}]
    if binding.get("ref"):
        return _params(need(CLUSTER_BINDING if kind == CLUSTER_BINDING else "TriggerBinding", str(binding["ref"])))
    if binding.get("spec") is not None:  # embedded bindings of older v1alpha1 files
        return _params(binding)
    raise Invalid("bindings", f"invalid binding: {dict(binding)}", hint="give ref, or name and value")


def _params(binding: Mapping[str, Any]) -> Sequence[Param]:
    return (binding.get("spec") or {}).get("params") or []


def merge(bindings: Sequence[Manifest], cluster_bindings: Sequence[Manifest]) -> list[Param]:
    """Return the params of TriggerBindings, then of ClusterTriggerBindings. Invalid for a name given twice."""
    return unique([param for binding in (*bindings, *cluster_bindings) for param in _params(binding)])


def unique(params: Sequence[Param]) -> list[Param]:
    """Return the params. Invalid when two have one name."""
    seen: set[str] = set()
    for param in params:
        if param["name"] in seen:
            raise Invalid(f"params.{param['name']}", f"duplicate param name: {param['name']}")
        seen.add(param["name"])
    return list(params)
