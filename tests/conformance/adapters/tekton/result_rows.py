# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about references to results of tasks."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import result_refs
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.result_refs import Reference, Resolved
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.tekton import state
from tests.conformance.registry import Row, adapter

PATH = "pkg/reconciler/pipelinerun/resources/resultrefresolution_test.go"


@adapter("tekton", PATH, "TestResolveResultRefs", "TestResolveResultRef")
def resolve(row: Row) -> None:
    producers = {task.name: task for task in state.tasks(row.fields["pipelineRunState"])}
    targets = row.fields["targets"] if "targets" in row.fields else [row.fields["target"]]
    found = result_refs.resolve(producers, state.tasks(targets))
    assert bool(found.error) is row.value("wantErr"), found
    assert found.missing == row.value("wantPt"), found
    assert bare([_upstream(one) for one in found.refs]) == bare(row.fields.get("want") or []), found


def _upstream(one: Resolved) -> dict[str, Any]:
    reference = {"pipelineTask": one.reference.task, "result": one.reference.result}
    reference |= {"resultsIndex": one.reference.index} if one.reference.index is not None else {}
    reference |= {"property": one.reference.key} if one.reference.key else {}
    return {
        "Value": one.value, "ResultReference": reference, "FromTaskRun": one.task_run, "FromRun": one.custom_run,
    }  # fmt: skip


@adapter("tekton", PATH, "TestCheckMissingResultReferences", "TestCheckMissingResultReferences_UninitializedResults")
def missing(row: Row) -> None:
    producers = {task.name: task for task in state.tasks(row.fields["pipelineRunState"])}
    targets = row.fields["targets"] if "targets" in row.fields else [row.fields["target"]]
    reasons = [result_refs.missing_reference(producers, task) for task in state.tasks(targets)]
    found = next((reason for reason in reasons if reason), "")
    assert found == row.value("wantErr"), found


@adapter("tekton", PATH, "TestValidateArrayResultsIndex")
def indexes(row: Row) -> None:
    refs = [
        Resolved(
            Reference(
                one["ResultReference"].get("pipelineTask", ""), one["ResultReference"].get("result", ""),
                one["ResultReference"].get("resultsIndex"),
            ),
            one.get("Value", ""),
        )
        for one in row.value("refs")
    ]  # fmt: skip
    found = ""
    try:
        result_refs.check_indexes(refs)
    except Invalid as error:
        found = error.message
    assert found == row.value("wantErr"), found


@adapter("tekton", PATH, "TestParamValueFromCustomRunResult")
def custom_value(row: Row) -> None:
    found = result_refs.custom_value(row.fields["args"].get("result", ""))
    assert found == row.value("want"), found
