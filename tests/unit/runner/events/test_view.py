# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people see: rows, lines, ages."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from slipway.core import Event, Subject
from slipway.events import fold, view


def event(phase: str, message: str = "", *, time: float = 0.0, name: str = "hello", **data: Any) -> Event:
    return Event(1, time, "r", Subject("Rollout", "demo", name), phase, "", message, data)


def test_a_row_has_age_and_reason() -> None:
    board = fold.board([event("Started", time=10), event("Waiting", "on 2/3 replicas", time=14)])
    row = board.rows["Rollout demo/hello"]
    assert (row.phase, row.text, row.seconds(20)) == ("Waiting", "on 2/3 replicas", 10)


def test_an_ended_row_keeps_its_time() -> None:
    board = fold.board([event("Started", time=10), event("Succeeded", time=14)])
    assert board.rows["Rollout demo/hello"].seconds(99) == 4
    assert board.open() == []


def test_a_log_line_does_not_change_the_row() -> None:
    board = fold.board([event("Waiting", "on a pod"), event("Log", "hello world")])
    row = board.rows["Rollout demo/hello"]
    assert (row.phase, row.text) == ("Waiting", "on a pod")


def test_an_object_that_starts_again_gets_a_new_age() -> None:
    board = fold.board([event("Started", time=1), event("Failed", time=2), event("Started", time=8)])
    assert board.rows["Rollout demo/hello"].since == 8


def test_a_step_is_called_by_task_and_step() -> None:
    assert fold.label(event("Log", "x", task="build", step="push")) == "build/push"


def test_a_line_holds_no_control_characters() -> None:
    text = view.line(event("Log", "a\x1b[31mred\x1b[0m\nb\x07\rc"))
    assert text.endswith("ared b c")
    assert text.isprintable()


@pytest.mark.parametrize(("seconds", "text"), [(0.44, "0.4s"), (12.4, "12s"), (185, "3m05s"), (7620, "2h07m")])
def test_ages_are_short(seconds: float, text: str) -> None:
    assert view.age(seconds) == text


def test_away_from_a_terminal_the_view_is_a_plain_log() -> None:
    out = io.StringIO()
    shown = view.pick("text", out=out)
    shown.show(event("Waiting", "on 2/3 replicas"))
    shown.close()
    assert out.getvalue().split(maxsplit=1)[1] == "waiting    Rollout demo/hello: on 2/3 replicas\n"


def test_json_lines_are_the_records() -> None:
    out = io.StringIO()
    view.pick("jsonl", out=out).show(event("Waiting", "x"))
    assert json.loads(out.getvalue())["subject"]["name"] == "hello"


@pytest.mark.parametrize(("output", "quiet"), [("json", False), ("text", True)])
def test_quiet_and_json_show_no_records(output: str, quiet: bool) -> None:
    out = io.StringIO()
    view.pick(output, quiet=quiet, out=out).show(event("Waiting", "x"))
    assert out.getvalue() == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_lines_for_what_happened_and_no_line_for_waiting() -> None:
    out = Terminal()
    shown = view.pick("text", out=out)
    shown.show(event("Waiting", "on 2/3 replicas"))
    shown.show(event("Changed", "weight 20"))
    shown.close()
    assert "weight 20" in out.getvalue()


def test_the_replay_on_a_terminal_shows_every_record() -> None:
    out = Terminal()
    shown = view.pick("text", replay=True, out=out)
    shown.show(event("Waiting", "on 2/3 replicas"))
    shown.close()
    assert "on 2/3 replicas" in out.getvalue()
