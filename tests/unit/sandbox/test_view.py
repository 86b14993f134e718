# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a sandbox's files, and the rewriting of paths without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Refused
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox import plain
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.process import Mount
from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.view import Entry, View, plan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/workspace", "/host/ws"),
        ("/workspace/a.txt", "/host/ws/a.txt"),
        ("--path=/workspace/a", "--path=/host/ws/a"),
        ("dir:///workspace/a", "dir:///host/ws/a"),
        ("cd /workspace && ls", "cd /host/ws && ls"),
        ("a:/workspace:b", "a:/host/ws:b"),
        ("'/workspace'", "'/host/ws'"),
        ("/workspaces", "/workspaces"),
        ("/my/workspace", "/my/workspace"),
        ("./workspace", "./workspace"),
        ("/workspace-2", "/workspace-2"),
        ("/workspace/source/x", "/host/source/x"),
    ],
)
def test_only_whole_paths_are_rewritten(text: str, expected: str) -> None:
    turn = plain.rewriter([Mount("/host/ws", "/workspace"), Mount("/host/source", "/workspace/source")])
    assert turn(text) == expected


def test_a_replaced_path_is_not_replaced_again() -> None:
    turn = plain.rewriter([Mount("/b/x", "/a"), Mount("/c/y", "/b")])
    assert turn("/a /b") == "/b/x /c/y"


def test_a_complete_image_is_refused_without_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").touch()
    with pytest.raises(Refused, match="root file system"):
        plain.all_mounts([], str(tmp_path))


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A small host: /usr with bin and local/bin, and a link."""
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/local/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/sh").write_text("sh")
    (tmp_path / "usr/bin/link").symlink_to("sh")
    (tmp_path / "usr/local/bin/old").write_text("old")
    return tmp_path


def view(host: Path) -> View:
    return View([Entry("link", "/bin", "usr/bin"), Entry("bind", "/usr", str(host / "usr"))])


def test_links_are_followed_inside(host: Path) -> None:
    assert view(host).real("/bin/link") == str(host / "usr/bin/sh")
    assert view(host).real("/bin/none") is None


def test_a_mount_point_inside_a_read_only_directory_rebuilds_only_that_directory(host: Path) -> None:
    seen = view(host)
    seen.bind(Mount(str(host), "/usr/local/bin/new"))
    assert [entry.target for entry in seen.entries if entry.kind == "tmpfs"] == ["/usr/local/bin"]
    assert seen.real("/usr/local/bin/old") == str(host / "usr/local/bin/old")
    assert seen.real("/usr/local/bin/new") == str(host)


def test_a_file_of_the_image_replaces_a_link_of_the_host(host: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    seen = view(host)
    seen.put_over("/usr/bin/link", str(mine), True)
    assert seen.real("/bin/link") == str(mine)
    assert seen.real("/bin/sh") == str(host / "usr/bin/sh")


def test_a_complete_image_hides_the_host(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").write_text("x")
    seen = plan(str(tmp_path), False, [])
    assert seen.real("/bin/sh") == str(tmp_path / "bin/sh")
    assert seen.real("/usr/bin/env") is None


def test_mounts_of_the_caller_lie_on_top_whatever_their_order(tmp_path: Path) -> None:
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text(name)
    mounts = [Mount(str(tmp_path / "inner"), "/w/in"), Mount(str(tmp_path / "outer"), "/w")]
    seen = plan("", False, mounts)
    assert seen.real("/w/f") == str(tmp_path / "outer/f")
    assert seen.real("/w/in/f") == str(tmp_path / "inner/f")
