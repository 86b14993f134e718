# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Argument specs of pipeline_run, task_run and pipeline_info. Data only."""

from __future__ import annotations

from typing import Any

from .auth import AUTH_SPEC
from .common import SOURCE_SPEC

_COMMON: dict[str, Any] = {
    **SOURCE_SPEC,
    **AUTH_SPEC,
    "params": {"type": "dict", "default": {}},
    "claims": {"type": "dict", "default": {}},
    "service_accounts": {"type": "dict", "default": {}},
    "namespace": {"type": "str", "default": "default"},
    "executor": {"type": "str", "choices": ["process", "podman", "pods", "controller"], "default": "process"},
    "image_map": {"type": "list", "elements": "dict", "default": []},
    "step_env": {"type": "dict", "default": {}},
    "host_paths": {"type": "list", "elements": "path", "default": []},
    "insecure_registries": {"type": "list", "elements": "str", "default": []},
    "allow_privileged": {"type": "bool", "default": False},
    "resolvers": {"type": "dict", "default": {}},
    "custom_tasks": {"type": "list", "elements": "dict", "default": []},
    "record": {"type": "bool", "default": False},
    "state_dir": {"type": "path"},
    "force": {"type": "bool", "default": False},
    "junit": {"type": "path"},
    "svg": {"type": "path"},
    "concurrency": {
        "type": "dict",
        "options": {
            "group": {"type": "str", "required": True},
            "limit": {"type": "int", "default": 1},
            "policy": {"type": "str", "choices": ["queue", "cancel", "supersede"], "default": "queue"},
        },
    },
}

PIPELINE_RUN_SPEC: dict[str, Any] = {
    **_COMMON,
    "pipeline_run": {"type": "raw"},
    "parallelism": {"type": "int", "default": 8},
    "reuse": {
        "type": "dict",
        "options": {
            "run": {"type": "str", "required": True},
            "tasks": {"type": "list", "elements": "str", "required": True},
        },
    },
}

TASK_RUN_SPEC: dict[str, Any] = {**_COMMON, "task_run": {"type": "raw"}}

PIPELINE_INFO_SPEC: dict[str, Any] = {
    "name": {"type": "str"},
    "status": {"type": "str"},
    "pipeline": {"type": "str"},
    "task": {"type": "str"},
    "kind": {"type": "str", "choices": ["PipelineRun", "TaskRun"]},
    "labels": {"type": "dict", "default": {}},
    "limit": {"type": "int", "default": 0},
    "logs": {"type": "bool", "default": False},
    "state_dir": {"type": "path"},
}
PIPELINE_INFO_CONSTRAINTS: dict[str, Any] = {"mutually_exclusive": [["pipeline", "task"]]}
