# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about sources: where they may lie, and what is written into a kustomization."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.decide import objects
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.model.application import Source
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.source import kustomize, paths
from ansible_collections.slipway.gitops.plugins.module_utils._gitops.source.render import render
from tests.conformance.adapters.argocd import assertions
from tests.conformance.registry import Row, Skip, adapter

PATHS, KUSTOMIZE = "util/app/path/path_test.go", "util/kustomize/kustomize_test.go"


@adapter(
    "argocd", PATHS, "TestPathRoot", "TestPathAbsolute", "TestPathDotDot", "TestPathDotDotSlash", "TestPathDot",
    "TestPathDotSlash", "TestNonExistentPath", "TestPathNotDir", "TestGoodSymlinks", "TestBadSymlinksExcluded",
)  # fmt: skip
def path(row: Row) -> None:
    def at(given: str) -> str:
        return os.path.join(row.fixtures, given)

    calls = {
        "path.Path": lambda root, given: paths.application_path(at(root), given),
        "path.CheckOutOfBoundsSymlinks": lambda base, *skip: paths.check_links(at(base), skip),
    }
    assertions.run(row, calls)


@adapter("argocd", KUSTOMIZE, "TestIsKustomization", "Test_getImageParameters_sorted", "TestParseKustomizeBuildOptions",
         "TestParseKustomizeBuildHelmOptions")  # fmt: skip
def helpers(row: Row) -> None:
    def arguments(given: Mapping[str, Any], options: str, build: Mapping[str, Any] | None) -> list[str]:
        known = build or {}
        return kustomize.build_arguments(
            given["path"], options, known.get("KubeVersion", ""), known.get("APIVersions") or []
        )

    calls = {
        "kustomize.IsKustomization": kustomize.is_kustomization,
        "kustomize.getImageParameters": objects.every_image,
        "kustomize.parseKustomizeBuildOptions": arguments,
    }
    assertions.run(row, calls)


@adapter("argocd", KUSTOMIZE, "TestVersionWithBinaryPath", "TestGetSemver")
def version(_row: Row) -> None:
    raise Skip("asks an installed kustomize for its version")


def built(row: Row) -> list[dict[str, Any]] | None:
    """Return the objects, None when building was refused."""
    root = Path(row.fixtures) / "testdata"
    source = Source("", "", row.value("TestData"), kustomize=row.value("KustomizeSource"))
    env = {entry["name"]: entry["value"] for entry in row.value("Env") or []}
    try:
        return render(source, str(root), env)
    except Invalid:
        return None


@adapter("argocd", KUSTOMIZE, "TestKustomizeBuildForceCommonLabels", "TestKustomizeBuildForceCommonAnnotations")
def common(row: Row) -> None:
    found = built(row)
    assert (found is None) is row.value("ExpectErr")
    for name in ("Labels", "Annotations"):
        wanted = row.value(f"Expected{name}") if f"Expected{name}" in row.fields else None
        if found is not None and wanted is not None:
            assert found[0]["metadata"].get(name.lower()) == wanted, found[0]["metadata"]


@adapter("argocd", KUSTOMIZE, "TestKustomizeLabelWithoutSelector")
def labels(row: Row) -> None:
    found = built(row)
    assert (found is None) is row.value("ExpectErr")
    if found is None:
        return
    spec = found[0]["spec"]
    assert found[0]["metadata"]["labels"] == row.value("ExpectedMetadataLabels")
    assert spec["selector"]["matchLabels"] == row.value("ExpectedSelectorLabels")
    assert spec["template"]["metadata"]["labels"] == row.value("ExpectedTemplateLabels")
