# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument specs of rollout and rollout_info. Data only."""

from __future__ import annotations

from typing import Any

from .auth import AUTH_SPEC
from .common import SOURCE_SPEC

_WHICH: dict[str, Any] = {"name": {"type": "str", "required": True}, "namespace": {"type": "str"}}

ROLLOUT_INFO_SPEC: dict[str, Any] = {**_WHICH, **AUTH_SPEC}

ROLLOUT_SPEC: dict[str, Any] = {
    **_WHICH,
    **SOURCE_SPEC,
    "wait_timeout": {"type": "float", "default": 3600.0},
    "wait_for_scale_down": {"type": "bool", "default": True},
    "stop_at_pause": {"type": "bool", "default": True},
    "fail_on_degraded": {"type": "bool", "default": True},
    "http_proxy": {"type": "str", "default": ""},
    **AUTH_SPEC,
}
