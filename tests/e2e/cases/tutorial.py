# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tutorial's own files, read in place, with the few constants changed that a reader of the tutorial changes too.

Knows file names; must not know what is done with them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

VARIABLE = "SLIPWAY_TEST_VECTORS"
RECORDED_PUSH = "TR-06-payload-gitlab-push.json"
TOKEN = "awgVqGL21wWUyNoR"  # of TR-12
CASE_05 = (
    "TR-12-Secret-gitlab-webhook-token.yaml",
    "TR-14-TriggerBinding-gitlab-push-binding.yaml",
    "TR-15-TriggerTemplate-gitlab-trigger-template.yaml",
    "TR-16-EventListener-gitlab-event-listener.yaml",
)
TOKEN_06 = "8/MDKoGoabPzFeZr"  # of TR-19
CASE_06 = (
    "TR-19-Secret-gitlab-webhook-token.yaml",
    "TR-23-Task-git-clone.yaml",
    "TR-23-Task-build-to-package.yaml",
    "TR-23-Task-generate-build-id.yaml",
    "TR-23-Task-image-build-and-push.yaml",
    "TK-39-Task-deploy-using-kubectl.yaml",  # the one of TR-23 lacks its closing quote
    "TR-24-Pipeline-source-to-image.yaml",
    "TR-25-TriggerBinding-s2i-binding.yaml",
    "TR-26-TriggerTemplate-s2i-tt.yaml",
    "TR-27-EventListener-s2i-listener.yaml",
)


def folder() -> Path:
    """Return where the tutorial's files lie; skip the test where they are not given."""
    given = os.environ.get(VARIABLE, "")
    found = Path(given) / "tutorial"
    if not given or not found.is_dir():
        pytest.skip(f"the tutorial's files are not there: {VARIABLE} must name the folder that holds tutorial/")
    return found


def copy(names: Sequence[str], target: Path, changes: Mapping[str, str] | None = None) -> list[str]:
    """Copy files to `target`, each constant of `changes` replaced (it must occur); return their paths."""
    target.mkdir(parents=True, exist_ok=True)
    texts = {name: (folder() / name).read_text(encoding="utf-8") for name in names}
    for old, new in (changes or {}).items():
        assert any(old in text for text in texts.values()), f"none of the files has {old!r}"
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")
    return [str(target / name) for name in names]
