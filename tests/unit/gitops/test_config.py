# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Editing the config repository: exactly the wanted lines differ."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._git.command import Credentials
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.config import api, edit, images

KUSTOMIZATION = """\
# keep me
resources: [a.yaml]
images:
- name: other   # a comment
  newTag: "1.0"
- name: hello
  newName: reg/hello  # where it lies
  newTag: v1
"""


def lines_that_differ(before: str, after: str) -> list[str]:
    return [line for line in after.splitlines() if line not in before.splitlines()]


def test_a_value_is_spliced_in_with_its_quotes() -> None:
    text = "image:\n  tag: 'v1' # note\n  list:\n  - x: 1\n"
    assert edit.set_value(text, "image.tag", "v2", "f") == text.replace("'v1'", "'v2'")
    assert edit.set_value(text, "image.list[0].x", "v0.10", "f").endswith("  - x: v0.10\n")
    assert edit.set_value(text, "image.list[0].x", "1.0", "f").endswith('  - x: "1.0"\n')


def test_a_missing_last_key_is_added_and_a_missing_parent_is_an_error() -> None:
    assert edit.set_value("a:\n  b: 1\nc: 2\n", "a.d", "x", "f") == "a:\n  b: 1\n  d: x\nc: 2\n"
    with pytest.raises(Invalid, match=r"f:1 z\.y does not exist"):
        edit.set_value("a: 1\n", "z.y", "x", "f")


def test_a_digest_takes_the_place_of_a_tag(tmp_path: Path) -> None:
    file = tmp_path / "kustomization.yaml"
    file.write_text(KUSTOMIZATION)
    assert images.set_images(str(tmp_path), ".", [{"name": "hello", "digest": "sha256:ab"}]) == ["kustomization.yaml"]
    after = file.read_text()
    assert lines_that_differ(KUSTOMIZATION, after) == ["  digest: sha256:ab"]
    assert "newTag: v1" not in after
    assert images.set_images(str(tmp_path), ".", [{"name": "hello", "digest": "sha256:ab"}]) == []


def test_images_of_plain_yaml_keep_their_comments(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("containers:\n- image: reg/app:v1 # pinned\n- image: other:v1\n")
    assert images.set_images(str(tmp_path), ".", [{"name": "reg/app", "new_tag": "v2"}]) == ["d.yaml"]
    assert (tmp_path / "d.yaml").read_text() == "containers:\n- image: reg/app:v2 # pinned\n- image: other:v1\n"
    with pytest.raises(Invalid, match="uses nothing"):
        images.set_images(str(tmp_path), ".", [{"name": "nothing", "new_tag": "v2"}])


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    (work / "kustomization.yaml").write_text(KUSTOMIZATION)
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "first")
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], check=True)
    return bare


def update(repository: Path, tag: str) -> api.Update:
    return api.Update(
        f"file://{repository}", "main", ".", [{"name": "hello", "new_tag": tag}], [], "Set it", "Bot", "bot@example.com"
    )


def apply(repository: Path, tag: str) -> api.Pushed:
    return api.apply(update(repository, tag), Credentials(), push=True, dry_run=False, retries=4)


def test_a_commit_is_pushed_once(repository: Path) -> None:
    first, again = apply(repository, "v2"), apply(repository, "v2")
    assert (first.pushed, again.pushed, again.commit) == (True, False, first.commit)
    assert git(repository, "log", "-1", "--format=%an %s", "main") == "Bot Set it"


def test_when_somebody_else_pushed_the_change_is_made_again_on_top(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository.parent / "other"
    subprocess.run(["git", "clone", "-q", str(repository), str(other)], check=True)
    real, done = images.set_images, []

    def late(folder: str, path: str, wanted: list[dict[str, str]]) -> list[str]:
        if not done:
            done.append(1)
            (other / "new.txt").write_text("theirs")
            git(other, "add", ".")
            git(other, "commit", "-q", "-m", "theirs")
            git(other, "push", "-q")
        return real(folder, path, wanted)

    monkeypatch.setattr(images, "set_images", late)
    apply(repository, "v3")
    assert git(repository, "log", "--format=%s", "main").splitlines() == ["Set it", "theirs", "first"]
