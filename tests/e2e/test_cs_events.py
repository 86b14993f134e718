# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CS-05 with the tutorial's own files: a hook of GitLab starts one TaskRun at the commit, or says why not.

Git is real, on loopback; GitLab's part are its recorded bodies. Every test runs with ansible-playbook, with the
receiver and with the EDA source.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.cases import repositories, tutorial, ways
from tests.e2e.cases.gitlab import Project
from tests.e2e.cases.repositories import Clone
from tests.e2e.conftest import BIN, ROOT, run

EXAMPLE = ROOT / "examples" / "gitlab-push"
ANNOUNCED = {"README.md": "one\n", "first.txt": "1\n"}
EMPTY_PLAY = 0.7  # seconds that ansible-playbook takes to do nothing, on an idle machine


@dataclass(frozen=True)
class Case:
    """The project, two commits of it, and the way that is tested."""

    project: Project
    clone: Clone
    first: str
    second: str
    setup: ways.Setup
    way: ways.Way
    kind: str


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Clone, str, str]]:
    """A project with two commits; the second brings a file that the first lacks."""
    tutorial.folder()
    with repositories.serve(tmp_path_factory.mktemp("git")) as server:
        folder = server.root.with_name("clone-05")
        clone = repositories.project(server.root, server.url, "spring-boot-helloworld", folder)
        first = clone.commit("First", ANNOUNCED)
        yield clone, first, clone.commit("Second", {"second.txt": "2\n"})


@pytest.fixture(scope="module", params=ways.WAYS)
def case(
    request: pytest.FixtureRequest, repository: tuple[Clone, str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    clone, first, second = repository
    folder = tmp_path_factory.mktemp("case-05")
    setup = ways.Setup(folder, tutorial.copy(tutorial.CASE_05, folder / "manifests"))
    project = Project(clone.url, tutorial.TOKEN, tutorial.folder() / tutorial.RECORDED_PUSH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLIPWAY_STATE_DIR", str(folder / "state"))
        way = ways.WAYS[request.param](setup)
        yield Case(project, clone, first, second, setup, way, request.param)
        way.close()


def test_a_push_starts_one_task_run_that_lists_the_tree_of_its_commit(case: Case) -> None:
    handled = case.way.send(case.project.push(case.second, case.first))
    assert [ran.status for ran in handled.runs] == ["Succeeded"]
    assert f"HEAD is now at {case.first[:7]}" in ways.log_of(case.setup, handled.runs[0], "fetch-from-git-repo")
    listed = ways.log_of(case.setup, handled.runs[0], "list-files")
    assert {line.split()[-1] for line in listed.splitlines()[1:]} == {".", "..", ".git", *ANNOUNCED}


def test_a_tag_starts_one_task_run_at_the_commit_of_the_tag(case: Case) -> None:
    name = f"v1-{case.kind}"
    handled = case.way.send(case.project.tag_push(name, case.clone.tag(name, case.second), case.second))
    assert [ran.status for ran in handled.runs] == ["Succeeded"]
    assert "second.txt" in ways.log_of(case.setup, handled.runs[0], "list-files")


def test_a_merge_request_starts_nothing_and_the_missing_path_is_named(case: Case) -> None:
    handled = case.way.send(case.project.merge_request("topic", case.second))
    assert not handled.runs
    assert "$(body.checkout_sha): checkout_sha is not found" in handled.reason


@pytest.mark.parametrize(
    ("token", "reason"), [("wrong", "Invalid X-GitLab-Token"), ("", "no X-GitLab-Token header set")]
)
def test_a_wrong_token_starts_nothing(case: Case, token: str, reason: str) -> None:
    hook = case.project.push(case.first, case.second)
    handled = case.way.send(replace(hook, token=token))
    assert (list(handled.runs), handled.reason.removeprefix("gitlab-push-events-trigger: ")) == ([], reason)


def test_an_event_type_outside_the_list_starts_nothing(case: Case) -> None:
    hook = case.project.push(case.first, case.second)
    handled = case.way.send(replace(hook, kind="Note Hook"))
    assert not handled.runs
    assert "event type Note Hook is not allowed" in handled.reason


def test_braces_in_a_commit_message_are_text_for_ansible(case: Case, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    title = f"{{{{ lookup('ansible.builtin.pipe', 'touch {mark}') }}}}"
    handled = case.way.send(case.project.push(case.first, case.second, branch=title, title=title))
    assert [ran.status for ran in handled.runs] == ["Succeeded"]
    assert not mark.exists()


def test_a_deleted_branch_is_reported_and_its_run_fails_as_in_tekton(case: Case) -> None:
    handled = case.way.send(case.project.deletion(case.second, "topic"))
    assert "param git-revision is null: $(body.checkout_sha) is null in the event" in handled.reason
    assert [ran.succeeded for ran in handled.runs] == [False]
    assert "fetch-from-git-repo" in handled.runs[0].message


def test_the_run_starts_within_five_seconds_of_the_push(case: Case, tmp_path: Path) -> None:
    """On a machine that is busy with something else, proportionally longer."""
    before = _empty_play(case.setup, tmp_path)
    posted = time.time()
    handled = case.way.send(case.project.push(case.first, case.second))
    busy = max(before, _empty_play(case.setup, tmp_path)) / EMPTY_PLAY
    assert 0 < handled.runs[0].started - posted < 5 * max(1.0, busy)


def _empty_play(setup: ways.Setup, folder: Path) -> float:
    """Return the seconds that a play without work takes now."""
    (folder / "empty.yml").write_text("- {hosts: localhost, gather_facts: false, tasks: [{meta: noop}]}\n")
    began = time.monotonic()
    command = (str(BIN / "ansible-playbook"), "-i", "localhost,", "empty.yml")
    assert run(*command, cwd=folder, env=ways.environment(setup)).returncode == 0
    return time.monotonic() - began


@pytest.mark.parametrize("kind", ["ansible-playbook", "runner"])
def test_the_example_starts_a_run_at_the_commit_of_a_merge_request(
    kind: str, repository: tuple[Clone, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, first, _second = repository
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    setup = ways.Setup(tmp_path, [str(EXAMPLE / "triggers"), str(EXAMPLE / "secret.yaml")])
    project = Project(clone.url, "replace-this-token", tutorial.folder() / tutorial.RECORDED_PUSH)
    way = ways.WAYS[kind](setup)
    handled = way.send(project.merge_request("topic", first))
    way.close()
    assert [ran.status for ran in handled.runs] == ["Succeeded"]
    listed = ways.log_of(setup, handled.runs[0], "list")
    assert "first.txt" in listed
    assert "second.txt" not in listed
