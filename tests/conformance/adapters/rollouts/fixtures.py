# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that upstream's tests build with helpers: Rollouts and ReplicaSets."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model import replicaset
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.replicaset import HASH_LABEL, ReplicaSet
from ansible_collections.slipway.gitops.plugins.module_utils._rollouts.model.rollout import Rollout, of


def rollout(obj: dict[str, Any] | None) -> Rollout:
    return of(obj or {})


def status(obj: dict[str, Any] | None) -> dict[str, Any]:
    return (obj or {}).get("status") or {}


def replica_set(obj: dict[str, Any] | None) -> ReplicaSet | None:
    return None if obj is None else replicaset.of(obj)


def replica_sets(objects: list[dict[str, Any] | None] | None) -> list[ReplicaSet]:
    return [replicaset.of(obj) for obj in objects or [] if obj is not None]


def made(pod_hash: str, spec: int, available: int, **more: Any) -> dict[str, Any]:
    """Return a ReplicaSet as the tests' newRS does: named and labelled with its hash."""
    meta = {"name": pod_hash, "labels": {HASH_LABEL: pod_hash}, **more}
    return {"metadata": meta, "spec": {"replicas": spec}, "status": {"availableReplicas": available}}


def canary(
    replicas: int, steps: list[dict[str, Any]], *, surge: Any = 0, unavailable: Any = 0, **settings: Any
) -> dict[str, Any]:
    """Return a canary Rollout between the hashes stable and canary, as the tests' newRollout does."""
    strategy = {"maxSurge": surge, "maxUnavailable": unavailable, "steps": steps}
    strategy |= {name: value for name, value in settings.items() if value is not None}
    return {
        "metadata": {"name": "foo", "namespace": "default"},
        "spec": {"replicas": replicas, "strategy": {"canary": strategy}},
        "status": {"currentPodHash": "canary", "stableRS": "stable"},
    }


def given(objects: list[dict[str, Any]], one: ReplicaSet | None) -> dict[str, Any] | None:
    """Return the object that a ReplicaSet of ours was read from."""
    return None if one is None else next(obj for obj in objects if obj is not None and replicaset.of(obj) == one)
