# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument spec of wait. Data only."""

from __future__ import annotations

from typing import Any

from .auth import AUTH_SPEC
from .common import SOURCE_SPEC

_OBJECT: dict[str, Any] = {
    "api_version": {"type": "str", "default": "v1"},
    "kind": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str"},
}

WAIT_MODULE_SPEC: dict[str, Any] = {
    **SOURCE_SPEC,
    "objects": {"type": "list", "elements": "dict", "options": _OBJECT},
    "namespace": {"type": "str"},
    "until": {
        "type": "str",
        "choices": ["ready", "exists", "deleted", "condition", "field"],
        "default": "ready",
    },
    "condition": {
        "type": "dict",
        "options": {"type": {"type": "str", "required": True}, "status": {"type": "str", "default": "True"}},
    },
    "field": {
        "type": "dict",
        "options": {"path": {"type": "str", "required": True}, "value": {"type": "str", "required": True}},
    },
    "wait_timeout": {"type": "float", "default": 600.0},
    **AUTH_SPEC,
}

WAIT_CONSTRAINTS: dict[str, Any] = {
    "required_one_of": [["src", "definition", "objects"]],
    "required_if": [["until", "condition", ["condition"]], ["until", "field", ["field"]]],
}
