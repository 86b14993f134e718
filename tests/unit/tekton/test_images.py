# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user's image map shows to steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act import images


def test_steps_of_a_mapped_image_see_its_mounts_read_only(tmp_path: Path) -> None:
    known = images.toolsets([{"image": "maven:*", "mounts": {"/opt/mine": str(tmp_path)}}], str(tmp_path))
    (mount,) = images.extra_mounts(images.find("maven:3", known, "image", ""))
    assert (mount.source, mount.target, mount.read_only) == (str(tmp_path), "/opt/mine", True)


def test_a_mount_that_is_not_on_this_machine_is_refused_by_field(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"image_map\[0\].mounts./opt/mine"):
        images.toolsets([{"image": "maven:*", "mounts": {"/opt/mine": "/no/such"}}], str(tmp_path))


def test_a_mount_at_no_absolute_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is no absolute path"):
        images.toolsets([{"image": "maven:*", "mounts": {"opt": str(tmp_path)}}], str(tmp_path))


def test_maven_sees_the_configuration_that_a_distribution_keeps_in_etc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "java-17-openjdk").mkdir()
    monkeypatch.setitem(images._CONFIGURATION, "mvn", (f"{tmp_path}/java-*", f"{tmp_path}/maven"))
    known = images.toolsets([], str(tmp_path / "tools"))
    mounts = images.extra_mounts(images.find("maven:3.9", known, "image", ""))
    assert [(mount.target, mount.read_only) for mount in mounts] == [(f"{tmp_path}/java-17-openjdk", True)]
