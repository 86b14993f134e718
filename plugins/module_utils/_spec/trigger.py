# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument spec of trigger_event. Data only."""

from __future__ import annotations

from typing import Any

from .auth import AUTH_SPEC
from .common import SOURCE_SPEC

TRIGGER_EVENT_SPEC: dict[str, Any] = {
    **SOURCE_SPEC,
    "event": {"type": "raw", "required": True},
    "token": {"type": "str", "default": "", "no_log": True},
    "listener": {"type": "str", "default": ""},
    "create": {"type": "bool", "default": False},
    "secrets_from_cluster": {"type": "bool", "default": False},
    **AUTH_SPEC,
}
