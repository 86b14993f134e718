# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mirrors, checkouts and pushes against repositories on disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import redact
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import VirtualClock
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Cancelled,
    Invalid,
    Permanent,
    Refused,
    Unreachable,
)
from ansible_collections.slipway.gitops.plugins.module_utils._git.change import change
from ansible_collections.slipway.gitops.plugins.module_utils._git.command import Credentials, Git, Rejected
from ansible_collections.slipway.gitops.plugins.module_utils._git.mirror import Mirror

AUTHOR = {
    "GIT_AUTHOR_NAME": "T",
    "GIT_AUTHOR_EMAIL": "t@example.com",
    "GIT_COMMITTER_NAME": "T",
    "GIT_COMMITTER_EMAIL": "t@example.com",
}


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **AUTHOR}
    ).stdout.strip()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work tree whose remote is a bare repository beside it."""
    bare, folder = tmp_path / "bare.git", tmp_path / "work"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    subprocess.run(["git", "clone", "-q", str(bare), str(folder)], check=True, capture_output=True)
    git(folder, "checkout", "-q", "-B", "main")
    (folder / "a.yaml").write_text("a: 1\n")
    (folder / ".gitattributes").write_text("*.yaml export-ignore\n")
    (folder / "link.yaml").symlink_to("a.yaml")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    git(folder, "push", "-q", "origin", "main")
    return folder


def url(work: Path) -> str:
    return f"file://{work.parent / 'bare.git'}"


def test_a_tree_holds_every_file_of_the_commit(work: Path, tmp_path: Path) -> None:
    tree = Mirror(url(work), str(tmp_path / "cache"), Git()).tree("main")
    folder = Path(tree.folder)
    assert (folder / "a.yaml").read_text() == "a: 1\n"
    assert (folder / "link.yaml").is_symlink()
    assert (tree.commit, tree.message) == (git(work, "rev-parse", "HEAD"), "first")


def test_a_mirror_sees_later_commits_and_keeps_the_earlier_tree(work: Path, tmp_path: Path) -> None:
    mirror = Mirror(url(work), str(tmp_path / "cache"), Git())
    first = mirror.tree("")
    (work / "a.yaml").write_text("a: 2\n")
    git(work, "commit", "-q", "-a", "-m", "second")
    git(work, "push", "-q", "origin", "main")
    second = mirror.tree("")
    assert [(Path(tree.folder) / "a.yaml").read_text() for tree in (first, second)] == ["a: 1\n", "a: 2\n"]
    assert mirror.tree(first.commit[:8]).commit == first.commit
    assert mirror.tree(first.commit).folder == first.folder


def test_an_annotated_tag_means_its_commit(work: Path, tmp_path: Path) -> None:
    git(work, "tag", "-a", "v1.0.0", "-m", "release")
    git(work, "push", "-q", "origin", "v1.0.0")
    mirror = Mirror(url(work), str(tmp_path / "cache"), Git())
    assert mirror.resolve("v1.0.0") == mirror.resolve("^1.0") == git(work, "rev-parse", "HEAD")


def test_unknown_commits_and_repositories_are_told_apart(work: Path, tmp_path: Path) -> None:
    mirror = Mirror(url(work), str(tmp_path / "cache"), Git())
    with pytest.raises(Invalid, match=r"targetRevision 0{40} is not in"):
        mirror.tree("0" * 40)
    with pytest.raises(Invalid, match="'abcdef1' is no commit"):
        mirror.tree("abcdef1")
    with pytest.raises(Permanent) as caught:
        Mirror(str(tmp_path / "nothing.git"), str(tmp_path / "cache"), Git()).tree("main")
    assert caught.value.reason == "NotFound"
    with pytest.raises(Unreachable):
        Mirror("http://127.0.0.1:1/x.git", str(tmp_path / "cache"), Git()).tree("main")


def test_credentials_go_to_their_server_only_and_stay_secret() -> None:
    known = Credentials("me", "a-long-password", url="https://git.example.com/a/b.git")
    environment = Git(known)._environment()
    number = int(environment["GIT_CONFIG_COUNT"]) - 1
    assert environment[f"GIT_CONFIG_KEY_{number}"] == "http.https://git.example.com/.extraHeader"
    assert "a-long-password" not in repr(known)
    assert redact.current.scrub(environment[f"GIT_CONFIG_VALUE_{number}"]) == "Authorization: Basic ********"


def test_settings_of_the_user_in_the_environment_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "them")
    environment = Git(Credentials(insecure=True))._environment()
    assert (environment["GIT_CONFIG_COUNT"], environment["GIT_CONFIG_VALUE_0"]) == ("2", "them")
    assert (environment["GIT_CONFIG_KEY_1"], environment["GIT_CONFIG_VALUE_1"]) == ("http.sslVerify", "false")


def write(text: str) -> object:
    def edit(folder: str) -> list[str]:
        Path(folder, "a.yaml").write_text(text)
        return ["a.yaml"]

    return edit


def test_a_protected_branch_is_told_with_what_the_server_says(work: Path) -> None:
    hook = work.parent / "bare.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho main is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Refused, match=r"the server refused the push: .*main is protected"):
        change(Git(author=AUTHOR), url(work), "main", write("a: 3\n"), "x")  # type: ignore[arg-type]


def test_pushing_is_given_up_after_the_last_attempt_without_really_waiting(work: Path) -> None:
    def edit(folder: str) -> list[str]:
        git(work, "commit", "-q", "--allow-empty", "-m", "theirs")
        git(work, "push", "-q", "origin", "main")
        Path(folder, "a.yaml").write_text("a: 3\n")
        return ["a.yaml"]

    clock = VirtualClock()
    with pytest.raises(Rejected):
        change(Git(author=AUTHOR), url(work), "main", edit, "x", attempts=3, clock=clock)
    assert git(work, "log", "--format=%s", "origin/main").splitlines() == ["theirs"] * 3 + ["first"]
    assert clock.slept > 0


def test_a_dry_run_and_a_commit_without_push_leave_the_branch_alone(work: Path) -> None:
    head = git(work, "rev-parse", "HEAD")
    tried = change(Git(author=AUTHOR), url(work), "main", write("a: 3\n"), "x", dry_run=True)  # type: ignore[arg-type]
    kept = change(Git(author=AUTHOR), url(work), "main", write("a: 3\n"), "x", push=False)  # type: ignore[arg-type]
    assert (tried.commit, tried.files, "+a: 3" in tried.diff) == (head, ["a.yaml"], True)
    assert (kept.pushed, kept.commit != head, git(work, "ls-remote", "origin", "main").split()[0]) == (
        False,
        True,
        head,
    )


def test_a_cancel_ends_git(work: Path) -> None:
    cancel = Cancel()
    cancel.set("stopped")
    with pytest.raises(Cancelled):
        Git(cancel=cancel).run("-c", "alias.nap=!sleep 30", "nap", cwd=str(work))


def test_names_that_git_would_take_for_options_are_refused(work: Path) -> None:
    with pytest.raises(Invalid, match="branch"):
        change(Git(author=AUTHOR), url(work), "--upload-pack=x", write("a: 3\n"), "x")  # type: ignore[arg-type]
