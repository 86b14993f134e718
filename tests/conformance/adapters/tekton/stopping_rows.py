# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about a PipelineRun that is stopped from outside: cancelled, or out of time."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import stopping
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.children import Kind
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.ending import Condition
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.timeouts import DEFAULT
from tests.conformance.registry import Row, adapter

TIMEOUT = "pkg/reconciler/pipelinerun/timeout_test.go"
CANCEL = "pkg/reconciler/pipelinerun/cancel_test.go"
Patch = Callable[[Kind], list[dict[str, str]]]


@adapter("tekton", TIMEOUT, "TestTimeoutPipelineRun")
def timeout(row: Row) -> None:
    _stops(row, stopping.timeout_patch, lambda name, errors: stopping.timed_out(name, DEFAULT, errors))
    assert "has timed out" in str(stopping.timeout_patch(Kind.TASK_RUN))


@adapter("tekton", CANCEL, "TestCancelPipelineRun")
def cancel(row: Row) -> None:
    _stops(row, stopping.cancel_patch, stopping.cancelled)


def _stops(row: Row, patch: Patch, condition: Callable[[str, list[str]], Condition]) -> None:
    """Every child that exists is told to stop, and the run ends; an unknown kind is an error."""
    run = row.fields["pipelineRun"]
    try:
        children = stopping.children_of(run.get("status") or {})
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        assert condition(run["metadata"]["name"], [error.message]).status == "Unknown"
        return
    assert not row.value("wantErr"), "no error"
    given = [(Kind.TASK_RUN, one) for one in row.fields.get("taskRuns") or []]
    given += [(Kind.CUSTOM_RUN, one) for one in row.fields.get("customRuns") or []]
    for kind, one in given:
        assert stopping.Child(kind, one["metadata"]["name"]) in children, one
        found = {entry["path"]: entry["value"] for entry in patch(kind)}
        assert found["/spec/status"] == {Kind.TASK_RUN: "TaskRunCancelled", Kind.CUSTOM_RUN: "RunCancelled"}[kind]
        assert found["/spec/statusMessage"].startswith(f"{kind} cancelled as the PipelineRun it belongs to has ")
    assert condition(run["metadata"]["name"], []).status == "False"


@adapter("tekton", CANCEL, "TestGetChildObjectsFromPRStatusForTaskNames")
def children_of(row: Row) -> None:
    try:
        found = stopping.children_of(row.fields["prStatus"], row.value("taskNames"))
    except Invalid as error:
        assert row.value("hasError"), str(error)
        return
    assert not row.value("hasError")
    for kind, name in ((Kind.TASK_RUN, "expectedTRNames"), (Kind.CUSTOM_RUN, "expectedCustomRunNames")):
        assert [child.name for child in found if child.kind is kind] == (row.fields.get(name) or []), found
