# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The anti-affinity that keeps the pods of an update away from those of the stable version while it lasts.

Functions over raw affinity objects, which are never changed in place. Source: argo-rollouts v1.9
utils/replicaset/replicaset.go.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..model.replicaset import HASH_LABEL
from ..model.rollout import Rollout
from .steps import Status

Affinity = Mapping[str, Any]
_PREFERRED, _REQUIRED = (
    "preferredDuringSchedulingIgnoredDuringExecution",
    "requiredDuringSchedulingIgnoredDuringExecution",
)


class Injected(NamedTuple):
    """Where the term of ours is among the terms, -1 and None when there is none."""

    position: int
    term: Mapping[str, Any] | None


def wanted(ro: Rollout) -> Mapping[str, Any] | None:
    """Return antiAffinity of the strategy, None when it says nothing. Source: GetRolloutAffinity."""
    found = ro.canary.get("antiAffinity") or ro.blue_green.get("antiAffinity")
    if found and (found.get(_PREFERRED) is not None or found.get(_REQUIRED) is not None):
        result: Mapping[str, Any] = found
        return result
    return None


def _kind(strategy: Mapping[str, Any]) -> str:
    return _PREFERRED if strategy.get(_PREFERRED) is not None else _REQUIRED


def term(ro: Rollout, status: Status) -> dict[str, Any]:
    """Return the term against the stable ReplicaSet. Source: CreateInjectedAntiAffinityRule."""
    rule = {"key": HASH_LABEL, "operator": "In", "values": [str(status.get("stableRS") or "")]}
    return {
        "labelSelector": {"matchExpressions": [rule]},
        "namespaces": [ro.namespace],
        "topologyKey": "kubernetes.io/hostname",
    }


def generate(ro: Rollout, status: Status, pod_hash: str) -> dict[str, Any] | None:
    """Return the affinity for the pods of a hash: the template's, and our term while they are not the stable ones.

    Source: GenerateReplicaSetAffinity.
    """
    given = (ro.template.get("spec") or {}).get("affinity")
    strategy, stable = wanted(ro), status.get("stableRS")
    if strategy is None or not stable or stable == pod_hash:
        return copy.deepcopy(given)
    out: dict[str, Any] = copy.deepcopy(dict(given or {}))
    kind, added = _kind(strategy), term(ro, status)
    if kind == _PREFERRED:
        added = {"weight": strategy[_PREFERRED].get("weight", 0), "podAffinityTerm": added}
    anti = {**(out.get("podAntiAffinity") or {})}
    anti[kind] = [*(anti.get(kind) or []), added]
    return {**out, "podAntiAffinity": anti}


def find(affinity: Affinity | None, ro: Rollout) -> Injected:
    """Return our term in an affinity. Source: HasInjectedAntiAffinityRule."""
    strategy = wanted(ro)
    if strategy is None:
        return Injected(-1, None)
    kind = _kind(strategy)
    for index, entry in enumerate(((affinity or {}).get("podAntiAffinity") or {}).get(kind) or []):
        found = entry.get("podAffinityTerm") or {} if kind == _PREFERRED else entry
        rules = (found.get("labelSelector") or {}).get("matchExpressions") or []
        if any(rule.get("key") == HASH_LABEL for rule in rules):
            return Injected(index, found)
    return Injected(-1, None)


def remove(affinity: Affinity | None, ro: Rollout) -> dict[str, Any] | None:
    """Return the affinity without our term; what becomes empty goes with it. Source: RemoveInjectedAntiAffinityRule."""
    position, strategy = find(affinity, ro).position, wanted(ro)
    out: dict[str, Any] | None = copy.deepcopy(dict(affinity)) if affinity is not None else None
    if position < 0 or strategy is None or out is None:
        return out
    anti, kind = dict(out["podAntiAffinity"]), _kind(strategy)
    left = [entry for number, entry in enumerate(anti[kind]) if number != position]
    anti = {name: terms for name, terms in {**anti, kind: left}.items() if terms}
    out = {name: value for name, value in {**out, "podAntiAffinity": anti}.items() if value}
    return out or None


def outdated(affinity: Affinity | None, ro: Rollout, status: Status, pod_hash: str) -> bool:
    """Return whether our term speaks of a former stable ReplicaSet. Source: IfInjectedAntiAffinityRuleNeedsUpdate."""
    found, stable = find(affinity, ro).term, status.get("stableRS")
    if found is None or stable == pod_hash:
        return False
    rules = [rule for rule in found["labelSelector"]["matchExpressions"] if rule.get("key") == HASH_LABEL]
    return any((rule.get("values") or [None])[0] != stable for rule in rules)
