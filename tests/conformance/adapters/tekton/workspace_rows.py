# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of workspaces: volumes, mounts, references in bindings, and what fits a declaration."""

from __future__ import annotations

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import workspaces
from tests.conformance.adapters.tekton.values import error_text, judged, same
from tests.conformance.registry import Row, adapter

APPLY = "pkg/workspace/apply_test.go"
VALIDATE = "pkg/workspace/validate_test.go"


@adapter("tekton", APPLY, "TestCreateVolumes")
def volumes(row: Row) -> None:
    same(workspaces.volumes(row.value("workspaces") or []), row.value("expectedVolumes"))


@adapter(
    "tekton", APPLY, "TestApply", "TestApply_PropagatedWorkspacesFromWorkspaceBindingToDeclarations",
    "TestApply_IsolatedWorkspaces",
)  # fmt: skip
def applied(row: Row) -> None:
    bindings = row.value("workspaces") or []
    found = workspaces.apply(row.value("ts") or {}, bindings, workspaces.volumes(bindings))
    wanted = row.value("expectedTaskSpec")
    for spec in (found, wanted):  # a mount that is not read-only may say so
        for entry in spec.get("workspaces") or []:
            entry.pop("readOnly", None) if entry.get("readOnly") is False else None
    same(found, wanted)


@adapter("tekton", APPLY, "TestAddSidecarVolumeMount")
def sidecar_mount(row: Row) -> None:
    found = workspaces.add_sidecar_mount({"volumeMounts": row.value("sidecarMounts") or []}, row.value("volumeMount"))
    same(found, row.value("expectedSidecar"))


@adapter("tekton", APPLY, "TestFindWorkspacesUsedByTask")
def used(row: Row) -> None:
    assert workspaces.used_by_task(row.value("ts") or {}) == set(row.value("want") or [])


@adapter("tekton", APPLY, "TestReplaceWorkspaceBindingsVars")
def replaced(row: Row) -> None:
    same(workspaces.replaced(row.value("workspaceBindings") or [], row.value("replacements")), row.value("expected"))


@adapter("tekton", VALIDATE, "TestValidateBindingsValid", "TestValidateBindingsInvalid")
def bindings(row: Row) -> None:
    judged(row, workspaces.bindings_problem(row.value("declarations") or [], row.value("bindings") or []))


@adapter("tekton", VALIDATE, "TestValidateOnlyOnePVCIsUsed_Valid")
def one_claim(row: Row) -> None:
    judged(row, workspaces.claims_problem(row.value("bindings") or []))


@adapter("tekton", VALIDATE, "TestValidateOnlyOnePVCIsUsed_Invalid")
def claims(row: Row) -> None:
    assert workspaces.claims_problem(row.value("bindings") or []) == error_text(row.value("wantErr"))
