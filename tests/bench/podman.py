# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The podman executor against Tekton 1.15: two steps in containers. Left out where podman runs none."""

from __future__ import annotations

import os
import statistics
import tempfile

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from tests.bench.measure import ROUNDS, Row, seconds
from tests.unit.tekton.podman_here import IMAGE, arguments

PEER, SOURCE = "tekton", "recorded"
ECHO = {"image": IMAGE, "script": "#!/bin/sh\necho hello"}


def rows(real: bool) -> list[Row]:
    """Return the row. RuntimeError where podman does not work."""
    os.environ["SLIPWAY_PODMAN_ARGS"] = arguments()
    _two_steps()
    two = statistics.median(seconds(_two_steps) for _round in range(ROUNDS))
    return [Row("pipeline.podman_two_step", two, 4.8, PEER, source=SOURCE)]


def _two_steps() -> None:
    spec = {"taskSpec": {"steps": [ECHO, ECHO]}}
    obj = {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": "bench"}, "spec": spec}
    bundle = api.parse([Document(obj)])
    found = bundle.find("TaskRun", "bench")
    if found is None:
        raise RuntimeError("the run was not parsed")
    with tempfile.TemporaryDirectory() as folder:
        report = api.run_task(bundle, found, api.Options(executor="podman", state_dir=folder), NULL, Cancel())
    if not report.succeeded:
        raise RuntimeError(report.message)
