# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument spec of config_update. Data only."""

from __future__ import annotations

from typing import Any

CONFIG_UPDATE_SPEC: dict[str, Any] = {
    "repository": {"type": "str", "required": True},
    "branch": {"type": "str", "default": "main"},
    "path": {"type": "str", "default": "."},
    "images": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "new_name": {"type": "str"},
            "new_tag": {"type": "str"},
            "digest": {"type": "str"},
        },
    },
    "values": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "file": {"type": "str", "required": True},
            "path": {"type": "str", "required": True},
            "value": {"type": "raw", "required": True},
        },
    },
    "commit_message": {"type": "str", "default": "Update images"},
    "author_name": {"type": "str", "default": "slipway"},
    "author_email": {"type": "str", "default": "slipway@localhost"},
    "skip_ci": {"type": "bool", "default": False},
    "push": {"type": "bool", "default": True},
    "retries": {"type": "int", "default": 5},
    "work_dir": {"type": "path"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True, "aliases": ["token"]},
}
