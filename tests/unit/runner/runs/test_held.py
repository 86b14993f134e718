# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are journaled and get a process when it is their project's turn."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slipway.runs import api, processes, recovery
from slipway.runs.journal import Journal
from slipway.runs.model import Owner, RunHandle, Status, Verdict


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(api, "_launch", lambda _journal, run, _request: calls.append(run.id))
    return calls


def hold(event: str, project: str = "shop", policy: str = "queue") -> RunHandle:
    return api.start("slipway.gitops.deliver", {}, project=project, policy=policy, event_id=event, hold=True)


def step(held: api.Held) -> Journal:
    held.step(api.journal().active())
    return api.journal()


def test_each_project_gets_its_oldest_run_and_the_next_when_that_has_ended(launched: list[str]) -> None:
    held = api.Held(api.journal())
    first, second, other = hold("1"), hold("2"), hold("3", "web")
    for handle in (first, second, other):
        held.add(handle)
    step(held)
    step(held)
    assert launched == [first.id, other.id]
    api.journal().finish(first.id, Verdict(Status.SUCCEEDED, 0))
    step(held)
    assert launched == [first.id, other.id, second.id]


def test_a_held_run_that_is_superseded_ends_without_a_process(launched: list[str]) -> None:
    held = api.Held(api.journal())
    first = hold("1")
    held.add(first)
    second = hold("2", policy="supersede")
    held.add(second)
    journal = step(held)
    assert (journal.get(first.id).status, launched) == (Status.CANCELLED, [second.id])


def test_a_queued_run_of_a_dead_process_is_taken_over(launched: list[str]) -> None:
    first = hold("1")
    api.journal().own(first.id, Owner(1, 1, "another boot"))
    again = hold("1")
    assert (again.id, again.launch is not None) == (first.id, True)
    assert api.journal().get(first.id).owner == processes.identity(os.getpid())


def test_a_queued_run_of_a_living_process_is_left_to_it(launched: list[str]) -> None:
    first = hold("1")
    again = hold("1")
    assert (again.id, again.reused, again.launch) == (first.id, True, None)


def test_a_held_run_whose_holder_died_says_so(launched: list[str]) -> None:
    first = hold("1")
    api.journal().own(first.id, Owner(1, 1, "another boot"))
    recovery.reconcile(api.journal())
    found = api.journal().get(first.id)
    assert (found.status, "ended before it began" in found.why) == (Status.INTERRUPTED, True)
