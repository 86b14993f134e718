# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Matrix: the combinations of a fanned-out task, the first param varying fastest.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/matrix_types.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST = 256


def fan_out(matrix: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the params of each combination. `include` overwrites what it matches, else it is added."""
    combinations: list[dict[str, str]] = [{}] if matrix.get("params") else []
    for param in matrix.get("params") or []:
        combinations = [{**one, param["name"]: value} for value in param["value"] for one in combinations]
    included = [_values(entry) for entry in matrix.get("include") or []]
    if not matrix.get("params"):
        return included
    names = {param["name"] for param in matrix["params"]}
    for values in included:
        _include(combinations, values, names)
    return combinations


def _include(combinations: list[dict[str, str]], values: dict[str, str], names: set[str]) -> None:
    shared = {name: value for name, value in values.items() if name in names}
    matching = [one for one in combinations if all(one.get(name) == value for name, value in shared.items())]
    if not matching:
        combinations.append(values)
    for one in matching:
        one.update(values)


def _values(entry: Mapping[str, Any]) -> dict[str, str]:
    return {param["name"]: param["value"] for param in entry.get("params") or []}


def is_empty(matrix: Mapping[str, Any]) -> bool:
    """True when an array of the matrix is empty: the task is skipped."""
    params: Sequence[Mapping[str, Any]] = matrix.get("params") or []
    return any(not param["value"] for param in params)
