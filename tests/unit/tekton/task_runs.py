# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of TaskRuns share: a TaskRun of steps and sidecars, run as local processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api


def run_task(
    spec: str, folder: Path, objects: str = "", cancel: Cancel | None = None, rest: str = "", **options: Any
) -> tuple[api.Report, Recorder]:
    """Run a TaskRun named run with the given taskSpec (YAML), beside `objects`; `rest` are more fields of its spec."""
    inner = "\n".join(f"    {line}" for line in spec.strip().splitlines())
    more = "\n".join(f"  {line}" for line in rest.strip().splitlines())
    text = f"apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {{name: run}}\nspec:\n{more}\n  taskSpec:\n{inner}\n"
    bundle, events = api.parse(yaml.load_all(f"{objects}\n---\n{text}", "run.yaml")), Recorder()
    document = bundle.find("TaskRun", "run")
    assert document is not None
    wanted = api.Options(state_dir=str(folder / "state"), **options)
    return api.run_task(bundle, document, wanted, events, cancel or Cancel()), events


def lines(events: Recorder, container: str) -> list[str]:
    """Return what a step or sidecar printed."""
    return [one.message for one in events.events if one.phase == "Log" and one.data.get("step") == container]


def endings(report: api.Report) -> list[tuple[str, int, str]]:
    """Return name, exit code and termination reason of each step."""
    return [(one["name"], one["exit_code"], one["termination_reason"]) for one in report.task_runs[0]["steps"]]


def sandboxed() -> None:
    """Skip a test where programs run without a sandbox."""
    if sandbox.available().name != "bwrap":
        pytest.skip(f"no sandbox here: {sandbox.available().why}")
