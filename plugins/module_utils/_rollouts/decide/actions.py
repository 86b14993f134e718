# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a pass over a Rollout may ask for: plain values that the loop carries out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Create:
    """Make the ReplicaSet of the current template."""

    hash: str
    revision: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Change the size (None: keep) and the annotations of a ReplicaSet. `deadline` "" removes it, None keeps it."""

    name: str
    replicas: int | None
    deadline: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an old ReplicaSet without pods that history has no room for."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """Point a Service at a hash."""

    service: str
    hash: str


@dataclass(frozen=True, slots=True)
class SetWeight:
    """Give the canary this share of traffic."""

    weight: int


@dataclass(frozen=True, slots=True)
class Label:
    """Let the subsets of the DestinationRule choose these hashes."""

    canary: str
    stable: str


@dataclass(frozen=True, slots=True)
class Analyse:
    """Start an analysis; `step` is the index of its step (background: the current one)."""

    kind: str
    step: int


@dataclass(frozen=True, slots=True)
class EndAnalyses:
    """Stop what still measures."""


Action = Create | Scale | Delete | Select | SetWeight | Label | Analyse | EndAnalyses
