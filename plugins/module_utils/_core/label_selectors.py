# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Kubernetes label selectors: does a set of labels satisfy matchLabels and matchExpressions?

Source: kubernetes/apimachinery pkg/apis/meta/v1/helpers.go, LabelSelectorAsSelector (v0.36).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import Invalid


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Return whether the labels satisfy the selector; no selector matches nothing, an empty one everything.

    Invalid for an operator that is none.
    """
    if selector is None:
        return False
    labels = labels or {}
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(_holds(entry, labels) for entry in selector.get("matchExpressions") or [])


def _holds(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator, values = str(entry.get("key")), entry.get("operator"), entry.get("values") or []
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise Invalid("matchExpressions.operator", f'"{operator}" is not a valid label selector operator')
