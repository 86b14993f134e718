# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument spec of apply. Data only."""

from __future__ import annotations

from typing import Any

from .auth import AUTH_SPEC
from .common import SOURCE_SPEC, WAIT_SPEC

APPLY_SPEC: dict[str, Any] = {
    **SOURCE_SPEC,
    "namespace": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **WAIT_SPEC,
    "inventory": {"type": "str"},
    "prune": {"type": "bool", "default": False},
    "force_conflicts": {"type": "bool", "default": False},
    "field_manager": {"type": "str", "default": "slipway"},
    **AUTH_SPEC,
}

APPLY_CONSTRAINTS: dict[str, Any] = {
    "required_one_of": [["src", "definition", "inventory"]],
    "required_if": [["prune", True, ["inventory"]]],
}
