# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event file: read, followed, numbered."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import jsonschema
import pytest

from slipway.core import Emitter, SlipwayError, Subject, VirtualClock, file_writer
from slipway.events import log, schema

POD = Subject("Pod", "demo", "hello")


def write(path: Path, *messages: str) -> None:
    """Write as one process does: its own count starts at 1."""
    emitter = Emitter([file_writer(str(path))], run="r", clock=VirtualClock(50.0))
    for message in messages:
        emitter.emit(POD, "Progress", message=message)


def test_several_writers_give_one_order(tmp_path: Path) -> None:
    path = tmp_path / log.NAME
    write(path, "a", "b")
    write(path, "c")
    assert [(event.seq, event.message) for event in log.read(path)] == [(1, "a"), (2, "b"), (3, "c")]


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert list(log.read(tmp_path / log.NAME)) == []


def test_half_a_line_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / log.NAME
    write(path, "a")
    text = path.read_bytes()
    path.write_bytes(text + text[:20])
    tail = log.Tail(path)
    assert len(list(tail.new())) == 1
    with path.open("ab") as handle:
        handle.write(text[20:])
    assert [event.seq for event in tail.new()] == [2]


def test_following_ends_when_the_run_has_and_all_is_read(tmp_path: Path) -> None:
    path, clock, asked = tmp_path / log.NAME, VirtualClock(), iter([False, False, True])

    def ended() -> bool:
        over = next(asked)
        write(path, "last" if over else "more")
        return over

    assert [event.message for event in log.follow(path, ended, clock)] == ["more", "more", "last"]
    assert clock.slept == pytest.approx(0.2)


def test_renumbering_writes_the_line_number_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / log.NAME
    write(path, "a", "b")
    write(path, "c")
    assert log.renumber(path) == 3
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == [1, 2, 3]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [log.NAME]


def test_a_torn_line_becomes_a_warning(tmp_path: Path) -> None:
    path = tmp_path / log.NAME
    write(path, "a")
    with path.open("ab") as handle:
        handle.write(b'{"version":1,"se')
    assert log.renumber(path) == 2
    last = list(log.read(path))[-1]
    assert (last.seq, last.phase, last.reason) == (2, "Warning", "TornRecord")


def test_a_full_disk_is_said_clearly_and_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / log.NAME
    write(path, "a")
    before = path.read_bytes()

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log.json, "dumps", full)
    with pytest.raises(SlipwayError, match="no space left on the disk") as error:
        log.renumber(path)
    assert error.value.reason == "DiskFull"
    assert path.read_bytes() == before


def test_records_fit_the_published_schema(tmp_path: Path) -> None:
    path = tmp_path / log.NAME
    write(path, "a")
    jsonschema.validate(json.loads(path.read_text()), schema.schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(path.read_text()), "phase": "Guessed"}, schema.schema())


def test_the_published_schema_is_the_codes() -> None:
    published = Path(__file__).parents[4] / "docs" / "events.schema.json"
    assert json.loads(published.read_text()) == schema.schema()
