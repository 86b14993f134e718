# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal: order, policies, ends, and what it says when the disk or another program is in the way."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from slipway.core import Invalid, SlipwayError, VirtualClock
from slipway.runs import store
from slipway.runs.journal import Journal, NewRun
from slipway.runs.migrations import STEPS
from slipway.runs.model import Failure, Owner, Policy, Run, Status, Verdict

OWNER = Owner(1, 2, "boot")
DONE = Verdict(Status.SUCCEEDED, 0)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite3", VirtualClock(100.0))


def add(journal: Journal, run_id: str, **fields: object) -> Run:
    known = {"project": "shop", "playbook": "x.yml", "policy": Policy.QUEUE, "directory": Path("/x"), "owner": OWNER}
    return journal.add(NewRun(id=run_id, **{**known, **fields}))[0]  # type: ignore[arg-type]


def test_the_file_is_private(journal: Journal, tmp_path: Path) -> None:
    add(journal, "a")
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_new_run_is_queued(journal: Journal) -> None:
    run = add(journal, "a")
    assert (run.status, run.created, run.started, run.exit_code) == (Status.QUEUED, 100.0, None, None)


def test_the_first_in_is_the_first_out(journal: Journal) -> None:
    add(journal, "a")
    add(journal, "b")
    before = journal.claim("b")
    assert before is not None and before.id == "a"
    assert journal.claim("a") is None
    assert journal.get("a").status is Status.RUNNING


def test_one_run_at_a_time_per_project(journal: Journal) -> None:
    add(journal, "a")
    journal.claim("a")
    add(journal, "b")
    assert journal.claim("b") is not None
    journal.finish("a", DONE)
    assert journal.claim("b") is None


def test_projects_do_not_wait_for_each_other(journal: Journal) -> None:
    add(journal, "a")
    journal.claim("a")
    add(journal, "b", project="other")
    assert journal.claim("b") is None


def test_supersede_asks_the_older_ones_to_stop(journal: Journal) -> None:
    add(journal, "a")
    add(journal, "b")
    add(journal, "other", project="other")
    add(journal, "c", policy=Policy.SUPERSEDE)
    assert journal.get("a").cancel == journal.get("b").cancel == "superseded by c"
    assert journal.get("c").cancel == journal.get("other").cancel == ""


def test_the_same_event_does_not_run_twice(journal: Journal) -> None:
    first = add(journal, "a", event_id="push-1")
    again, fresh = journal.add(NewRun("b", "shop", "x.yml", Policy.QUEUE, Path("/x"), OWNER, event_id="push-1"))
    assert (again.id, fresh) == (first.id, False)


def test_the_same_event_runs_again_after_a_failure(journal: Journal) -> None:
    add(journal, "a", event_id="push-1")
    journal.finish("a", Verdict(Status.FAILED, 10, Failure("X", "broke")))
    assert add(journal, "b", event_id="push-1").id == "b"


def test_events_are_counted_per_project(journal: Journal) -> None:
    add(journal, "a", event_id="push-1")
    assert add(journal, "b", event_id="push-1", project="other").id == "b"


def test_an_end_is_written_once(journal: Journal) -> None:
    add(journal, "a")
    assert journal.finish("a", Verdict(Status.FAILED, 11, Failure("Refused", "no", "Rollout d/x", "why")))
    assert not journal.finish("a", DONE)
    run = journal.get("a")
    assert (run.status, run.exit_code, run.why) == (Status.FAILED, 11, "Rollout d/x no (why)")


def test_an_end_for_an_owner_that_changed_is_not_written(journal: Journal) -> None:
    add(journal, "a")
    journal.own("a", Owner(9, 9, "boot"))
    assert not journal.finish("a", DONE, OWNER)
    assert journal.get("a").status is Status.QUEUED


def test_the_first_reason_to_cancel_stays_and_force_is_added(journal: Journal) -> None:
    add(journal, "a")
    journal.request_cancel("a", "first")
    run = journal.request_cancel("a", "second", force=True)
    assert (run.cancel, run.force) == ("first", True)


def test_an_ended_run_is_not_cancelled(journal: Journal) -> None:
    add(journal, "a")
    journal.finish("a", DONE)
    assert journal.request_cancel("a", "late").cancel == ""


@pytest.mark.parametrize("text", ["20260102-aaaaa", "2026", "aaaaa", "last"])
def test_a_run_is_found_by_its_id_or_a_part(journal: Journal, text: str) -> None:
    add(journal, "20260102-aaaaa")
    assert journal.find(text).id == "20260102-aaaaa"


def test_an_ambiguous_part_names_the_runs(journal: Journal) -> None:
    add(journal, "20260102-aaaaa")
    add(journal, "20260102-bbbbb")
    with pytest.raises(Invalid, match="several runs match '2026': 20260102-aaaaa, 20260102-bbbbb"):
        journal.find("2026")


def test_a_percent_sign_matches_nothing(journal: Journal) -> None:
    add(journal, "a")
    with pytest.raises(Invalid, match="there is no run '%'"):
        journal.find("%")


def test_the_list_is_newest_first_and_filtered(journal: Journal) -> None:
    for name in ("a", "b", "c"):
        add(journal, name)
    journal.finish("b", DONE)
    assert [run.id for run in journal.listed()] == ["c", "b", "a"]
    assert [run.id for run in journal.listed(statuses=[Status.QUEUED], limit=1)] == ["c"]
    assert journal.listed(project="other") == []


def test_an_old_file_is_migrated_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as old:
        for statement in filter(str.strip, STEPS[0].split(";")):
            old.execute(statement)
        old.execute(
            "INSERT INTO runs (id, project, playbook, status, policy, directory, created, owner_pid, owner_start, "
            "owner_boot) VALUES ('old', 'p', 'x.yml', 'Succeeded', 'queue', '/x', 1, 1, 1, 'b')"
        )
        old.execute("PRAGMA user_version = 1")
    run = Journal(path).get("old")
    assert (run.resumes, run.check) == ("", False)


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as new:
        new.execute("PRAGMA user_version = 99")
    with pytest.raises(SlipwayError, match="written by a newer slipway") as error:
        Journal(path).listed()
    assert error.value.reason == "JournalTooNew"


def test_a_locked_journal_is_said_clearly(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    held = store.Store(path, busy_seconds=0.05)
    message = "another program holds the run journal"
    with held.writing(), pytest.raises(SlipwayError, match=message) as error, held.writing():
        pass
    assert error.value.reason == "JournalLocked"


def test_a_full_disk_is_said_clearly(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    small = store.Store(path)
    with pytest.raises(SlipwayError, match="no space left for the run journal") as error, small.writing() as database:
        database.execute(f"PRAGMA max_page_count = {database.execute('PRAGMA page_count').fetchone()[0]}")
        database.execute("CREATE TABLE big (x)")
        database.execute("INSERT INTO big VALUES (zeroblob(100000))")
    assert error.value.reason == "DiskFull"


def test_a_damaged_journal_is_said_clearly(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"this is no database, and long enough to be looked at" * 100)
    with pytest.raises(SlipwayError, match="is damaged"):
        Journal(path).listed()
