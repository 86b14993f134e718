# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CS-06 with the tutorial's own files: a push builds an image, pushes it and deploys it, without a manual step.

Git, registry and cluster are real, on loopback. Maven is a small stand-in, GitLab's part is its recorded body.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from tests.e2e.cases import tutorial, ways
from tests.e2e.cases.gitlab import Hook, Project
from tests.e2e.cases.stage import REPOSITORY, TAG, Stage, stage
from tests.e2e.conftest import ROOT


@dataclass(frozen=True)
class Case:
    """The stage, the project in GitLab, and the way that is tested."""

    stage: Stage
    project: Project
    setup: ways.Setup
    way: ways.Way
    kind: str

    def push(self, text: str, branch: str = "main") -> Hook:
        """Push another text for /version and return what GitLab sends."""
        before, after = self.stage.change(text, branch)
        return self.project.push(before, after, branch, f"Say {text}")


@contextmanager
def _case(kind: str, services: Stage, folder: Path) -> Iterator[Case]:
    manifests = tutorial.copy(tutorial.CASE_06, folder / "manifests", {REPOSITORY: services.image})
    setup = ways.Setup(folder, [*manifests, services.secret(folder)], services.options())
    project = Project(services.clone.url, tutorial.TOKEN_06, tutorial.folder() / tutorial.RECORDED_PUSH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPWAY_STATE_DIR", str(folder / "state"))
        way = ways.WAYS[kind](setup)
        yield Case(services, project, setup, way, kind)
        way.close()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    tutorial.folder()
    with stage(tmp_path_factory.mktemp("cs-06")) as one:
        yield one


@pytest.fixture(scope="module", params=("ansible-playbook", "runner"))
def case(request: pytest.FixtureRequest, services: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with _case(request.param, services, tmp_path_factory.mktemp("way")) as one:
        yield one


def test_a_push_to_main_is_answered_by_the_running_service(case: Case) -> None:
    text, before = f"version 1.0.0 by {case.kind}", case.stage.tags()
    handled = case.way.send(case.push(text))
    assert [(ran.status, ran.message) for ran in handled.runs] == [("Succeeded", "")]
    tags = case.stage.tags() - before
    assert [bool(TAG.fullmatch(tag)) for tag in tags] == [True]
    assert case.stage.deployed() == f"{case.stage.image}:{tags.pop()}"
    case.stage.until_it_says(text)


def test_only_the_account_of_the_deploy_task_reaches_the_cluster(case: Case) -> None:
    handled = case.way.send(case.push(f"version 1.0.1 by {case.kind}"))
    assert "deployment.apps/spring-boot-helloworld configured" in ways.log_of(
        case.setup, handled.runs[0], "run-kubectl"
    )
    denied = {**case.setup.options, "service_accounts": {"default": str(case.stage.kubeconfig)}}
    (case.setup.folder / "denied").mkdir()
    other = ways.Playbook(replace(case.setup, options=denied, folder=case.setup.folder / "denied"))
    refused = other.send(case.push(f"version 1.0.2 by {case.kind}")).runs[0]
    assert not refused.succeeded
    assert "step-run-kubectl" in refused.message


def test_a_push_to_another_branch_builds_as_given(case: Case) -> None:
    handled = case.way.send(case.push(f"topic by {case.kind}", "topic"))
    assert [ran.status for ran in handled.runs] == ["Succeeded"]


def test_a_push_to_another_branch_starts_nothing_with_the_filter_of_the_example(case: Case, tmp_path: Path) -> None:
    listener = next(path for path in case.setup.manifests if "TR-27" in path)
    filtered = _with_the_filter(Path(listener), tmp_path)
    manifests = [filtered if path == listener else path for path in case.setup.manifests]
    way = ways.WAYS[case.kind](replace(case.setup, manifests=manifests, folder=tmp_path))
    handled = way.send(case.push(f"filtered by {case.kind}", "topic"))
    way.close()
    assert not handled.runs
    assert "expression body.ref == 'refs/heads/main'" in handled.reason


def _with_the_filter(listener: Path, folder: Path) -> str:
    """Return a copy of the tutorial's listener that has the cel interceptor of examples/gitlab-push as well."""
    example = yaml.safe_load((ROOT / "examples" / "gitlab-push" / "triggers" / "listener.yaml").read_text())
    cel = example["spec"]["triggers"][0]["interceptors"][1]
    assert cel["ref"]["name"] == "cel"
    data = yaml.safe_load(listener.read_text())
    data["spec"]["triggers"][0]["interceptors"].append(cel)
    (folder / "listener.yaml").write_text(yaml.safe_dump(data))
    return str(folder / "listener.yaml")


def test_of_two_quick_pushes_the_later_commit_is_left_deployed(services: Stage, tmp_path: Path) -> None:
    with _case("runner", services, tmp_path) as case:
        assert isinstance(case.way, ways.Receiver)
        events = [case.way.post(case.push(f"version 2.0.{number}")) for number in (0, 1)]
        first, second = (case.way.wait(event).runs[0] for event in events)
    assert (first.succeeded, second.succeeded) == (True, True)
    assert first.ended <= second.started
    heads = [ways.log_of(case.setup, ran, "git-clone").splitlines()[-1] for ran in (first, second)]
    assert [head.partition(" Say ")[2] for head in heads] == ["version 2.0.0", "version 2.0.1"]
    services.until_it_says("version 2.0.1")
