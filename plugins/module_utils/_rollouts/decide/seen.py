# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a pass gets and gives: a snapshot of the cluster in, actions and the new status out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model.replicaset import ReplicaSet
from .actions import Action


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis of this rollout: `kind` is step, background, pre or post."""

    kind: str
    step: int
    phase: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A snapshot. `weight` is the canary's in the router, None without traffic routing; selectors by Service.

    `managed` are the Services that already carry our annotation; `subsets` the hashes in the DestinationRule by role
    (canary, stable), None without one.
    """

    replica_sets: Sequence[ReplicaSet]
    new_hash: str
    weight: int | None
    selectors: Mapping[str, str]
    analyses: Sequence[Analysis] = ()
    managed: Collection[str] = ()
    subsets: Mapping[str, str] | None = None


@dataclass(slots=True)
class Pass:
    """The outcome of one pass. `due` is when to look again (unix seconds), None when only a change matters."""

    status: dict[str, Any]
    actions: list[Action] = field(default_factory=list)
    due: float | None = None

    def later(self, moment: float) -> None:
        self.due = moment if self.due is None else min(self.due, moment)
