# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows about the entrypoint of a step and its termination message.

The runners and waiters of the rows are programs of upstream that the vectors do not have: which one it is follows
from which field is set, and from the words of the row about its exit code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import duration, gojson
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide import entrypoint, termination
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.entrypoint import Ended, Record
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.decide.termination import Kind
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.tekton import language
from tests.conformance.registry import Row, Skip, adapter

PATH = "pkg/entrypoint/entrypointer_test.go"
PARSE = "pkg/termination/parse_test.go"
RUNNER_FAILED, WAITER_FAILED = "runner failed", "waiter failed"
DEBUG_FAILED = "before step breakpoint error file, user decided to skip the current step execution"


@adapter("tekton", PATH, "TestEntrypointerFailures")
def failures(row: Row) -> None:
    error = entrypoint.check_timeout(duration.parse_go(str(row.fields.get("timeout") or "0s")))
    if "waiter" in row.fields and "runner" not in row.fields:
        error = WAITER_FAILED
        found = entrypoint.after_failed_wait(error)
    else:
        error = error or RUNNER_FAILED
        found = entrypoint.record(Ended(error=error))
    assert error == row.value("expectedError"), error
    assert found.post == ".err"


@adapter("tekton", PATH, "TestEntrypointer_OnError")
def on_error(row: Row) -> None:
    said = re.search(r"exiting with (\d+)", row.value("desc"))
    ended = Ended(error=DEBUG_FAILED) if said is None else Ended(exit_code=int(said[1]))
    if said is None and not row.value("debugBeforeStep"):
        raise Skip("the row does not say how its runner ends")
    found = entrypoint.record(ended, on_error=row.value("onError"))
    assert (not ended.fine) is row.value("expectedError")
    if row.value("onError") == "continue":
        assert (found.post, bool(found.exit_code)) == ("", True), found
    else:
        assert found.post == (".err" if row.value("expectedError") else ""), found


@adapter("tekton", PATH, "TestEntrypointerResults")
def results(row: Row) -> None:
    if row.value("sign"):
        raise Skip("results are not signed by SPIRE")
    files = row.value("resultsToWrite")
    names = row.value("resultsOverride") or list(files)
    for kind in (Kind.TASK_RUN, Kind.STEP):
        message = gojson.dumps([one.as_dict() for one in entrypoint.written(names, files, kind)])
        found = {one.key: one.value for one in termination.parse(message)}
        assert found == {name: files[name] for name in names if name in files}, found
    assert entrypoint.record(Ended(exit_code=0)) == Record(entrypoint.Reason.COMPLETED, "", "0")


@adapter("tekton", PATH, "TestEntrypointerStopOnCancel")
def stop_on_cancel(row: Row) -> None:
    running, waiting = (
        duration.parse_go(str(row.fields.get(name) or "0s")) for name in ("runningDuration", "waitingDuration")
    )
    ended = Ended(cancelled=True) if 0 < waiting < running else Ended(exit_code=0)
    assert entrypoint.record(ended).goes_on is not bool(row.fields.get("expectError"))


@adapter("tekton", PATH, "TestCheckForBreakpointOnFailure", "Test_waitingCancellation",
         "TestApplyStepArtifactSubstitutionsCommandSuccess", "TestWriteTerminationMessage_Compression")  # fmt: skip
def without_rows(row: Row) -> None:
    raise Skip("its rows are programs and files of the test's machine; the vectors have none of them")


@adapter("tekton", PATH, "TestReadResultsFromDisk")
def results_from_disk(row: Row) -> None:
    names = row.value("results")
    files = {name: gojson.dumps(value) for name, value in zip(names, row.fields["resultContent"], strict=True)}
    message = gojson.dumps([one.as_dict() for one in entrypoint.written(names, files, Kind(row.value("resultType")))])
    found = [{"value": one.value, "type": int(one.kind)} for one in termination.parse(message)]
    assert found == row.value("want"), found


@adapter("tekton", PATH, "TestTerminationReason")
def termination_reason(row: Row) -> None:
    found = _record(row)
    status = [one.as_dict() for one in found.notes] + [{"key": "StartedAt", "type": int(Kind.INTERNAL)}]
    wanted = sorted(row.value("expectedStatus"), key=lambda one: str(one["key"]))
    assert bare(sorted(status, key=lambda one: str(one["key"]))) == bare(wanted), found
    assert found.exit_code == row.fields.get("expectedExitCode"), found
    wrote = None if found.post is None else f"postfile{found.post}"
    assert wrote == row.fields.get("expectedWrotefile"), found


def _record(row: Row) -> Record:
    if row.value("waitFiles"):
        return entrypoint.after_failed_wait(entrypoint.PREVIOUS_FAILED)
    if row.value("when") and not entrypoint.allowed(row.value("when"), language.cel):
        return entrypoint.record(Ended(skipped=True))
    return entrypoint.record(_ended(row.fields.get("runError")), on_error=row.value("onError"))


def _ended(error: Any) -> Ended:
    """An error without a text is that of a program that never ran to its end: Go gives it the exit code -1."""
    if error is None:
        return Ended(exit_code=0)
    message = error.get("$error", "") if isinstance(error, dict) else str(error)
    if message in ("context canceled", "context deadline exceeded"):
        return Ended(cancelled=message == "context canceled", timed_out=message != "context canceled")
    return Ended(error=message) if message else Ended(exit_code=-1)


def _substituted(row: Row, given: Any, replace: Callable[[Any, entrypoint.Results], Any]) -> None:
    known = {row.value("stepName"): {row.value("resultName"): entrypoint.value_of(row.value("result"))}}
    try:
        found = replace(given, known)
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        found = given
    else:
        assert not row.value("wantErr"), found
    assert bare(found) == bare(row.fields["want"]), found


@adapter("tekton", PATH, "TestApplyStepResultSubstitutions_Env")
def result_in_env(row: Row) -> None:
    _substituted(row, row.value("envValue"), entrypoint.replace_text)


@adapter("tekton", PATH, "TestApplyStepResultSubstitutions_Command")
def result_in_command(row: Row) -> None:
    _substituted(row, row.value("command"), entrypoint.replace_words)


@adapter("tekton", PATH, "TestApplyStepWhenSubstitutions_Input", "TestApplyStepWhenSubstitutions_CEL",
         "TestApplyStepWhenSubstitutions_Values")  # fmt: skip
def result_in_when(row: Row) -> None:
    _substituted(row, row.fields["when"], entrypoint.replace_when)


@adapter("tekton", PATH, "TestAllowExec")
def allow_exec(row: Row) -> None:
    try:
        found = entrypoint.allowed(row.fields.get("whenExpressions") or [], language.cel)
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        return
    assert not row.value("wantErr")
    assert found is row.value("expected")


def _provenance(row: Row) -> Callable[[str], str]:
    def read(_container: str) -> str:
        if not row.value("mode"):
            raise Invalid("", "the file cannot be read")
        return str(row.value("fileContent"))

    return read


@adapter("tekton", PATH, "TestLoadStepArtifacts")
def load_artifacts(row: Row) -> None:
    try:
        found = entrypoint.artifacts_of(_provenance(row)("step-name"))
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        return
    assert not row.value("wantErr"), found
    assert bare(found) == bare(row.fields.get("want") or {}), found


@adapter("tekton", PATH, "TestParseArtifactTemplate")
def artifact_template(row: Row) -> None:
    try:
        found = entrypoint.artifact_reference(row.value("input"))
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        return
    assert not row.value("wantErr"), found
    named = {"ContainerName": found.container, "Type": found.group, "ArtifactName": found.name}
    assert bare(named) == bare(row.fields["want"]), found


def _artifacts_replaced(row: Row, given: Any, replace: Callable[[Any], Any]) -> None:
    try:
        found = replace(given)
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        found = given
    else:
        assert not row.value("wantErr"), found
    assert found == row.fields["want"], found


@adapter("tekton", PATH, "TestGetArtifactValues")
def artifact_values(row: Row) -> None:
    try:
        found = entrypoint.artifact_values(row.value("template"), _provenance(row))
    except Invalid as error:
        assert row.value("wantErr"), str(error)
        return
    assert not row.value("wantErr"), found
    assert json.loads(found) == json.loads(row.value("want")), found
    assert found == row.value("want"), found


@adapter("tekton", PATH, "TestApplyStepArtifactSubstitutionsCommand")
def artifacts_in_command(row: Row) -> None:
    read = _provenance(row)
    command = row.value("command")
    _artifacts_replaced(row, command, lambda words: [entrypoint.replace_artifacts(word, read) for word in words])


@adapter("tekton", PATH, "TestApplyStepArtifactSubstitutionsEnv")
def artifacts_in_env(row: Row) -> None:
    read = _provenance(row)
    _artifacts_replaced(row, row.value("envValue"), lambda text: entrypoint.replace_artifacts(text, read))


@adapter("tekton", PARSE, "TestParseMessage")
def parse_message(row: Row) -> None:
    found = [one.as_dict() for one in termination.parse(row.value("msg"))]
    assert found == (row.fields.get("want") or []), found


@adapter("tekton", PARSE, "TestParseMessageInvalidMessage")
def invalid_message(row: Row) -> None:
    try:
        found = termination.parse(row.value("msg"))
    except Invalid as error:
        assert row.value("wantError") in error.message, error.message
        return
    raise AssertionError(f"was read: {found}")
