# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner's own records, also when the disk is full."""

from __future__ import annotations

from pathlib import Path

from slipway.core import Emitter, Subject
from slipway.events import log
from slipway.runs import record
from slipway.runs.model import Failure, Owner, Policy, Run, Status, Verdict

RUN = Run(
    id="r1",
    project="shop",
    playbook="x.yml",
    status=Status.RUNNING,
    policy=Policy.QUEUE,
    directory=Path("/x"),
    created=1.0,
    started=2.0,
    finished=None,
    exit_code=None,
    why="",
    event_id="",
    resumes="",
    check=False,
    owner=Owner(1, 1, "b"),
    cancel="",
    force=False,
)


def test_the_last_record_says_how_it_ended(tmp_path: Path) -> None:
    failure = Failure("Refused", "analysis failed", "Rollout demo/hello", "see it")
    record.ended(record.emitter("r1", tmp_path), RUN, Verdict(Status.REFUSED, 11, failure, {"ok": 3}))
    (event,) = log.read(tmp_path / log.NAME)
    assert (event.phase, event.reason, str(event.subject)) == ("Failed", "Refused", "Run shop/r1")
    assert event.message == "Rollout demo/hello analysis failed (see it)"
    assert event.data["exit_code"] == 11
    assert event.data["ok"] == 3
    assert event.data["failure"]["hint"] == "see it"


def test_a_full_disk_does_not_end_the_run_and_is_said() -> None:
    writer = record.Writer(Path("/dev/full"))
    emitter = Emitter([writer])
    for _ in range(2):
        emitter.emit(Subject("Run", "", "r"), "Started")
    assert writer.lost == "records are incomplete: no space left on the disk that holds /dev/full"
    assert Verdict(Status.SUCCEEDED, 0, note=writer.lost).why == writer.lost
