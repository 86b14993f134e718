# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a playbook's events and exit code come to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from slipway.exits import Exit
from slipway.runs.model import Status, Verdict
from slipway.runs.outcome import Reader, find_failure, stopped, verdict

REFUSED = {"reason": "Refused", "message": "analysis failed", "object": "Rollout demo/hello", "hint": "see AnalysisRun"}


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"event": kind, "stdout": "", "event_data": {"task": "a task", "host": "localhost", **data}}


def judge(code: int, *events: dict[str, Any], check: bool = False) -> Verdict:
    reader = Reader(Recorder())
    for one in events:
        reader.take(one)
    return verdict(code, reader, check=check)


def failed(failure: dict[str, str] | None = None, **data: Any) -> dict[str, Any]:
    result = {"failed": True, "msg": "it broke", **({"failure": failure} if failure else {})}
    return event("runner_on_failed", res=result, **data)


def stats(**counts: int) -> dict[str, Any]:
    return event("playbook_on_stats", **{name: {"localhost": number} for name, number in counts.items()})


def test_nothing_failed_is_done() -> None:
    end = judge(0, stats(ok=3, changed=1))
    assert (end.status, end.exit_code, end.why) == (Status.SUCCEEDED, 0, "")
    assert end.counts["changed"] == 1


def test_a_check_that_would_change_something_exits_2() -> None:
    end = judge(0, stats(ok=3, changed=1), check=True)
    assert (end.status, end.exit_code) == (Status.CHANGES_PENDING, 2)


def test_a_check_without_changes_is_done() -> None:
    assert judge(0, stats(ok=3, changed=0), check=True).exit_code == 0


@pytest.mark.parametrize(
    ("reason", "code", "status"),
    [
        ("Invalid", 15, Status.FAILED),
        ("Refused", 11, Status.REFUSED),
        ("Unreachable", 14, Status.FAILED),
        ("TimedOut", 12, Status.TIMED_OUT),
        ("Cancelled", 13, Status.CANCELLED),
        ("Internal", 70, Status.FAILED),
        ("SomethingElse", 10, Status.FAILED),
    ],
)
def test_the_reason_of_the_failure_gives_the_exit_code(reason: str, code: int, status: Status) -> None:
    end = judge(2, failed({**REFUSED, "reason": reason}))
    assert (end.exit_code, end.status) == (code, status)


def test_the_failure_is_told_in_one_line() -> None:
    assert judge(2, failed(REFUSED)).why == "Rollout demo/hello analysis failed (see AnalysisRun)"


def test_a_task_without_structured_failure_is_a_failed_step() -> None:
    end = judge(2, failed())
    assert (end.exit_code, end.why) == (10, "it broke")


def test_an_ignored_failure_does_not_count() -> None:
    assert judge(2, failed(REFUSED, ignore_errors=True), failed()).why == "it broke"


def test_fail_in_a_rescue_block_passes_on_what_was_caught() -> None:
    end = judge(2, failed(REFUSED), failed(task_action="ansible.builtin.fail"))
    assert end.exit_code == Exit.GATE_REFUSED


def test_another_task_that_fails_in_a_rescue_block_counts_itself() -> None:
    end = judge(2, failed(REFUSED), failed(task_action="ansible.builtin.command"))
    assert (end.exit_code, end.why) == (10, "it broke")


def test_the_failure_of_a_loop_item_is_found() -> None:
    result = {
        "failed": True,
        "msg": "One or more items failed",
        "results": [{"ok": 1}, {"failed": True, "failure": REFUSED}],
    }
    assert find_failure(result).reason == "Refused"


def test_the_last_line_of_stderr_is_told() -> None:
    assert find_failure({"msg": "non-zero return code", "stderr": "a\noh dear\n"}).message.endswith(": oh dear")


def test_code_4_with_an_unreachable_host_is_unreachable() -> None:
    end = judge(4, event("runner_on_unreachable", res={"msg": "no route"}))
    assert (end.exit_code, end.why) == (14, "host localhost no route")


@pytest.mark.parametrize("code", [1, 4, 5])
def test_an_error_before_any_task_is_invalid_input(code: int) -> None:
    end = judge(code, {"event": "error", "stdout": "[ERROR]: YAML parsing failed: no ':'\nOrigin: x.yml:4:1\n"})
    assert (end.exit_code, end.why) == (15, "x.yml:4 YAML parsing failed: no ':'")


def test_the_older_error_form_is_read_too() -> None:
    assert judge(4, {"event": "verbose", "stdout": "ERROR! no such role"}).why == "no such role"


def test_the_older_syntax_error_has_its_place_too() -> None:
    lines = (
        "ERROR! We were unable to read either as JSON nor YAML, these are the errors we got from each:",
        "JSON: Expecting value: line 1 column 1 (char 0)",
        "",
        "Syntax Error while loading YAML.",
        "  could not find expected ':'",
        "",
        "The error appears to be in '/x/play.yml': line 3, column 1, but may",
    )
    why = judge(4, *({"event": "verbose", "stdout": line} for line in lines)).why
    assert why.startswith("/x/play.yml:3 We were unable to read")
    assert why.endswith("could not find expected ':'")


def test_code_99_is_cancelled() -> None:
    assert judge(99).exit_code == 13


@pytest.mark.parametrize("code", [-9, 137])
def test_a_killed_playbook_is_an_internal_error(code: int) -> None:
    end = judge(code, failed(REFUSED))
    assert (end.exit_code, end.why) == (70, "ansible-playbook was killed by SIGKILL")


def test_code_250_is_an_internal_error() -> None:
    assert judge(250).exit_code == 70


def test_a_stopped_run_keeps_its_counts() -> None:
    end = stopped("TimedOut", "did not end within 3 s", {"ok": 2})
    assert (end.status, end.exit_code, end.counts) == (Status.TIMED_OUT, 12, {"ok": 2})


def test_tasks_become_records() -> None:
    recorder = Recorder()
    reader = Reader(recorder)
    reader.take(event("playbook_on_task_start"))
    reader.take(event("runner_on_ok", res={"changed": True}))
    reader.take(event("runner_on_skipped", res={"skip_reason": "Conditional result was False"}))
    told = [(one.subject.kind, one.subject.name, one.phase) for one in recorder.events]
    assert told == [("AnsibleTask", "a task", phase) for phase in ("Started", "Succeeded", "Skipped")]
    assert recorder.events[1].data["changed"] is True


def test_set_stats_are_the_result() -> None:
    reader = Reader(Recorder())
    reader.take(event("playbook_on_stats", artifact_data={"image": "x@sha256:1"}))
    assert reader.result == {"image": "x@sha256:1"}


def test_a_play_ends_with_the_next_one_or_the_statistics() -> None:
    recorder = Recorder()
    reader = Reader(recorder)
    for one in (
        event("playbook_on_play_start", name="first"),
        event("playbook_on_play_start", name="second"),
        failed(REFUSED),
        stats(failures=1),
    ):
        reader.take(one)
    plays = [(one.subject.name, one.phase) for one in recorder.events if one.subject.kind == "Play"]
    assert plays == [("first", "Started"), ("first", "Succeeded"), ("second", "Started"), ("second", "Failed")]
