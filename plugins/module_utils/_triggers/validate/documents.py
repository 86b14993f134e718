# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""All objects of Tekton Triggers among some documents, with the defaults that admission sets, then validated.

Source: tektoncd/triggers pkg/apis/triggers/v1beta1/*_defaults.go (v0.37).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.types import Manifest
from ..._core.yaml import Document
from . import listeners, templates, triggers
from .problems import Problem, Problems, merged

GROUP = "triggers.tekton.dev"
RULES: Mapping[str, Callable[[Mapping[str, Any]], Problems]] = {
    "ClusterTriggerBinding": templates.cluster_trigger_binding,
    "EventListener": listeners.event_listener,
    "Trigger": triggers.trigger,
    "TriggerBinding": templates.trigger_binding,
    "TriggerTemplate": templates.trigger_template,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one document."""

    document: Document
    problem: Problem


def findings(documents: Sequence[Document]) -> list[Finding]:
    """Return what admission would say about the documents; other kinds are passed over."""
    found = []
    for document in documents:
        obj = document.data if isinstance(document.data, dict) else {}
        rule = RULES.get(str(obj.get("kind")))
        if rule is not None and str(obj.get("apiVersion")).startswith(f"{GROUP}/"):
            found += [Finding(document, problem) for problem in merged(rule(defaulted(obj)))]
    return found


def defaulted(obj: Manifest) -> Manifest:
    """Return a copy with the defaults of its kind: kinds of referenced bindings and interceptors."""
    out = copy.deepcopy(obj)
    spec = out.get("spec") or {}
    holders = {"Trigger": [spec], "EventListener": [*(spec.get("triggers") or []), *(spec.get("triggerGroups") or [])]}
    for holder in holders.get(str(out.get("kind")), []):
        for binding in holder.get("bindings") or []:
            if binding.get("ref") and not binding.get("kind"):
                binding["kind"] = "TriggerBinding"
        for interceptor in holder.get("interceptors") or []:
            if interceptor and interceptor.get("ref") and not interceptor["ref"].get("kind"):
                interceptor["ref"]["kind"] = "ClusterInterceptor"
    return out
