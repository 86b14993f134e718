# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process executor against Tekton 1.15: overhead of a TaskRun, of a step, two steps, a chain of five.

The peer's figures are recorded (a real node with containerd on two cores); ours are taken now, engine only.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import ProcessSpec, start
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from tests.bench.measure import ROUNDS, Row, seconds

ECHO = {"image": "alpine", "script": "#!/bin/sh\necho hello"}
PEER, SOURCE = "tekton", "recorded"


def rows(real: bool) -> list[Row]:
    """Return the four rows. Overheads are what is left after the same programs were started bare in a sandbox."""
    if real:
        print("pipeline: the peer stays recorded: a real Tekton needs a node with containerd, which is not set up here")
    bare = _median(_sandbox)
    one, two, eleven = (_median(lambda count=count: _task_run(count)) for count in (1, 2, 11))
    chain = _median(_chain)
    edge = max((eleven - one) / 10 - bare, 1e-4)
    return [
        Row("pipeline.taskrun_overhead", one - bare, 4.8, PEER, source=SOURCE),
        Row("pipeline.step_edge", edge, 0.5, PEER, source=SOURCE),
        Row("pipeline.two_step", two, 4.8, PEER, source=SOURCE),
        Row("pipeline.chain5", chain, 23.1, PEER, source=SOURCE),
    ]


def _median(action: Any) -> float:
    action()
    return statistics.median(seconds(action) for _round in range(ROUNDS))


def _sandbox() -> None:
    running = start(ProcessSpec(argv=("/bin/sh", "-c", "echo hello"), env={"PATH": "/usr/bin:/bin"}, cwd="/tmp"))
    running.wait()


def _task_run(steps: int) -> None:
    spec = {"taskSpec": {"steps": [ECHO] * steps}}
    with tempfile.TemporaryDirectory() as folder:
        bundle, run = _parse("TaskRun", spec)
        report = api.run_task(bundle, run, api.Options(state_dir=folder), NULL, Cancel())
    if not report.succeeded:
        raise RuntimeError(report.message)


def _chain() -> None:
    tasks: list[dict[str, Any]] = [{"name": f"t{number}", "taskSpec": {"steps": [ECHO]}} for number in range(5)]
    for before, task in itertools.pairwise(tasks):
        task["runAfter"] = [before["name"]]
    with tempfile.TemporaryDirectory() as folder:
        bundle, run = _parse("PipelineRun", {"pipelineSpec": {"tasks": tasks}})
        report = api.run_pipeline(bundle, run, api.Options(state_dir=folder), NULL, Cancel())
    if not report.succeeded:
        raise RuntimeError(report.message)


def _parse(kind: str, spec: dict[str, Any]) -> tuple[api.Bundle, Document]:
    obj = {"apiVersion": "tekton.dev/v1", "kind": kind, "metadata": {"name": "bench"}, "spec": spec}
    bundle = api.parse([Document(obj)])
    found = bundle.find(kind, "bench")
    if found is None:
        raise RuntimeError("the run was not parsed")
    return bundle, found
