# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CS-02 and CS-03: workspaces as directories, and a Maven build whose cache outlives its runs.

The tutorial's files run as given. Git's insteadOf maps the tutorial's repository to a loopback server. The image of
Maven gets a stand-in `mvn` (tests/e2e/cases/bin): it reads pom.xml, downloads missing artifacts from a loopback
repository into ~/.m2 and packs a jar, so that the case runs on machines without Java and the network, and downloads
can be counted at the repository.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import process as sandbox
from tests.e2e.cases import servers
from tests.e2e.cases.plays import PATH, WAYS, Call, Played, pipeline_run, play, stand_ins, task_run, vectors

GIT_URL = f"{servers.TUTORIAL_GIT}{servers.REPOSITORY}.git"
ARTIFACTS = 4  # two dependencies, each a pom and a jar
JAR = "target/spring-boot-helloworld-0.9.6.jar"


def sources(*files: str) -> list[str]:
    return [str(vectors() / f"{file}.yaml") for file in files]


def second_case(state: Path, git: str) -> list[Call]:
    common = {"state_dir": str(state), "step_env": servers.instead_of(git)}
    empty = [{"name": "message", "emptyDir": {}}]
    demo = sources("TK-21-Task-workspace-demo")
    code = [{"name": "codebase", "emptyDir": {}}]
    listing = pipeline_run("cs02-lister", "pipeline-source-lister", workspaces=code)
    return [
        Call(
            "task_run",
            {
                **common,
                "src": demo,
                "task_run": task_run("cs02-bound", "workspace-demo", workspaces=empty),
                "params": {"target": "little boy"},
            },
        ),
        Call("task_run", {**common, "src": demo, "task_run": task_run("cs02-unbound", "workspace-demo")}),
        Call(
            "task_run",
            {
                **common,
                "src": sources("TK-22-Task-source-lister"),
                "task_run": task_run("cs02-source", "source-lister", workspaces=[{"name": "source", "emptyDir": {}}]),
                "params": {"git-repo": GIT_URL},
            },
        ),
        Call(
            "pipeline_run",
            {
                **common,
                "src": sources("TK-22-Task-source-lister", "TK-23-Pipeline-pipeline-source-lister"),
                "pipeline_run": listing,
                "params": {"git-url": GIT_URL},
            },
        ),
        Call(
            "pipeline_run",
            {**common, "src": sources("TK-24-Pipeline-volume-share", "TK-24-PipelineRun-volume-share-run-xxx")},
        ),
    ]


@pytest.fixture(scope="module", params=WAYS)
def case_2(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("cs02")
    with servers.git_server(folder / "git") as address:
        names = servers.sample_repository(folder / "git", folder / "work", address)
        played = play(folder, request.param, second_case(folder / "state", address))
        yield {"played": played, "names": names, "state": folder / "state"}


def test_cs02_every_run_succeeds(case_2: dict[str, Any]) -> None:
    assert [result["status"] for result in case_2["played"].results] == ["Succeeded"] * 5


@pytest.mark.skipif(sandbox.available().name == "plain", reason="without a sandbox paths in scripts are rewritten")
def test_cs02_a_bound_workspace_has_its_own_mount_path_and_a_volume(case_2: dict[str, Any]) -> None:
    lines = case_2["played"].lines("workspace-demo", run_name="cs02-bound")
    assert "MountPath: /data" in lines
    volume = next(line for line in lines if line.startswith("Volume Name: "))
    assert volume.removeprefix("Volume Name: ").strip()
    assert any("Hello little boy" in line for line in lines)


def test_cs02_an_optional_workspace_may_stay_unbound(case_2: dict[str, Any]) -> None:
    lines = case_2["played"].lines("workspace-demo", run_name="cs02-unbound")
    assert "MountPath:" in [line.strip() for line in lines]
    assert not any("Hello" in line for line in lines)


def test_cs02_the_second_step_lists_what_the_first_one_cloned(case_2: dict[str, Any]) -> None:
    listed = case_2["played"].lines("source-lister", "list-file", "cs02-source")
    assert sorted(listed) == sorted(case_2["names"])


def test_cs02_the_workspace_of_a_pipeline_is_given_to_its_task(case_2: dict[str, Any]) -> None:
    listed = case_2["played"].lines("git-clone", "list-file", "cs02-lister")
    assert sorted(listed) == sorted(case_2["names"])


def test_cs02_two_tasks_share_the_claim_of_their_run(case_2: dict[str, Any]) -> None:
    listed = case_2["played"].lines("source-lister", "list-files", "volume-share-run-xxx")
    assert sorted(listed) == sorted(case_2["names"])


def test_cs02_logs_can_be_read_later_by_the_name_of_the_run(case_2: dict[str, Any]) -> None:
    (log,) = (case_2["state"] / "volume-share-run-xxx").rglob("list-files.log")
    assert sorted(log.read_text().splitlines()) == sorted(case_2["names"])


def test_cs02_the_claim_of_the_run_goes_with_it(case_2: dict[str, Any]) -> None:
    assert not (case_2["state"] / "volume-share-run-xxx" / "volumes").exists()


def third_case(folder: Path, git: str, mirror: str) -> list[Call]:
    """Without a cache, with an empty cache, with a full cache; the last one keeps its workspace."""
    environment = {"PATH": PATH, "MAVEN_MIRROR": mirror, **servers.instead_of(git)}
    cached = {**environment, "MAVEN_OPTS": "-Dmaven.repo.local=/root/.m2/repository"}
    common = {"state_dir": str(folder / "state"), "image_map": stand_ins("maven:*")}
    claims = {"maven-cache": str(folder / "cache"), "codebase": str(folder / "codebase")}
    kept = [{"name": "codebase", "persistentVolumeClaim": {"claimName": "codebase"}}]
    again = pipeline_run("source-2-package-run-003", "source-2-package", workspaces=kept)
    with_cache = sources("TK-26-Pipeline-source-2-package")
    second = sources("TK-26-PipelineRun-source-2-package-run-002")
    third = {"src": with_cache, "pipeline_run": again, "params": {"git-url": GIT_URL}}
    return [
        Call(
            "pipeline_run",
            {
                **common,
                "step_env": environment,
                "src": sources("TK-25-Pipeline-source-2-package", "TK-25-PipelineRun-source-2-package-run-001"),
            },
        ),
        Call("pipeline_run", {**common, "step_env": cached, "claims": claims, "src": with_cache + second}),
        Call("pipeline_run", {**common, "step_env": cached, "claims": claims, **third}),
    ]


@pytest.fixture(scope="module", params=WAYS)
def case_3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("cs03")
    for claim in ("cache", "codebase"):
        (folder / claim).mkdir()
    store = servers.Artifacts()
    with servers.git_server(folder / "git") as git, servers.serving(store.handler()) as mirror:
        servers.sample_repository(folder / "git", folder / "work", git)
        played = play(folder, request.param, third_case(folder, git, mirror))
        yield {"played": played, "requests": store.requests, "folder": folder}


def _downloads(played: Played, run: str) -> int:
    return sum("Downloaded from" in line for line in played.lines("build-package", "build", run))


def test_cs03_three_builds_succeed(case_3: dict[str, Any]) -> None:
    assert [result["status"] for result in case_3["played"].results] == ["Succeeded"] * 3
    for number in (1, 2, 3):
        lines = case_3["played"].lines("build-package", run_name=f"source-2-package-run-00{number}")
        assert lines[-1] == "[INFO] BUILD SUCCESS"


def test_cs03_a_filled_cache_saves_every_download(case_3: dict[str, Any]) -> None:
    runs = [f"source-2-package-run-00{number}" for number in (1, 2, 3)]
    assert [_downloads(case_3["played"], run) for run in runs] == [ARTIFACTS, ARTIFACTS, 0]
    assert len(case_3["requests"]) == 2 * ARTIFACTS


def test_cs03_the_jar_lies_in_the_workspace(case_3: dict[str, Any]) -> None:
    with zipfile.ZipFile(case_3["folder"] / "codebase" / "source" / JAR) as jar:
        assert "META-INF/MANIFEST.MF" in jar.namelist()


def test_cs03_the_journal_holds_how_long_each_build_took(case_3: dict[str, Any]) -> None:
    ends = {
        event["subject"]["name"]: event["data"]["seconds"]
        for event in case_3["played"].events
        if event["phase"] == "Succeeded" and event["subject"]["kind"] == "PipelineRun" and "task" not in event["data"]
    }
    assert sorted(ends) == [f"source-2-package-run-00{number}" for number in (1, 2, 3)]
    assert all(seconds > 0 for seconds in ends.values())
