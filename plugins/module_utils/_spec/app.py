# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument specs of the app_* plugins. Data only."""

from __future__ import annotations

from typing import Any

from .auth import AUTH_SPEC
from .common import SOURCE_SPEC

APP_SPEC: dict[str, Any] = {
    **SOURCE_SPEC,
    "name": {"type": "str"},
    "revision": {"type": "str", "default": ""},
    "git_username": {"type": "str"},
    "git_password": {"type": "str", "no_log": True},
    **AUTH_SPEC,
}

APP_WAIT_SPEC: dict[str, Any] = {**APP_SPEC, "wait_timeout": {"type": "float", "default": 600.0}}

APP_SYNC_SPEC: dict[str, Any] = {
    **APP_WAIT_SPEC,
    "wait": {"type": "bool", "default": True},
    "prune": {"type": "bool", "default": False},
}
