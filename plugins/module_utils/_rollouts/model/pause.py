# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The duration of a pause step. Source: argo-rollouts v1.10 pkg/apis/rollouts/v1alpha1/types.go (DurationSeconds)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core import duration
from ..._core.errors import Invalid


def pause_seconds(pause: Mapping[str, Any] | None) -> int | None:
    """Return the seconds of a pause, None for an indefinite one, -1 for an invalid one."""
    value = (pause or {}).get("duration")
    if value is None:
        return None
    if isinstance(value, int):
        return value
    text = str(value)
    if text.isdigit():
        return int(text)
    try:
        return int(duration.parse_go(text))
    except Invalid:
        return -1
