# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CS-04: from the source to a program that answers, started by hand, with the tutorial's Tasks and Pipeline.

Real are: Git over HTTP, the build, the registry (behind a gate that lets only the credentials of docker-config push),
the API server, the Deployment and its pod on the process node. Stood in for are: Maven (see test_cs_workspaces), the
address of the repository, the base image (the machine's Python), and kubectl on machines that have none. The step with
kubectl gets a kubeconfig that holds the token of the ServiceAccount helloworld-admin.
"""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef, deep_get
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import load_config
from ansible_collections.slipway.gitops.plugins.module_utils._oci.registry import Registry
from slipway.cluster import api as clusters
from tests.e2e.cases import cluster as cases
from tests.e2e.cases import servers
from tests.e2e.cases.plays import INSIDE, PATH, WAYS, Call, Played, play, stand_ins, surroundings, vectors, write
from tests.e2e.conftest import BIN, run

REPOSITORY = "icloud2native/spring-boot-helloworld"
NAME = "spring-boot-helloworld"
RUN = "s2i-buildid-run-00002"
TASKS = (
    *("TK-34-Task-git-clone", "TK-35-Task-build-to-package", "TK-36-Task-generate-build-id"),
    *("TR-23-Task-image-build-and-push", "TK-39-Task-deploy-using-kubectl", "TK-40-Pipeline-source-to-image"),
)
ACCOUNT = ("TK-41-ServiceAccount-helloworld-admin", "TK-41-ClusterRoleBinding-helloworld-admin")


@dataclass(frozen=True)
class Case:
    """What the play left, and where to look."""

    played: Played
    client: Client
    registry: str
    gateway: str

    @property
    def tasks(self) -> dict[str, Any]:
        """Return the TaskRuns of the run by task."""
        return {run["task"]: run for run in self.played.results[0]["task_runs"]}

    @property
    def build_id(self) -> str:
        return str(self.tasks["generate-build-id"]["results"]["buildId"])


@dataclass(frozen=True)
class Stage:
    """What is up for one play, and the call that it makes."""

    client: Client
    registry: str
    artifacts: servers.Artifacts
    call: Call


@contextmanager
def stage(embedded: clusters.ClusterState, folder: Path) -> Iterator[Stage]:
    """Bring everything up below `folder`: nothing has been built, pushed or deployed."""
    (folder / "cache").mkdir()
    shutil.rmtree(Path(embedded.state_dir) / "registry", ignore_errors=True)
    artifacts = servers.Artifacts()
    with (
        Client(load_config({"kubeconfig": embedded.kubeconfig})) as client,
        servers.git_server(folder / "git") as git,
        servers.serving(artifacts.handler()) as mirror,
        servers.serving(cases.gate(embedded.registry_host)) as gate,
    ):
        _clear(client)
        servers.sample_repository(folder / "git", folder / "work", git)
        registry = gate.removeprefix("http://")
        environment = {"PATH": PATH, "MAVEN_MIRROR": mirror, **servers.instead_of(git)}
        yield Stage(client, registry, artifacts, _call(folder, client, embedded.kubeconfig, registry, environment))


@pytest.fixture(scope="module", params=WAYS)
def case_4(
    request: pytest.FixtureRequest, embedded: clusters.ClusterState, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("cs04")
    with stage(embedded, folder) as up:
        played = play(folder, request.param, [up.call])
        yield Case(played, up.client, up.registry, embedded.gateway_url)


def _clear(client: Client) -> None:
    for version, kind in (("apps/v1", "Deployment"), ("v1", "Service")):
        client.delete(ObjectRef(version, kind, NAME, cases.NAMESPACE))
    cases.until(
        lambda: not client.get("apps/v1", "Deployment", NAME, cases.NAMESPACE), "the earlier Deployment is gone"
    )


def _call(folder: Path, client: Client, admin: str, registry: str, environment: dict[str, str]) -> Call:
    for file in ACCOUNT:
        obj: Manifest = yaml.safe_load((vectors() / f"{file}.yaml").read_text())
        client.apply(obj)
    kubeconfig = cases.account_kubeconfig(client, admin, "helloworld-admin", folder / "kubeconfig")
    secret = folder / "docker-config.yaml"
    secret.write_text(yaml.safe_dump(cases.docker_config(registry)))
    files = [str(vectors() / f"{name}.yaml") for name in (*TASKS, f"TK-42-PipelineRun-{RUN}")]
    return Call(
        "pipeline_run",
        {
            "src": [*files, str(secret)],
            "pipeline_run": RUN,
            "params": {"image-url": f"{registry}/{REPOSITORY}"},
            "state_dir": str(folder / "state"),
            "claims": {"maven-cache": str(folder / "cache")},
            "image_map": [*stand_ins("maven:*"), *_kubectl(folder, kubeconfig)],
            "step_env": {
                **environment,
                "MAVEN_OPTS": "-Dmaven.repo.local=/root/.m2/repository",
                "SLIPWAY_BASE_MAP": '{"python:*": "host"}',
                "KUBECONFIG": f"{INSIDE}/kubeconfig",
            },
        },
    )


def _kubectl(folder: Path, kubeconfig: Path) -> list[dict[str, Any]]:
    """Return the map of the kubectl image: its programs, and the kubeconfig."""
    (entry,) = stand_ins("lachlanevenson/k8s-kubectl", kubeconfig=str(kubeconfig))
    return [{**entry, "tools": {**entry["tools"], f"{INSIDE}/bin": str(cases.kubectl(folder))}}]


def test_cs04_the_run_goes_from_the_clone_to_the_deployment(case_4: Case) -> None:
    assert case_4.played.results[0]["status"] == "Succeeded"
    order = [step.split("/")[0].removeprefix(f"{RUN}-") for step in case_4.played.started()]
    assert (order[0], order[-1]) == ("git-clone", "deploy-to-cluster")
    assert order.index("image-build-and-push") > max(order.index("build-to-package"), order.index("generate-build-id"))


def test_cs04_the_build_id_is_the_version_with_the_time(case_4: Case) -> None:
    assert re.fullmatch(r"v0\.1\.2-\d{8}-\d{6}", case_4.build_id)


def test_cs04_the_registry_holds_exactly_the_tag_of_the_build(case_4: Case) -> None:
    registry = Registry(case_4.registry)
    assert registry.tags(REPOSITORY) == [case_4.build_id]
    digest = registry.digest(REPOSITORY, case_4.build_id)
    pushed = next(line for line in case_4.played.lines("image-build-and-push") if line.startswith("pushed "))
    assert pushed.endswith(f"@{digest}")


def test_cs04_the_deployment_runs_that_image(case_4: Case) -> None:
    found = case_4.client.get("apps/v1", "Deployment", NAME, cases.NAMESPACE) or {}
    image = deep_get(found, "spec", "template", "spec", "containers", 0, "image")
    assert image == f"{case_4.registry}/{REPOSITORY}:{case_4.build_id}"


def test_cs04_the_service_answers_with_the_version_of_the_source(case_4: Case) -> None:
    def available() -> bool:
        found = case_4.client.get("apps/v1", "Deployment", NAME, cases.NAMESPACE) or {}
        return deep_get(found, "status", "availableReplicas", default=0) == 1

    cases.until(available, "the Deployment is available")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": case_4.gateway}))
    address = f"http://{NAME}.{cases.NAMESPACE}.svc.cluster.local/version"
    with opener.open(address, timeout=10) as reply:
        assert reply.read() == b"version 0.9.6\n"


def test_cs04_the_password_of_the_registry_is_in_nothing_that_was_printed(case_4: Case) -> None:
    assert cases.PASSWORD not in case_4.played.output
    assert not any(cases.PASSWORD in str(event) for event in case_4.played.events)


def slipway(folder: Path, *arguments: str) -> str:
    done = run(str(BIN / "slipway"), *arguments, cwd=folder, env=surroundings(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_cs04_a_run_that_is_stopped_midway_has_applied_nothing_and_goes_on_later(
    embedded: clusters.ClusterState, tmp_path: Path
) -> None:
    with stage(embedded, tmp_path) as up:
        up.artifacts.open.clear()
        run_id = slipway(tmp_path, "run", "--detach", str(write(tmp_path, [up.call]))).strip()
        assert up.artifacts.asked.wait(90), "the build did not begin"
        slipway(tmp_path, "cancel", run_id)
        up.artifacts.open.set()
        (shown,) = [one for one in json.loads(slipway(tmp_path, "list", "--output", "json")) if one["id"] == run_id]
        assert shown["status"] == "Cancelled"
        assert not up.client.get("apps/v1", "Deployment", NAME, cases.NAMESPACE)
        again = play(tmp_path, "slipway run", [up.call])
        assert again.results[0]["status"] == "Succeeded"
        assert f"{RUN}-git-clone/git-clone" not in again.started()
        assert up.client.get("apps/v1", "Deployment", NAME, cases.NAMESPACE)
