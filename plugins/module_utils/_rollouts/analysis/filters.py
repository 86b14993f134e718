# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which AnalysisRuns of a rollout are current, of which kind, and which are to be deleted.

Works on AnalysisRun objects; knows no cluster. Source: argo-rollouts v1.10 utils/analysis/filter.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.types import Manifest, deep_get
from ..model.replicaset import HASH_LABEL
from .limits import BAD
from .template import TYPE_LABEL


@dataclass(slots=True)
class Current:
    """The runs that the rollout's status names, by what they serve, and all `others`."""

    canary_step: Manifest | None = None
    canary_background: Manifest | None = None
    blue_green_pre_promotion: Manifest | None = None
    blue_green_post_promotion: Manifest | None = None
    others: list[Manifest] = field(default_factory=list)

    def as_list(self) -> list[Manifest]:
        """Return the current runs, post-promotion first as upstream lists them."""
        mine = (
            self.blue_green_post_promotion,
            self.blue_green_pre_promotion,
            self.canary_step,
            self.canary_background,
        )
        return [run for run in mine if run is not None]


_NAMED = (
    ("canary_step", "canary", "currentStepAnalysisRunStatus"),
    ("canary_background", "canary", "currentBackgroundAnalysisRunStatus"),
    ("blue_green_pre_promotion", "blueGreen", "prePromotionAnalysisRunStatus"),
    ("blue_green_post_promotion", "blueGreen", "postPromotionAnalysisRunStatus"),
)


def current(runs: Sequence[Manifest | None], status: Mapping[str, Any]) -> Current:
    """Sort the runs by the names in a Rollout's status."""
    out = Current()
    for run in runs:
        if run is None:
            continue
        name = deep_get(run, "metadata", "name", default="")
        slot = next(
            (slot for slot, *path in _NAMED if name and deep_get(status, *path, "name", default="") == name), None
        )
        if slot:
            setattr(out, slot, run)
        else:
            out.others.append(run)
    return out


def by_type(runs: Sequence[Manifest | None], kind: str) -> list[Manifest]:
    """Return the runs of one rollout-type: Step, Background, PrePromotion, PostPromotion."""
    return [run for run in runs if run is not None and _label(run, TYPE_LABEL) == kind]


def by_name(runs: Sequence[Manifest | None], name: str) -> Manifest | None:
    """Return the run of a name, None when there is none or more than one."""
    found = [run for run in runs if run is not None and deep_get(run, "metadata", "name", default="") == name]
    return found[0] if len(found) == 1 else None


def by_hash(runs: Sequence[Manifest] | None) -> dict[str, list[Manifest]]:
    """Return the runs by their pod hash; runs without one are left out."""
    out: dict[str, list[Manifest]] = {}
    for run in runs or []:
        pod_hash = _label(run, HASH_LABEL)
        if pod_hash is not None:
            out.setdefault(pod_hash, []).append(run)
    return out


def to_delete(
    runs: Sequence[Manifest], replica_sets: Sequence[Manifest | None], successful: int, unsuccessful: int
) -> list[Manifest]:
    """Return the runs to delete: those whose ReplicaSet is gone or going, and old ones beyond the two limits.

    The newest are kept: so many Successful ones, so many of those that ended badly. Running ones always stay.
    """
    going = {
        _label(obj, HASH_LABEL): deep_get(obj, "metadata", "deletionTimestamp") is not None
        for obj in replica_sets
        if obj is not None and _label(obj, HASH_LABEL) is not None
    }
    left = {"good": successful, "bad": unsuccessful}
    out = []
    for run in sorted(runs, key=_created, reverse=True):
        pod_hash, phase = _label(run, HASH_LABEL), deep_get(run, "status", "phase", default="")
        if pod_hash is None or going.get(pod_hash, True):
            out.append(run)
            continue
        kind = "good" if phase == "Successful" else "bad" if phase in BAD else ""
        if kind and left[kind] <= 0:
            out.append(run)
        elif kind:
            left[kind] -= 1
    return out


def _created(run: Manifest) -> str:
    return str(deep_get(run, "metadata", "creationTimestamp", default=""))


def _label(obj: Manifest, name: str) -> str | None:
    found: str | None = deep_get(obj, "metadata", "labels", name)
    return found
