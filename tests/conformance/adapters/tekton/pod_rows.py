# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about the pods of TaskRuns: their containers and scripts, and what their status says."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import pod_steps, pods, script, termination
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.registry import Row, Skip, adapter

ENTRYPOINT = "pkg/pod/entrypoint_test.go"
SCRIPT = "pkg/pod/script_test.go"
STATUS = "pkg/pod/status_test.go"
FAKE_LOGS = "fake logs"  # what the log of every pod of client-go's fake API is


@adapter("tekton", ENTRYPOINT, "TestStepResultArgument")
def step_result_args(row: Row) -> None:
    assert pod_steps.step_result_args(row.value("results")) == (row.fields.get("want") or [])


@adapter("tekton", ENTRYPOINT, "TestEntryPointOnError")
def order(row: Row) -> None:
    wanted_error = (row.fields.get("err") or {}).get("$error", "")
    try:
        found = pod_steps.order(row.table["context"]["steps"], row.fields["taskSpec"])
    except Invalid as error:
        assert error.message == wanted_error, error.message
        return
    assert not wanted_error
    wanted = row.fields["wantContainers"]
    plain = [{key: value for key, value in one.items() if key != "name"} for one in found]
    names = {one["name"] for one in wanted if "name" in one}
    assert bare(found if names else plain) == bare(wanted), found


@adapter("tekton", ENTRYPOINT, "TestUpdateReady")
def ready(row: Row) -> None:
    if row.value("wantErr"):
        raise Skip("the error is that of the API, which does not have the pod")
    pod = row.fields["pod"]
    annotations = dict((pod.get("metadata") or {}).get("annotations") or {})
    patch = pod_steps.ready_patch(pod)
    assert bool(patch) is row.value("wantPatch"), patch
    for step in patch:
        if step["path"] == "/metadata/annotations":
            annotations = step["value"]
        else:
            annotations[step["path"].removeprefix("/metadata/annotations/").replace("~1", "/")] = step["value"]
    assert annotations == row.value("wantAnnotations"), annotations


@adapter("tekton", ENTRYPOINT, "TestStopSidecars")
def stop_sidecars(row: Row) -> None:
    by_log = row.value("resultExtractionMethod") == "sidecar-logs"
    found = pod_steps.with_stopped_sidecars(row.fields["pod"], "nop-image", results_from_sidecar=by_log)
    assert bare(found) == bare(row.value("wantContainers")), found


@adapter("tekton", ENTRYPOINT, "TestCancelPod")
def cancel_pod(row: Row) -> None:
    raise Skip("its pods are those of a fake API that the vectors do not have")


@adapter("tekton", ENTRYPOINT, "TestIsSidecarStatusRunning")
def sidecar_runs(row: Row) -> None:
    assert pods.sidecar_runs(row.fields["tr"]) is row.value("want")


@adapter("tekton", SCRIPT, "TestConvertScripts_Sidecars")
def sidecar_scripts(row: Row) -> None:
    """The ends of the names are random upstream: they are taken from the commands that the row has."""
    names = re.findall(r"/tekton/scripts/(sidecar-script-\d+-\w+)", str(row.fields["wantContainers"]))
    by_start = {name.rsplit("-", 1)[0]: name for name in names}
    found = script.convert(row.fields["sidecars"], "sidecar-script", lambda name: by_start.get(name, name))
    assert found.init == row.value("wantInitScripts"), found.init
    assert bare(found.containers) == bare(row.fields["wantContainers"]), found.containers


@adapter("tekton", SCRIPT, "TestConvertScripts_WithBreakpoints")
def breakpoints(row: Row) -> None:
    raise Skip("breakpoints need a person inside the pod; debug scripts are not made")


@adapter("tekton", STATUS, "TestSetTaskRunStatusBasedOnStepStatus_sidecar_logs")
def sidecar_logs(row: Row) -> None:
    wanted = (row.fields.get("wantErr") or {}).get("$error", "")
    spec = ((row.fields["tr"].get("status") or {}).get("taskSpec")) or {}
    found = ""
    if spec.get("results") or row.value("enableArtifacts"):
        try:
            termination.log_results(FAKE_LOGS, row.value("maxResultSize"))
        except Invalid as error:
            found = error.message
    assert found == wanted, found


@adapter("tekton", STATUS, "TestSetTaskRunStatusBasedOnStepStatus", "TestMakeTaskRunStatus_StepResults",
         "TestMakeTaskRunStatus_StepProvenance", "TestMakeTaskRunStatus_StepArtifacts", "TestMakeRunStatus_OnError",
         "TestMakeTaskRunStatus_SidecarNotCompleted", "TestMakeTaskRunStatus_KubernetesNativeSidecar",
         "TestMakeTaskRunStatusAlpha")  # fmt: skip
def without_rows(row: Row) -> None:
    raise Skip("its rows are made by statements that the vectors do not have")


@adapter("tekton", STATUS, "TestMakeTaskRunStatus")
def task_run_status(row: Row) -> None:
    pod = row.fields.get("pod") or {"metadata": {"name": "pod"}, "status": row.fields.get("podStatus") or {}}
    wanted = row.fields["want"]
    found: dict[str, Any] = {
        "conditions": [pods.condition(pod)], "steps": pods.step_states(pod), "sidecars": pods.sidecar_states(pod),
        "results": pods.task_results(pod),
    }  # fmt: skip
    assert bare(found) == bare({name: wanted.get(name) for name in found}), found


@adapter("tekton", STATUS, "TestSidecarsReady")
def sidecars_ready(row: Row) -> None:
    pod = {"status": {"phase": "Running", "containerStatuses": row.value("statuses")}}
    assert pods.sidecars_ready(pod) is row.value("want")


@adapter("tekton", STATUS, "TestIsPodArchived")
def archived(row: Row) -> None:
    assert pods.is_archived(row.value("podName"), row.value("retriesStatus")) is row.value("want")


@adapter("tekton", STATUS, "TestGetStepTerminationReasonFromContainerStatus")
def step_reasons(row: Row) -> None:
    found = {one["container"]: one.get("terminationReason", "") for one in pods.step_states(row.fields["pod"])}
    assert found == row.value("expectedTerminationReason"), found


@adapter("tekton", STATUS, "TestIsSubPathDirectoryError")
def sub_path(row: Row) -> None:
    assert pods.sub_path_is_missing(row.fields["pod"]) is row.value("expected")


@adapter("tekton", STATUS, "TestUpdateIncompleteTaskRunStatus_SubPathError")
def incomplete(row: Row) -> None:
    found = pods.incomplete(row.fields["pod"])
    assert found == row.fields["expected"], found


@adapter("tekton", STATUS, "Test_getFailureInfo", "Test_getFailureMessage_consistent_with_reason")
def failure(row: Row) -> None:
    found = pods.failure(row.fields["pod"])
    assert found.reason == row.value("wantReason"), found
    assert str(row.fields.get("wantMsgPart") or "") in found.message, found


@adapter("tekton", STATUS, "TestMakeTaskRunStatus_MultiFailurePriority")
def failure_priority(row: Row) -> None:
    found = pods.condition(row.fields["pod"])
    assert found["reason"] == row.value("wantReason"), found
