# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the engine itself takes: runs whose steps cost nothing, so that only scheduling is left; and many runs at once.

The peer is what is asked for: 2 ms for each task, 1 s for the plan of 2,000 tasks, 512 MiB for 100 runs at once.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api, executors
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.executor import Bound, TaskEnd, TaskPlan
from tests.bench.measure import Row, seconds

STEPS: dict[str, Any] = {"steps": [{"image": "alpine", "script": "#!/bin/sh\necho hello"}]}
ASKED = "asked"
_AT_ONCE = 100


class Nothing:
    """An executor whose TaskRuns end at once."""

    def refuse(self, spec: Mapping[str, Any], obj: str, actions: Mapping[str, Any]) -> None: ...

    def check(self, binding: Mapping[str, Any], field: str) -> None: ...

    def bind(self, binding: Mapping[str, Any], task: str) -> Bound:
        return Bound()

    def run(self, plan: TaskPlan, cancel: Cancel) -> TaskEnd:
        return TaskEnd(True, "Succeeded", "All Steps have completed executing", seconds=1e-4)

    def close(self, *, succeeded: bool) -> None: ...


def rows(real: bool) -> list[Row]:
    """Return the rows; there is no peer to run beside these."""
    tasks = [{"name": f"t{number}", "taskSpec": STEPS} for number in range(2000)]
    for number in range(20, 2000):
        tasks[number]["runAfter"] = [f"t{number - 20 - number % 20 + other}" for other in range(3)]
    values = [str(number) for number in range(16)]
    params = [{"name": "a", "value": values}, {"name": "b", "value": values}]
    spec = {**STEPS, "params": [{"name": "a"}, {"name": "b"}]}
    with _without_steps():
        rows = [
            Row("scheduler.fanout20_per_task", _share(tasks[:20], 20), 2.0, ASKED, unit="ms", source=ASKED),
            Row("scheduler.layers200_per_task", _share(tasks[:200], 200), 2.0, ASKED, unit="ms", source=ASKED),
            Row(
                "scheduler.matrix256_per_task",
                _share([{"name": "m", "matrix": {"params": params}, "taskSpec": spec}], 256),
                2.0, ASKED, unit="ms", source=ASKED,
            ),
        ]  # fmt: skip
    return [
        *rows,
        Row("scheduler.plan2000", min(seconds(lambda: _plan(tasks)) for _round in range(3)), 1.0, ASKED, source=ASKED),
        Row("scheduler.runs100_memory", _memory(), 512.0, ASKED, unit="MiB", source=ASKED),
    ]


@contextmanager
def _without_steps() -> Iterator[None]:
    real = executors._local
    executors._local = lambda *_arguments: Nothing()  # type: ignore[assignment,return-value]
    try:
        yield
    finally:
        executors._local = real


def _share(tasks: list[dict[str, Any]], number: int) -> float:
    """Return milliseconds for each TaskRun, the best of three runs; reading the objects is not scheduling."""
    bundle, run = _parsed(tasks, "bench")
    return min(seconds(lambda: _run(bundle, run)) for _round in range(3)) / number * 1000


def _parsed(tasks: list[dict[str, Any]], name: str) -> tuple[api.Bundle, Document]:
    bundle = api.parse([_document(tasks, name)])
    run = bundle.find("PipelineRun", name)
    if run is None:
        raise RuntimeError("the run was not parsed")
    return bundle, run


def _run(bundle: api.Bundle, run: Document, folder: str = "") -> None:
    with tempfile.TemporaryDirectory() as own:
        report = api.run_pipeline(bundle, run, api.Options(state_dir=folder or own), NULL, Cancel())
    if not report.succeeded:
        raise RuntimeError(report.message)


def _plan(tasks: list[dict[str, Any]]) -> None:
    bundle, run = _parsed(tasks, "bench")
    if len(api.explain(bundle, run)) != len(tasks):
        raise RuntimeError("the plan lacks tasks")


def _document(tasks: list[dict[str, Any]], name: str) -> Document:
    spec = {"pipelineSpec": {"tasks": tasks}}
    return Document({"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"name": name}, "spec": spec})


def _memory() -> float:
    """Return the most memory in MiB of a process that executes 100 runs at once, the steps as real processes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.scheduler"], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        raise RuntimeError(f"100 runs at once failed: {done.stderr[-300:]}")
    return float(json.loads(done.stdout)["mib"])


def _at_once() -> None:
    tasks = [{"name": name, "taskSpec": STEPS} for name in ("one", "two")]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda number: _run(*_parsed(tasks, f"run-{number}"), str(Path(folder))), range(_AT_ONCE)))
    print(json.dumps({"mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    _at_once()
