# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Matrix: the combinations of a fanned-out task, the first param varying fastest.

Source: tektoncd/pipeline pkg/apis/pipeline/v1/matrix_types.go, v1.15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import params as values_of

MOST = 256
_COUNT_LIMIT = 2**63 - 1
Combination = dict[str, str]


def fan_out(matrix: Mapping[str, Any]) -> list[Combination]:
    """Return the params of each combination, by name.

    `include` overwrites every combination that it does not contradict; it is added as a new one when no combination
    has any of its values. Alone, each include is one combination.
    """
    included = [_values(entry) for entry in matrix.get("include") or []]
    if not has_params(matrix):
        return [dict(sorted(values.items())) for values in included]
    combinations: list[Combination] = []
    for param in matrix["params"]:
        name, values = str(param.get("name", "")), param["value"]
        combinations = [{**one, name: value} for value in values for one in combinations or [{}]]
    for one in combinations:
        for values in included:
            if all(one.get(name, value) == value for name, value in values.items()):
                one.update(values)
    for values in included:
        if values and not any(one.get(name) == value for one in combinations for name, value in values.items()):
            combinations.append(values)
    return [dict(sorted(one.items())) for one in combinations]


def has_params(matrix: Mapping[str, Any] | None) -> bool:
    return bool(matrix and matrix.get("params"))


def has_include(matrix: Mapping[str, Any] | None) -> bool:
    return bool(matrix and matrix.get("include"))


def fans_out(task: Mapping[str, Any]) -> bool:
    """True for a pipeline task with a matrix. Source: IsMatrixed."""
    return has_params(task.get("matrix")) or has_include(task.get("matrix"))


def all_params(matrix: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the params of the matrix and then those of its includes."""
    if not matrix:
        return []
    include = [param for entry in matrix.get("include") or [] for param in entry.get("params") or []]
    return [*(matrix.get("params") or []), *include]


def count(matrix: Mapping[str, Any] | None) -> int:
    """Return how many combinations the matrix gives, at most what an int64 holds. Source: CountCombinations."""
    if not matrix:
        return 0
    include: Sequence[Mapping[str, Any]] = matrix.get("include") or []
    if not has_params(matrix):
        return len(include)
    total = 1
    for param in matrix["params"]:
        total *= len(_elements(param))
    known = {str(param.get("name", "")): _elements(param) for param in matrix["params"]}
    return min(total + sum(_new_ones(entry, known) for entry in include), _COUNT_LIMIT)


def _new_ones(entry: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> int:
    new = 0
    for param in entry.get("params") or []:
        if param["name"] in known:
            if values_of.typed(param.get("value")) in known[param["name"]]:
                break
            new += 1
    return new


def _elements(param: Mapping[str, Any]) -> Sequence[str]:
    value = values_of.typed(param.get("value"))
    return value if isinstance(value, list) else []


def _values(entry: Mapping[str, Any]) -> Combination:
    return {param["name"]: param["value"] for param in entry.get("params") or []}


def is_empty(matrix: Mapping[str, Any]) -> bool:
    """True when an array of the matrix is empty: the task is skipped."""
    params: Sequence[Mapping[str, Any]] = matrix.get("params") or []
    return any(not param["value"] for param in params)
