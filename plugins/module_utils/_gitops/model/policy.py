# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How an Application is synced: sync options, strategies, what is kept of the past. Pure.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/types.go SyncPolicy, SyncOptions, SyncStrategy, RevisionHistories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HISTORY_LIMIT = 10


def policy_is_zero(policy: Mapping[str, Any] | None) -> bool:
    """Return whether a sync policy says nothing; an empty block of it already says something."""
    given = policy or {}
    blocks = ("automated", "retry", "managedNamespaceMetadata")
    return not given.get("syncOptions") and all(given.get(key) is None for key in blocks)


def has_option(options: Sequence[str], option: str) -> bool:
    """Return whether an option (Name=value) is set."""
    return option in options


def add_option(options: Sequence[str], option: str) -> list[str]:
    """Return the options with one more, once."""
    return list(options) if option in options else [*options, option]


def remove_option(options: Sequence[str], option: str) -> list[str]:
    """Return the options without one."""
    return [known for known in options if known != option]


def history_limit(spec: Mapping[str, Any]) -> int:
    """Return how many syncs are remembered."""
    limit = spec.get("revisionHistoryLimit")
    return HISTORY_LIMIT if limit is None else int(limit)


def truncated(history: Sequence[Any], limit: int) -> list[Any]:
    """Return the newest entries of a history, whose oldest comes first."""
    return list(history)[max(len(history) - limit, 0) :]


def forced(strategy: Mapping[str, Any] | None) -> bool:
    """Return whether a sync strategy replaces what cannot be changed."""
    given = strategy or {}
    return next((bool(given[key].get("force")) for key in ("apply", "hook") if given.get(key) is not None), False)


def is_apply(operation: Mapping[str, Any]) -> bool:
    """Return whether a sync operation passes hooks over."""
    return (operation.get("syncStrategy") or {}).get("apply") is not None


def find_result(
    results: Sequence[Mapping[str, Any]] | None, wanted: Mapping[str, str]
) -> tuple[int, Mapping[str, Any] | None]:
    """Return position and result of one object in a phase; (0, None) when there is none.

    `wanted` has group, kind, namespace, name and syncPhase.
    """
    keys = ("group", "kind", "namespace", "name", "syncPhase")
    for index, result in enumerate(results or []):
        if all((result.get(key) or "") == (wanted.get(key) or "") for key in keys):
            return index, result
    return 0, None


def pruning_required(results: Sequence[Mapping[str, Any]] | None) -> int:
    """Return how many objects were left although Git has them no more."""
    return sum(_needs_pruning(result) for result in results or [])


def _needs_pruning(result: Mapping[str, Any]) -> bool:
    """An object that says itself that it is not to be pruned needs nothing."""
    return result.get("status") == "PruneSkipped" and result.get("message") != "ignored (no prune)"
