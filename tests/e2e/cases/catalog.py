# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the test runs of the catalog with the native process executor, against servers on loopback.

The addresses of example.com in catalog/tests are filled in as a user would.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from tests.e2e.cases import servers
from tests.e2e.cases.plays import INSIDE, PATH, STAND_INS, stand_ins
from tests.e2e.cases.sinks import HttpSink, Mail
from tests.e2e.conftest import ROOT

CATALOG = ROOT / "catalog"
GO = "/usr/local/go/bin"


@dataclass(frozen=True)
class Done:
    """A run that ended: its report, and its log lines by task."""

    report: api.Report
    logs: Mapping[str, Sequence[str]]

    @property
    def results(self) -> dict[str, Any]:
        """Return the results of the run; of a TaskRun, those of its task."""
        return self.report.results or self.report.task_runs[0]["results"]


@dataclass
class Site:
    """The loopback services of a test run. `addresses` maps those of catalog/tests to them."""

    folder: Path
    addresses: dict[str, str]
    sink: HttpSink = field(default_factory=HttpSink)
    mails: list[Mail] = field(default_factory=list)
    artifacts: servers.Artifacts = field(default_factory=servers.Artifacts)
    mirror: str = ""
    kubectl: Path = Path()
    count: int = 0

    def fill(self, text: str) -> str:
        """Return the text with the addresses of this site."""
        for theirs, ours in self.addresses.items():
            text = text.replace(theirs, ours)
        return text

    def run(self, name: str, change: Callable[[str], str] = str, extra: Sequence[Manifest] = ()) -> Done:
        """Run catalog/tests/NAME.yaml; `change` edits its text, `extra` are more objects."""
        self.count += 1
        given = [yaml.Document(obj, "<extra>") for obj in extra]
        own = yaml.load_all(change(self.fill((CATALOG / "tests" / f"{name}.yaml").read_text())), f"{name}.yaml")
        bundle, events = api.parse([*self._catalog(), *own, *given]), Recorder()
        options = api.Options(
            state_dir=str(self.folder / f"state-{self.count}"),
            image_map=self._images(),
            step_env=self._environment(),
            claims={"go-cache": str(self.folder / "go-cache")},
        )
        kind = "PipelineRun" if bundle.names("PipelineRun") else "TaskRun"
        run = bundle.find(kind, bundle.names(kind)[0])
        assert run is not None
        engine = api.run_pipeline if kind == "PipelineRun" else api.run_task
        report = engine(bundle, run, options, events, Cancel())
        logs: dict[str, list[str]] = {}
        for event in events.events:
            if event.phase == "Log":
                logs.setdefault(str(event.data["task"]), []).append(event.message)
        return Done(report, logs)

    @staticmethod
    def _catalog() -> list[yaml.Document]:
        files = [*CATALOG.glob("tasks/*.yaml"), *CATALOG.glob("pipelines/*.yaml")]
        return [document for file in sorted(files) for document in yaml.load_path(str(file))]

    def _images(self) -> list[dict[str, Any]]:
        buildah = {"image": "quay.io/buildah/*", "toolset": "kaniko", "tools": {f"{INSIDE}/bin": str(STAND_INS)}}
        kubectl = {"image": "alpine/k8s:*", "toolset": "busybox", "tools": {f"{INSIDE}/bin": str(self.kubectl)}}
        return [*stand_ins("maven:*", "*/cosign:*"), buildah, kubectl]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{PATH}:{GO}",
            "MAVEN_MIRROR": self.mirror,
            "BUILDER": "/kaniko/executor",
            "SLIPWAY_BASE_MAP": '{"python:*": "host"}',
        }


def has(program: str) -> bool:
    """Return whether steps find a program on this machine."""
    return shutil.which(program, path=f"/usr/local/bin:/usr/bin:/bin:{GO}") is not None
