# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of a step."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Permanent
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.lines import Lines


def test_lines_come_whole_and_the_last_one_when_the_step_ends(tmp_path: Path) -> None:
    shown: list[str] = []
    lines = Lines(str(tmp_path / "log"), shown.append)
    lines.feed(b"one\ntw")
    assert shown == ["one"]
    lines.feed(b"o\r\nthree")
    lines.close()
    assert shown == ["one", "two", "three"]
    assert (tmp_path / "log").read_text() == "one\ntwo\nthree\n"


def test_a_full_disk_is_named_with_what_to_do() -> None:
    lines = Lines("/dev/full", lambda _line: None)
    with pytest.raises(Permanent, match=r"No space left.*another state_dir") as caught:
        lines.feed(b"text\n")
    assert caught.value.reason == "DiskFull"
    lines.close()
