# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of substitution in Tasks, of StepActions and of what is merged into steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import (
    apply_task,
    merge,
    params,
    step_actions,
    workspaces,
)
from tests.conformance.adapters.tekton.values import by_name, error_text, message_of, same
from tests.conformance.registry import Row, Skip, adapter

FILE = "pkg/reconciler/taskrun/resources/apply_test.go"
SPEC = "pkg/reconciler/taskrun/resources/taskspec_test.go"
MERGE = "pkg/apis/pipeline/v1/merge_test.go"


@adapter("tekton", FILE, "TestApplyArrayParameters")
def parameters(row: Row) -> None:
    args = row.fields["args"]
    declared = [params.defaulted(entry) for entry in args.get("dp") or []]
    values = params.with_defaults(declared, by_name((args["tr"].get("spec") or {}).get("params")))
    same(apply_task.apply(args["ts"], params.replacements(values)), row.value("want"))


@adapter("tekton", FILE, "TestApplyWorkspaces", "TestApplyWorkspaces_IsolatedWorkspaces")
def applied_workspaces(row: Row) -> None:
    bindings = row.value("binds") or []
    names = {name: str(volume["name"]) for name, volume in workspaces.volumes(bindings).items()}
    found = apply_task.workspaces(row.value("spec"), row.value("decls") or [], workspaces.claims(bindings), names)
    same(found, row.value("want"))


@adapter("tekton", FILE, "TestContext")
def contexts(row: Row) -> None:
    values = apply_task.context_values(row.value("taskName"), row.value("tr") or {})
    same(apply_task.contexts(row.value("spec"), values), row.value("want"))


@adapter("tekton", FILE, "TestApplyCredentialsPath")
def credentials(row: Row) -> None:
    same(apply_task.credentials_path(row.value("spec"), row.value("path")), row.value("want"))


@adapter("tekton", FILE, "TestApplyParametersToWorkspaceBindings")
def bindings(row: Row) -> None:
    run = row.value("tr")
    declared = [params.defaulted(entry) for entry in (row.value("ts") or {}).get("params") or []]
    values = params.with_defaults(declared, by_name(run["spec"].get("params")))
    found = workspaces.replaced(run["spec"].get("workspaces") or [], params.replacements(values).strings)
    same({**run, "spec": {**run["spec"], "workspaces": found}}, row.value("want"))


@adapter("tekton", SPEC, "TestHasStepRefs")
def has_refs(row: Row) -> None:
    assert step_actions.has_refs(row.value("spec") or {}) is row.value("expected")


@adapter("tekton", SPEC, "TestGetStepActionsData_Provenance", "TestGetStepActionsData_Status")
def provenance(row: Row) -> None:
    """Steps of the Task itself and local StepActions have no source."""
    run = row.value("tr")
    wanted = row.value("want")
    before = (run.get("status") or {}).get("steps") or []
    if any((step.get("ref") or {}).get("resolver") for step in run["spec"]["taskSpec"]["steps"]):
        raise Skip("where a remote StepAction came from is known to its resolver only")
    found = step_actions.states(run["spec"]["taskSpec"], before, {})
    same(found, (wanted.get("status") or wanted).get("steps") or [])


def _resolved(run: Mapping[str, Any], actions: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_action = {action["metadata"]["name"]: action["spec"] for action in actions if action and action.get("spec")}
    given = by_name(run["spec"].get("params"))
    return step_actions.resolved(run["spec"]["taskSpec"], given, by_action, run["metadata"].get("namespace", ""))


@adapter("tekton", SPEC, "TestGetStepActionsData")
def with_actions(row: Row) -> None:
    same(_resolved(row.value("tr"), row.value("stepActions") or []), row.value("want"))


@adapter("tekton", SPEC, "TestGetStepActionsData_Error")
def bad_actions(row: Row) -> None:
    message = message_of(lambda: _resolved(row.value("tr"), [row.value("stepAction")]))
    assert message == error_text(row.value("expectedError"))


@adapter("tekton", MERGE, "TestMergeStepsWithStepTemplate")
def with_template(row: Row) -> None:
    same(merge.steps(row.value("template"), row.value("steps") or []), row.value("expected") or [])


@adapter("tekton", MERGE, "TestMergeStepSpec")
def step_specs(row: Row) -> None:
    same(merge.with_specs(row.value("steps") or [], row.value("stepOverrides") or []), row.value("want") or [])


@adapter("tekton", MERGE, "TestMergeSidecarSpec")
def sidecar_specs(row: Row) -> None:
    same(merge.with_specs(row.value("sidecars") or [], row.value("sidecarOverrides") or []), row.value("want") or [])
