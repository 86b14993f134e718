# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Label selectors over parameters and labels, without Kubernetes' limits on values: cluster URLs may be chosen by.

Source: argo-cd v3.2 applicationset/utils/selector.go, applicationset/generators/generator_spec_processor.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid
from .params import flat
from .render import Params, Style


def takes(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether a selector takes these labels; an empty one takes all. Invalid for an unknown operator."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(entry, labels) for entry in selector.get("matchExpressions") or [])


def _holds(entry: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = str(entry.get("key")), entry.get("values") or []
    match entry.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise Invalid("selector", f'"{entry.get("operator")}" is not a valid label selector operator')


def chosen(selector: Mapping[str, Any] | None, sets: list[Params], style: Style) -> list[Params]:
    """Return the parameter sets that a generator's selector takes; nested ones are chosen by dotted keys."""
    if selector is None:
        return sets
    return [one for one in sets if takes(selector, _texts(flat(one) if style.go else one))]


def _texts(one: Params) -> dict[str, str]:
    return {key: value for key, value in one.items() if isinstance(value, str)}
