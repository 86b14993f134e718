# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument specs that several plugins share. Plain dictionaries; knows nothing else."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

SOURCE_SPEC: Spec = {
    "src": {"type": "list", "elements": "str"},
    "definition": {"type": "raw"},
}

WAIT_SPEC: Spec = {
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 600.0},
}

STATE_DIR_SPEC: Spec = {"state_dir": {"type": "path"}}
