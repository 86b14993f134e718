# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of one group keep apart: in order, so many at once, whatever dies."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL, Subject
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import turn
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.turn import Concurrency

ONE = Concurrency("g")


class Holder:
    """A run in a thread: `inside` when it has its turn, `stop` to end it, `error` when it never had it."""

    def __init__(self, root: Path, name: str, wanted: Concurrency = ONE) -> None:
        self.inside, self.waits, self.stop = threading.Event(), threading.Event(), threading.Event()
        self.cancel, self.error = Cancel(), ""
        self._arguments = (wanted, str(root), Subject("PipelineRun", "", name), self, self.cancel)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def emit(self, _subject: object, phase: str, *, message: str = "", **_rest: object) -> None:
        self.message = message
        self.waits.set()

    def _run(self) -> None:
        try:
            with turn.taken(*self._arguments):  # type: ignore[arg-type]
                self.inside.set()
                self.stop.wait(20)
        except Cancelled as error:
            self.error = error.message

    def end(self) -> None:
        self.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


Start = Callable[..., Holder]


@pytest.fixture
def start(tmp_path: Path) -> object:
    holders: list[Holder] = []

    def begin(name: str, wanted: Concurrency = ONE) -> Holder:
        holders.append(Holder(tmp_path, name, wanted))
        return holders[-1]

    yield begin
    for holder in holders:
        holder.end()


def test_the_second_run_waits_for_the_first_and_says_so(start: Start) -> None:
    first = start("first")
    assert first.inside.wait(10)
    second = start("second")
    assert second.waits.wait(10)
    assert second.message == "first before it in group g, which lets 1 run at once"
    assert not second.inside.is_set()
    first.end()
    assert second.inside.wait(10)


def test_as_many_run_as_the_limit_says(start: Start) -> None:
    two = Concurrency("g", 2)
    first, second = start("first", two), start("second", two)
    assert first.inside.wait(10) and second.inside.wait(10)
    assert start("third", two).waits.wait(10)


def test_other_groups_do_not_wait(start: Start) -> None:
    assert start("first").inside.wait(10)
    assert start("second", Concurrency("../other")).inside.wait(10)


def test_policy_cancel_gives_up_when_the_group_is_full(start: Start) -> None:
    assert start("first").inside.wait(10)
    second = start("second", Concurrency("g", 1, "cancel"))
    second.end()
    assert second.error == "group g is full: first"


def test_policy_supersede_stops_the_older_runs(start: Start) -> None:
    first = start("first")
    assert first.inside.wait(10)
    waiting = start("waiting")
    assert waiting.waits.wait(10)
    newest = start("newest", Concurrency("g", 1, "supersede"))
    waiting.end()
    assert waiting.error == "superseded by newest"
    assert newest.waits.wait(10)
    assert first.cancel.wait(10)
    assert first.cancel.reason == "superseded by newest"
    first.end()
    assert newest.inside.wait(10)


def test_a_run_that_is_cancelled_while_it_waits_gives_its_place_back(start: Start) -> None:
    first = start("first")
    assert first.inside.wait(10)
    second = start("second")
    assert second.waits.wait(10)
    second.cancel.set("enough")
    second.end()
    assert second.error == "enough"
    first.end()
    assert start("third").inside.wait(10)


KILLED = """
import sys, time
from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.events import NULL, Subject
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import turn

with turn.taken(turn.Concurrency("g"), sys.argv[1], Subject("PipelineRun", "", "killed"), NULL, Cancel()):
    print("in", flush=True)
    time.sleep(60)
"""


def test_nobody_waits_for_a_run_that_was_killed(start: Start, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"in\n"
        second = start("second")
        assert second.waits.wait(10)
        other.kill()
        other.wait(10)
        assert second.inside.wait(10)


def test_no_group_no_place(tmp_path: Path) -> None:
    with turn.taken(None, str(tmp_path), Subject("TaskRun", "", "x"), NULL, Cancel()):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [("", 1, "queue"), ("g", 0, "queue"), ("g", 1, "wait")])
def test_a_wrong_group_is_refused(wrong: tuple[str, int, str]) -> None:
    with pytest.raises(Invalid, match="concurrency is wrong"):
        Concurrency(*wrong)
