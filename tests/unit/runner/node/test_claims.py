# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which claims a process node makes volumes for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from slipway.node import claims


def claim(node: str = "here", provisioner: str = claims.PROVISIONER, **spec: str) -> Manifest:
    notes = {
        "volume.kubernetes.io/storage-provisioner": provisioner,
        "volume.kubernetes.io/selected-node": node,
    }
    meta = {"name": "c", "namespace": "ns", "uid": "u", "annotations": notes}
    return {"metadata": meta, "spec": {"accessModes": ["ReadWriteMany"], **spec}}


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        (claim(), True),
        (claim(node="there"), False),
        (claim(provisioner="somebody.else"), False),
        (claim(volumeName="bound"), False),
    ],
)
def test_only_claims_for_this_node_and_class_are_served(found: Manifest, ours: bool) -> None:
    assert claims.wanted(found, "here") is ours


def test_a_volume_is_a_directory_of_its_node_bound_to_its_claim() -> None:
    volume = claims.volume_for(claim(), "here", Path("/state"))
    assert volume["spec"]["local"] == {"path": "/state/pvc-u"}
    assert volume["spec"]["claimRef"]["uid"] == "u"
    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]


@pytest.mark.parametrize(
    ("phase", "provisioner", "gone"),
    [
        ("Released", claims.PROVISIONER, True),
        ("Bound", claims.PROVISIONER, False),
        ("Released", "somebody.else", False),
    ],
)
def test_only_released_volumes_of_ours_are_removed(phase: str, provisioner: str, gone: bool) -> None:
    notes = {"pv.kubernetes.io/provisioned-by": provisioner}
    assert claims.released({"metadata": {"annotations": notes}, "status": {"phase": phase}}) is gone
