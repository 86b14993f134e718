# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which commit a revision means."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._git import refs

LISTING = """ref: refs/heads/main\tHEAD
1111111111111111111111111111111111111111\tHEAD
1111111111111111111111111111111111111111\trefs/heads/main
2222222222222222222222222222222222222222\trefs/heads/v1.0.0
3333333333333333333333333333333333333333\trefs/pull/7/head
4444444444444444444444444444444444444444\trefs/tags/v1.0.0
5555555555555555555555555555555555555555\trefs/tags/v1.0.0^{}
6666666666666666666666666666666666666666\trefs/tags/v1.1.0
7777777777777777777777777777777777777777\trefs/tags/v1.2.0-rc1
8888888888888888888888888888888888888888\trefs/tags/prod/v1.4.0
"""


@pytest.mark.parametrize(
    ("revision", "first"),
    [
        ("", "1"),
        ("HEAD", "1"),
        ("main", "1"),
        ("refs/heads/main", "1"),
        ("v1.0.0", "2"),
        ("refs/tags/v1.0.0", "5"),
        ("pull/7/head", "3"),
        ("v1.*", "6"),
        (">=1.0-0", "7"),
        ("9" * 40, "9"),
    ],
)
def test_a_revision_means_a_commit(revision: str, first: str) -> None:
    assert refs.resolve(refs.read(LISTING), revision) == first * 40


def test_a_prefix_limits_the_tags_and_needs_a_constraint() -> None:
    known = refs.read(LISTING)
    assert refs.resolve(known, "v1.x", "prod/") == "8" * 40
    with pytest.raises(Invalid, match="requires targetRevision to be a semver constraint"):
        refs.resolve(known, "main", "prod/")


def test_what_may_be_a_short_hash_is_left_to_the_repository() -> None:
    assert refs.resolve(refs.read(LISTING), "abcdef1") == ""


def test_an_unknown_name_is_an_error_that_lists_the_branches() -> None:
    with pytest.raises(Invalid, match=r"'nope' is no branch, tag or commit \(branches: main, v1.0.0\)"):
        refs.resolve(refs.read(LISTING), "nope")
    with pytest.raises(Invalid, match="no tag fits the constraint"):
        refs.resolve(refs.read(LISTING), ">9")
