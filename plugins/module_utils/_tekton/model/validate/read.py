# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reading raw objects without trusting their shape: what has the wrong shape counts as absent.

Shapes themselves are refused in shapes.py, with their place; here nothing raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...._core import duration
from ...._core.errors import Invalid

Raw = Mapping[str, Any]


def entries(obj: Any, name: str) -> list[Raw]:
    """Return the mappings of a list field, in order."""
    value = obj.get(name) if isinstance(obj, dict) else None
    return [entry if isinstance(entry, dict) else {} for entry in value] if isinstance(value, list) else []


def part(obj: Any, name: str) -> Raw | None:
    """Return a mapping field, or None."""
    value = obj.get(name) if isinstance(obj, dict) else None
    return value if isinstance(value, dict) else None


def text(obj: Any, name: str) -> str:
    """Return a text field, or "" when it is absent or no text."""
    value = obj.get(name) if isinstance(obj, dict) else None
    return value if isinstance(value, str) else ""


def texts(obj: Any, name: str) -> list[str]:
    """Return the texts of a list field."""
    value = obj.get(name) if isinstance(obj, dict) else None
    return [item if isinstance(item, str) else "" for item in value] if isinstance(value, list) else []


def given(obj: Any, name: str) -> bool:
    """True when a field is set at all: what Go calls not nil."""
    return isinstance(obj, dict) and obj.get(name) is not None


def seconds(obj: Any, name: str) -> float | None:
    """Return a duration in seconds; None when it is absent, or is text that only a run can fill in."""
    value = obj.get(name) if isinstance(obj, dict) else None
    try:
        return duration.parse_go(value) if isinstance(value, str) else None
    except Invalid:
        return None
