# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What holds of an Experiment: finished, terminating, past its time, how large its templates are, how they stand.

Works on Experiment objects (spec, status); time comes in. Knows no cluster.
Source: argo-rollouts v1.10 utils/experiment/experiment.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core import duration
from ..._core.clock import parse_rfc3339
from ..._core.errors import Invalid
from ..._core.types import Manifest, deep_get
from ..analysis.limits import DONE
from . import hashes

TEMPLATE_ORDER = ("Successful", "Running", "Progressing", "Error", "Failed")


def has_finished(experiment: Manifest) -> bool:
    """Return whether the experiment has its verdict."""
    return deep_get(experiment, "status", "phase", default="") in DONE


def is_terminating(experiment: Manifest) -> bool:
    """Return whether an experiment ends: told to, finished, a bad template or analysis, or all required runs are good."""
    status = experiment.get("status") or {}
    if deep_get(experiment, "spec", "terminate", default=False) or has_finished(experiment):
        return True
    if any(entry.get("status") in ("Failed", "Error") for entry in status.get("templateStatuses") or []):
        return True
    if any(run.get("phase") in ("Failed", "Error", "Inconclusive") for run in status.get("analysisRuns") or []):
        return True
    return required_runs_successful(experiment, status)


def has_required_runs(experiment: Manifest) -> bool:
    """Return whether an analysis must succeed before the experiment is complete."""
    return bool(_required(experiment))


def _required(experiment: Manifest) -> list[str]:
    analyses = deep_get(experiment, "spec", "analyses", default=[])
    return [str(entry.get("name")) for entry in analyses if entry.get("requiredForCompletion")]


def required_runs_successful(experiment: Manifest, status: Mapping[str, Any] | None) -> bool:
    """Return whether there are required analyses and all of them were Successful."""
    names = _required(experiment)
    if status is None or not names:
        return False
    return all((run_status(status, name) or {}).get("phase") == "Successful" for name in names)


def time_left(experiment: Manifest, now: float) -> float | None:
    """Return the seconds until the experiment's duration is over, None while it has no end: no duration, not available."""
    text, available = deep_get(experiment, "spec", "duration"), deep_get(experiment, "status", "availableAt")
    if not text or not available:
        return None
    try:
        return parse_rfc3339(available) + duration.parse_go(str(text)) - now
    except Invalid:
        return None


def passed_duration(experiment: Manifest, now: float) -> bool:
    """Return whether the experiment ran longer than its duration."""
    left = time_left(experiment, now)
    return left is not None and left < 0


def template_replicas(experiment: Manifest, template: Mapping[str, Any]) -> int:
    """Return how many pods a template wants: none once it or the experiment is done, else its replicas (1)."""
    mine = template_status(experiment.get("status") or {}, str(template.get("name"))) or {}
    if is_terminating(experiment) or mine.get("status") in DONE:
        return 0
    return int(template["replicas"]) if template.get("replicas") is not None else 1


def template_statuses(status: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the statuses of the templates by name."""
    return {str(entry.get("name")): entry for entry in status.get("templateStatuses") or []}


def template_status(status: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    return template_statuses(status).get(name)


def run_status(status: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return the status of one of the experiment's analyses."""
    return next((entry for entry in status.get("analysisRuns") or [] if entry.get("name") == name), None)


def replica_set_name(experiment: Manifest, template: Mapping[str, Any]) -> str:
    """Return the name of a template's ReplicaSet, with the hash of its pods."""
    mine = template_status(experiment.get("status") or {}, str(template.get("name"))) or {}
    pod_hash = hashes.pod_template_hash(template.get("template") or {}, mine.get("collisionCount"))
    return f"{deep_get(experiment, 'metadata', 'name', default='')}-{template.get('name')}-{pod_hash}"


def rollout_owner(experiment: Manifest) -> dict[str, Any] | None:
    """Return the reference to the Rollout that owns the experiment."""
    owners = deep_get(experiment, "metadata", "ownerReferences", default=[])
    return next((owner for owner in owners if owner.get("kind") == "Rollout"), None)


def is_worse(current: str, new: str) -> bool:
    """Return whether `new` is a worse template status than `current`; an unknown one counts as Successful."""
    return _rank(new) > _rank(current)


def worst(left: str, right: str) -> str:
    """Return the worse of two template statuses."""
    return right if is_worse(left, right) else left


def _rank(status: str) -> int:
    return TEMPLATE_ORDER.index(status) if status in TEMPLATE_ORDER else 0


def same_experiment(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Return whether two specs describe the same experiment, terminated or not."""
    return _without_end(left) == _without_end(right)


def _without_end(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name != "terminate"}
