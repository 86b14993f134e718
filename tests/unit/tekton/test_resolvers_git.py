# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The git resolver: repositories on disk, and the APIs of hosts on loopback."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import redact, yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Refused,
)
from tests.unit.tekton.resolving import (
    TASK,
    Repository,
    Web,
    failed,
    git,
    refused,
    resolve,
    secret,
    wrong,
)

pytestmark = pytest.mark.usefixtures("no_configuration")


def test_git_gives_the_file_of_a_branch_and_says_which_commit(repository: Repository) -> None:
    found = resolve("git", {"url": repository.url, "revision": "main", "pathInRepo": "/tasks/hello.yaml"})
    commit = git(repository.folder, "rev-parse", "HEAD")
    assert found.document.data["metadata"]["name"] == "hello"
    assert found.source.as_dict() == {
        "uri": f"git+{repository.url}", "digest": {"sha1": commit}, "entryPoint": "/tasks/hello.yaml",
    }  # fmt: skip


def test_git_takes_main_when_no_revision_is_given(repository: Repository) -> None:
    assert resolve("git", {"url": repository.url, "pathInRepo": "tasks/hello.yaml"}).name == "hello"


@pytest.mark.parametrize("revision", ["v1", "refs/tags/v1", "sha"])
def test_git_takes_tags_and_commits(repository: Repository, revision: str) -> None:
    commit = git(repository.folder, "rev-parse", "HEAD")
    git(repository.folder, "tag", "-a", "v1", "-m", "first")
    repository.commit("tasks/hello.yaml", TASK.replace("hello", "later"))
    wanted = commit if revision == "sha" else revision
    found = resolve("git", {"url": repository.url, "revision": wanted, "pathInRepo": "tasks/hello.yaml"})
    assert (found.name, found.source.digest) == ("hello", {"sha1": commit})


def test_git_fetches_no_other_file_where_the_server_can(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git(repository.folder, "config", "uploadpack.allowFilter", "true")
    repository.commit("large", os.urandom(1 << 20).hex())
    kept: list[int] = []
    remove = shutil.rmtree

    def watched(folder: str, **more: Any) -> None:
        kept.append(sum(path.stat().st_size for path in Path(folder).rglob("*.pack")))
        remove(folder, **more)

    monkeypatch.setattr(shutil, "rmtree", watched)
    assert resolve("git", {"url": repository.url, "pathInRepo": "tasks/hello.yaml"}).name == "hello"
    assert 0 < max(kept) < 1 << 20


def test_git_ends_after_its_own_time(web: Web) -> None:
    web.pages["/r.git/info/refs?service=git-upload-pack"] = "hold"
    error = refused("git", {"url": f"{web.url}/r.git", "pathInRepo": "a"}, git={"fetch-timeout": "300ms"})
    assert error.message == "error requesting remote resource: resolution took longer than fetch-timeout of 300ms"


def test_git_follows_links_inside_the_repository(repository: Repository) -> None:
    os.symlink("tasks", repository.folder / "link")
    repository.commit("other", "x")
    assert resolve("git", {"url": repository.url, "pathInRepo": "link/hello.yaml"}).name == "hello"


@pytest.mark.parametrize("path", ["../../etc/passwd", "out"])
def test_git_never_leaves_the_repository(repository: Repository, path: str) -> None:
    os.symlink("/etc/passwd", repository.folder / "out")
    repository.commit("other", "x")
    error = refused("git", {"url": repository.url, "pathInRepo": path})
    assert "attempts to escape the repository directory" in failed(error, "Git")


@pytest.mark.parametrize(
    ("path", "problem"),
    [("nope.yaml", "file does not exist"), ("a blob", "file does not exist"), ("tasks", "is a directory")],
)
def test_git_names_a_file_that_is_not_there(repository: Repository, path: str, problem: str) -> None:
    error = refused("git", {"url": repository.url, "pathInRepo": path})
    assert failed(error, "Git").endswith(f'error opening file "{path}": {problem}')


def test_git_names_a_revision_that_is_not_there(repository: Repository) -> None:
    error = refused("git", {"url": repository.url, "revision": "nope", "pathInRepo": "tasks/hello.yaml"})
    assert "couldn't find remote ref nope" in failed(error, "Git")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "no params"),
        ({"url": "https://h/r"}, "missing required git resolver params: pathInRepo"),
        ({"pathInRepo": "a"}, "must specify one of 'url' or 'repo'"),
        ({"url": "https://h/r", "repo": "r", "pathInRepo": "a"}, "cannot specify both 'url' and 'repo'"),
        ({"repo": "r", "pathInRepo": "a"}, "'org' is required when 'repo' is specified"),
        ({"url": "foobar", "pathInRepo": "a"}, "invalid git repository url: foobar"),
        ({"url": "https://h/r", "pathInRepo": "a", "cache": "x"}, "invalid cache mode 'x', must be one of: [always never auto]"),
    ],
)  # fmt: skip
def test_git_checks_its_params(params: dict[str, str], message: str) -> None:
    assert wrong(refused("git", params)) == message


def test_git_takes_defaults_of_a_given_config_map_under_its_key(repository: Repository) -> None:
    config = {"mine.default-url": repository.url, "mine.default-revision": "main"}
    given = yaml.dump(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "git-resolver-config"}, "data": config}
    )
    assert resolve("git", {"pathInRepo": "tasks/hello.yaml", "configKey": "mine"}, given=given).name == "hello"


def test_git_sends_a_token_of_a_secret_and_never_tells_it(web: Web) -> None:
    given = secret("s", token="canary-of-the-git-token")
    params = {"url": f"{web.url}/r.git", "pathInRepo": "a", "gitToken": "s"}
    error = refused("git", params, given=given)
    sent = [headers.get("Authorization", "") for _path, headers in web.asked]
    assert base64.b64encode(b"git:canary-of-the-git-token").decode() in sent[0]
    assert "canary" not in redact.current.scrub(str(error))


def test_git_never_gets_the_password_of_an_address_as_an_argument(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    start = subprocess.Popen

    def watched(command: list[str], **more: Any) -> Any:
        started.append(command)
        return start(command, **more)

    monkeypatch.setattr(subprocess, "Popen", watched)
    refused("git", {"url": web.url.replace("://", "://me:open-sesame@") + "/r.git", "pathInRepo": "a"})
    assert base64.b64encode(b"me:open-sesame").decode() in web.asked[0][1]["Authorization"]
    assert started
    assert not any("open-sesame" in word for command in started for word in command)


def test_a_secret_that_is_not_given_is_named() -> None:
    error = refused("git", {"url": "https://127.0.0.1:1/r.git", "pathInRepo": "a", "gitToken": "s"})
    assert failed(error, "Git").endswith("cannot get API token, secret s not found in namespace default")


HOSTS = {
    "github": ("/api/v3/repos/me/app", "/commits/main", "/contents/d/t.yaml", "clone_url", "sha", "Authorization"),
    "gitea": ("/api/v1/repos/me/app", "/git/commits/main", "/contents/d/t.yaml", "clone_url", "sha", "Authorization"),
    "gitlab": (
        "/api/v4/projects/me%2Fapp", "/repository/commits/main", "/repository/files/d%2Ft.yaml", "http_url_to_repo", "id",
        "Private-Token",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTS)
def test_files_come_over_the_api_of_a_host_with_the_token(web: Web, kind: str) -> None:
    base, commit, file, clone, sha, header = HOSTS[kind]
    web.pages = {
        base: json.dumps({clone: "https://host/me/app.git"}),
        base + commit: json.dumps({sha: "a" * 40}),
        f"{base}{file}?ref={'a' * 40}": json.dumps({"content": base64.encodebytes(TASK.encode()).decode()}),
    }
    params = {
        "org": "me",
        "repo": "app",
        "pathInRepo": "/d/t.yaml",
        "scmType": kind,
        "serverURL": web.url,
        "token": "s",
    }
    found = resolve("git", params, given=secret("s", token="the-api-token"))
    assert found.source.as_dict() == {
        "uri": "git+https://host/me/app.git", "digest": {"sha1": "a" * 40}, "entryPoint": "d/t.yaml",
    }  # fmt: skip
    assert all("the-api-token" in headers[header] for _path, headers in web.asked)


def test_a_token_never_travels_in_plain_text() -> None:
    params = {"org": "me", "repo": "app", "pathInRepo": "t", "serverURL": "http://git.example.com", "token": "s"}
    error = refused("git", params, given=secret("s", token="the-api-token"))
    assert isinstance(error, Refused)
    assert "plain_http: [git.example.com]" in error.hint


def test_a_host_of_another_kind_is_refused_by_name() -> None:
    error = refused("git", {"org": "o", "repo": "r", "pathInRepo": "t", "scmType": "bitbucketcloud", "token": "s"})
    assert "scmType 'bitbucketcloud'" in error.message


def test_git_leaves_nothing_behind_and_removes_what_a_killed_run_left(repository: Repository, tmp_path: Path) -> None:
    work = tmp_path / "cache/slipway/resolvers/work"
    (work / "left").mkdir(parents=True)
    os.utime(work / "left", (0, 0))
    resolve("git", {"url": repository.url, "pathInRepo": "tasks/hello.yaml"})
    assert os.listdir(work) == []
