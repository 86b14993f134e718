# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layers are unpacked without reaching outside of their directory."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Permanent,
    Refused,
)
from ansible_collections.slipway.gitops.plugins.module_utils._oci.unpack import apply_layer


def layer(tmp_path: Path, *members: tuple[str, str, str]) -> str:
    """Write a layer file of (kind, name, content or link) and return its path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind, name, text in members:
            info = tarfile.TarInfo(name)
            info.type = {
                "file": tarfile.REGTYPE,
                "dir": tarfile.DIRTYPE,
                "link": tarfile.SYMTYPE,
                "hard": tarfile.LNKTYPE,
            }[kind]
            info.mode = 0o4755
            if kind in ("link", "hard"):
                info.linkname = text
            info.size = len(text) if kind == "file" else 0
            archive.addfile(info, io.BytesIO(text.encode()) if kind == "file" else None)
    path = tmp_path / f"layer-{os.urandom(4).hex()}"
    path.write_bytes(gzip.compress(buffer.getvalue()))
    return str(path)


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    (tmp_path / "rootfs").mkdir()
    return tmp_path / "rootfs"


def tree(rootfs: Path) -> set[str]:
    return {str(path.relative_to(rootfs)) for path in rootfs.rglob("*") if not path.is_dir()}


def test_later_layers_replace_and_remove(tmp_path: Path, rootfs: Path) -> None:
    apply_layer(
        layer(tmp_path, ("file", "a", "1"), ("file", "d/b", "1"), ("file", "d/c", "1"), ("file", "e/x", "1")),
        "",
        str(rootfs),
    )
    second = layer(
        tmp_path, ("file", "a", "2"), ("file", "d/.wh.b", ""), ("file", "e/y", "2"), ("file", "e/.wh..wh..opq", "")
    )
    apply_layer(second, "", str(rootfs))
    assert tree(rootfs) == {"a", "d/c", "e/y"}
    assert (rootfs / "a").read_text() == "2"


@pytest.mark.parametrize(
    "members",
    [
        [("file", "../evil", "x")],
        [("file", "/../../evil", "x")],
        [("link", "out", ".."), ("file", "out/evil", "x")],
        [("link", "out", "/tmp/../.."), ("file", "out/evil", "x")],
        [("link", "a", "b"), ("link", "b", "../.."), ("file", "a/evil", "x")],
        [("file", "x", "1"), ("file", "../.wh.victim", "")],
    ],
)
def test_no_layer_writes_outside_of_its_directory(
    tmp_path: Path, rootfs: Path, members: list[tuple[str, str, str]]
) -> None:
    (tmp_path / "victim").write_text("kept")
    apply_layer(layer(tmp_path, *members), "", str(rootfs))
    assert not [path for path in tmp_path.rglob("evil") if rootfs not in path.parents]
    assert (tmp_path / "victim").read_text() == "kept"


def test_a_hard_link_cannot_reach_a_file_of_the_machine(tmp_path: Path, rootfs: Path) -> None:
    (tmp_path / "secret").write_text("s")
    with pytest.raises(OSError):
        apply_layer(layer(tmp_path, ("hard", "x", "../secret")), "", str(rootfs))


def test_absolute_links_stay_inside(tmp_path: Path, rootfs: Path) -> None:
    members = [("dir", "usr/bin", ""), ("link", "bin", "/usr/bin"), ("file", "bin/sh", "x")]
    apply_layer(layer(tmp_path, *members), "", str(rootfs))
    assert (rootfs / "usr/bin/sh").read_text() == "x"


def test_set_uid_bits_are_dropped(tmp_path: Path, rootfs: Path) -> None:
    apply_layer(layer(tmp_path, ("file", "su", "x")), "", str(rootfs))
    assert (rootfs / "su").stat().st_mode & 0o7777 == 0o755


def test_a_cut_layer_is_damaged_and_not_half_an_image(tmp_path: Path, rootfs: Path) -> None:
    path = layer(tmp_path, ("file", "a", "x" * 5000))
    Path(path).write_bytes(Path(path).read_bytes()[:-20])
    with pytest.raises(Permanent, match="damaged"):
        apply_layer(path, "", str(rootfs))


def test_zstd_layers_are_refused_by_name(tmp_path: Path, rootfs: Path) -> None:
    (tmp_path / "z").write_bytes(b"\x28\xb5\x2f\xfdrest")
    with pytest.raises(Refused, match="zstd"):
        apply_layer(str(tmp_path / "z"), "", str(rootfs))
