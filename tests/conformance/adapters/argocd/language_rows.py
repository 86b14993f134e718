# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of the small languages that Argo CD uses: globs and version constraints."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._lang import globs, semver
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Row, adapter

GLOB = "util/glob/glob_test.go"
TAGS = "util/versions/tags_test.go"


@adapter("argocd", GLOB, "Test_Match")
def glob(row: Row) -> None:
    assert globs.match(row.value("pattern"), row.value("input")) is row.value("result")


@adapter("argocd", GLOB, "Test_MatchWithError")
def strict_glob(row: Row) -> None:
    try:
        found = globs.match_strict(row.value("pattern"), row.value("input"))
    except Invalid as error:
        assert row.value("expectedErr"), str(error)
        return
    assert not row.value("expectedErr")
    assert found is row.value("result")


@adapter("argocd", GLOB, "Test_MatchList")
def glob_list(row: Row) -> None:
    assert globs.in_list(row.value("list"), row.value("input"), row.value("patternMatch")) is row.value("result")


@adapter("argocd", GLOB, "Test_InvalidGlobNotCached")
def bad_glob(row: Row) -> None:
    assertions.run(row, {"glob.Match": globs.match, "glob.MatchWithError": globs.match_strict})


def highest(revision: str, tags: Sequence[str], prefix: str) -> str:
    found = semver.highest(revision, tags, prefix)
    if found is None:
        raise Invalid("targetRevision", f"no version matches {revision}")
    return found


@adapter("argocd", TAGS, "TestTags_MaxVersion", "TestMaxVersion_WithTagPrefix", "TestTags_IsConstraint")
def tags(row: Row) -> None:
    assertions.run(row, {"versions.MaxVersion": highest, "versions.IsConstraint": semver.is_constraint})


@adapter("argocd", "util/versions/version_test.go", "TestIsVersion")
def version(row: Row) -> None:
    assertions.run(row, {"versions.IsVersion": semver.is_version})
