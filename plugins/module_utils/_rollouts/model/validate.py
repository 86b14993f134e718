# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What makes a Rollout invalid, field by field, in upstream's words and order.

Knows the object alone; what it refers to is validate_references.py's. Paths are upstream's: below spec.strategy they
leave the strategy's own name out.  Source: argo-rollouts v1.10 pkg/apis/rollouts/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.types import Manifest, deep_get
from . import defaults
from .problem import Problem, child, forbidden, internal, invalid, not_negative, not_supported, required
from .validate_canary import validate_anti_affinity, validate_canary

MISSING = "Rollout has missing field '{}'"


def validate(rollout: Manifest) -> list[Problem]:
    """Return the mistakes of a Rollout, the gravest first as upstream lists them; an empty list for a good one."""
    spec, path = rollout.get("spec") or {}, "spec"
    problems = not_negative(child(path, "replicas"), defaults.replicas(spec.get("replicas")))
    problems += _selector(spec, path)
    referenced = spec.get("workloadRef") is not None
    if referenced and not _is_empty(spec.get("template") or {}):
        problems.append(internal(child(path, "template"), "template must be empty for workload reference rollout"))
    if not referenced:
        problems += _template(spec, child(path, "template"))
    problems += _times(spec, path)
    return problems + validate_strategy(rollout, child(path, "strategy"))


def _selector(spec: Mapping[str, Any], path: str) -> list[Problem]:
    field, selector = child(path, "selector"), spec.get("selector")
    if spec.get("workloadRef") is not None:
        return []
    if selector is None:
        return [required(field, MISSING.format(".spec.selector"))]
    problems = [
        problem
        for index, entry in enumerate(selector.get("matchExpressions") or [])
        for problem in _expression(entry, f"{field}.matchExpressions[{index}]")
    ]
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        problems.append(invalid(field, selector, "empty selector is invalid for deployment"))
    return problems


def _expression(entry: Mapping[str, Any], path: str) -> list[Problem]:
    operator, values = entry.get("operator"), entry.get("values") or []
    if operator in ("In", "NotIn"):
        text = "must be specified when `operator` is 'In' or 'NotIn'"
        return [] if values else [required(child(path, "values"), text)]
    if operator in ("Exists", "DoesNotExist"):
        text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        return [forbidden(child(path, "values"), text)] if values else []
    return [invalid(child(path, "operator"), operator, "not a valid selector operator")]


def _is_empty(template: Mapping[str, Any]) -> bool:
    """A typed template has empty metadata and a null list of containers: that counts as empty."""
    return not any(template.get("metadata") or {}) and not any((template.get("spec") or {}).values())


def _template(spec: Mapping[str, Any], path: str) -> list[Problem]:
    """The parts of Kubernetes' own checks that do not depend on the cluster's version."""
    template = spec.get("template") or {}
    labels, pod = deep_get(template, "metadata", "labels", default={}), template.get("spec") or {}
    problems = []
    if not _selects(spec.get("selector"), labels):
        text = "`selector` does not match template `labels`"
        problems.append(invalid(child(path, "metadata", "labels"), labels, text))
    problems += _containers(pod.get("containers") or [], child(path, "spec", "containers"))
    policy = pod.get("restartPolicy") or "Always"
    if policy != "Always":
        problems.append(not_supported(child(path, "spec", "restartPolicy"), policy, "Always"))
    if pod.get("activeDeadlineSeconds") is not None:
        text = "activeDeadlineSeconds in ReplicaSet is not Supported"
        problems.append(forbidden(child(path, "spec", "activeDeadlineSeconds"), text))
    return problems


def _selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a selector takes these labels; none takes nothing, an empty one everything."""
    if selector is None:
        return False
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_takes(entry, labels) for entry in selector.get("matchExpressions") or [])


def _takes(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    name, values = entry.get("key"), entry.get("values") or []
    match entry.get("operator"):
        case "In":
            return labels.get(str(name)) in values
        case "NotIn":
            return name not in labels or labels[str(name)] not in values
        case "Exists":
            return name in labels
        case "DoesNotExist":
            return name not in labels
    return True


def _containers(containers: list[Any], path: str) -> list[Problem]:
    if not containers:
        return [required(path, "")]
    problems, seen = [], set()
    for index, container in enumerate(containers):
        name = container.get("name")
        if not name:
            problems.append(required(f"{path}[{index}].name", ""))
        elif name in seen:
            problems.append(invalid(f"{path}[{index}].name", name, "must be unique"))
        seen.add(name)
    return problems


def _times(spec: Mapping[str, Any], path: str) -> list[Problem]:
    ready, deadline = int(spec.get("minReadySeconds") or 0), defaults.progress_deadline(spec)
    field = child(path, "progressDeadlineSeconds")
    problems = not_negative(child(path, "minReadySeconds"), ready)
    problems += not_negative(child(path, "revisionHistoryLimit"), defaults.revision_history_limit(spec))
    problems += not_negative(field, deadline)
    if deadline <= ready:
        problems.append(invalid(field, deadline, "must be greater than minReadySeconds"))
    return problems


def validate_strategy(rollout: Manifest, path: str) -> list[Problem]:
    """Return the mistakes of spec.strategy: exactly one of blueGreen and canary, and its own."""
    strategy = deep_get(rollout, "spec", "strategy", default={})
    canary, blue_green = strategy.get("canary"), strategy.get("blueGreen")
    if canary is None and blue_green is None:
        text = MISSING.format(".spec.strategy.canary or .spec.strategy.blueGreen")
        return [required(child(path, "strategy"), text)]
    if canary is not None and blue_green is not None:
        value = "blueGreen: true canary: true"
        return [invalid(child(path, "strategy"), value, "Multiple Strategies can not be listed")]
    return validate_canary(rollout, path) if blue_green is None else validate_blue_green(rollout, path)


def validate_blue_green(rollout: Manifest, path: str) -> list[Problem]:
    """Return the mistakes of a blue-green strategy."""
    spec = rollout.get("spec") or {}
    given = deep_get(spec, "strategy", "blueGreen", default={})
    problems = []
    active, limit = given.get("activeService") or "", defaults.scale_down_revision_limit(spec)
    if active == (given.get("previewService") or ""):
        text = "This rollout uses the same service for the active and preview services, but two different services are required."
        problems.append(invalid(child(path, "activeService"), active, text))
    if limit is not None and defaults.revision_history_limit(spec) < limit:
        text = "This rollout's revision history limit can not be smaller than the rollout's scale down limit"
        problems.append(invalid(child(path, "scaleDownDelayRevisionLimit"), limit, text))
    return problems + validate_anti_affinity(given.get("antiAffinity"), child(path, "antiAffinity"))
