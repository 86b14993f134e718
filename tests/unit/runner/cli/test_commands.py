# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""list, show, logs, watch and cancel over a journal that was written beforehand: nothing is run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from slipway import state
from slipway.cli import _boundary
from slipway.core import Emitter, Subject, TimedOut, VirtualClock, file_writer
from slipway.events import log
from slipway.runs import api, processes
from slipway.runs.journal import Journal, NewRun
from slipway.runs.model import Failure, Policy, Status, Verdict

ROLLOUT = Subject("Rollout", "demo", "hello")


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Two runs: an ended one with records, result and output, and one that this very process answers for."""
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path))
    clock = VirtualClock(1000.0)
    journal = Journal(state.journal_path(), clock)
    me = processes.identity(os.getpid())
    for name in ("20260102-000001-ended", "20260102-000002-going"):
        folder = state.private_dir(state.runs_dir() / name)
        journal.add(NewRun(name, "shop", "/play/deliver.yml", Policy.QUEUE, folder, me, event_id=name))
        journal.claim(name)
        _fill(folder, clock)
        if name.endswith("ended"):
            clock.sleep(12)
            journal.finish(
                name, Verdict(Status.REFUSED, 11, Failure("Refused", "analysis failed", "Rollout demo/hello"))
            )
    return journal


def _fill(folder: Path, clock: VirtualClock) -> None:
    emitter = Emitter([file_writer(str(folder / log.NAME))], clock=clock)
    emitter.emit(ROLLOUT, "Started", message="weight 20")
    clock.sleep(5)
    emitter.emit(ROLLOUT, "Failed", message="analysis failed")
    state.write_private(folder / "result.json", json.dumps({"image": "x@sha256:1"}))
    state.write_private(folder / "output.log", "PLAY [Deliver]\n")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = _boundary.call(arguments)
    return code, capsys.readouterr().out


def test_the_list_is_a_table_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = call(capsys, "list")
    head, *rows = out.splitlines()
    assert code == 0
    assert head.split() == ["RUN", "PROJECT", "STATUS", "STARTED", "TOOK", "PLAYBOOK", "WHY"]
    assert rows[-1].startswith("20260102-000001-ended  shop     Refused")
    assert rows[-1].endswith("deliver.yml  Rollout demo/hello analysis failed")


def test_the_list_is_json_with_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(call(capsys, "list", "--status", "refused", "-o", "json")[1])
    assert [(run["id"], run["exit_code"]) for run in found] == [("20260102-000001-ended", 11)]


def test_the_list_in_lines_has_one_run_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = call(capsys, "list", "-o", "jsonl")[1].splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["Running", "Refused"]


def test_show_tells_phases_result_why_and_where_the_logs_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out = call(capsys, "show", "ended")
    folder = tmp_path / "runs" / "20260102-000001-ended"
    assert code == 0
    for wanted in ("Refused in 17s, exit 11: Rollout demo/hello analysis failed", "Rollout demo/hello  Failed  5.0s",
                   '"image": "x@sha256:1"', str(folder / "events.jsonl"), str(folder / "output.log")):  # fmt: skip
        assert wanted in out


def test_show_as_json_holds_the_phases(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(call(capsys, "show", "ended", "-o", "json")[1])
    assert told["result"] == {"image": "x@sha256:1"}
    assert [(row["name"], row["phase"], row["seconds"]) for row in told["phases"]] == [
        ("Rollout demo/hello", "Failed", 5)
    ]


def test_logs_are_the_records(capsys: pytest.CaptureFixture[str]) -> None:
    lines = call(capsys, "logs", "ended")[1].splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "started    Rollout demo/hello: weight 20",
        "failed     Rollout demo/hello: analysis failed",
    ]


def test_raw_logs_are_what_ansible_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "logs", "ended", "--raw")[1] == "PLAY [Deliver]\n"


def test_watching_an_ended_run_replays_it_and_exits_as_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = call(capsys, "watch", "ended")
    assert code == 11
    assert "weight 20" in out
    assert out.splitlines()[-1].endswith("Refused in 17s, exit 11: Rollout demo/hello analysis failed")


def test_quiet_prints_only_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(call(capsys, "watch", "ended", "-q")[1].splitlines()) == 1


def test_an_ended_run_cannot_be_cancelled(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "cancel", "ended")[0] == 15


def test_cancel_asks_and_does_not_wait_when_told_so(capsys: pytest.CaptureFixture[str], journal: Journal) -> None:
    assert call(capsys, "cancel", "going", "--no-wait", "--force")[0] == 0
    run = journal.get("20260102-000002-going")
    assert (run.cancel, run.force, run.status) == ("cancelled on the command line", True, Status.RUNNING)


def test_a_run_that_goes_on_cannot_be_continued(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "run", "--resume", "going")[0] == 15


def test_a_result_that_cannot_be_read_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "runs" / "20260102-000001-ended" / "result.json").write_text("{")
    code = _boundary.call(["show", "ended"])
    assert code == 70
    assert "the result of run 20260102-000001-ended cannot be read" in capsys.readouterr().err


def test_waiting_for_a_run_that_goes_on_times_out_in_its_own_time() -> None:
    clock = VirtualClock()
    with pytest.raises(TimedOut, match="still running after 3 s"):
        api.wait("20260102-000002-going", 3, clock)
    assert clock.slept == pytest.approx(3, abs=0.2)
