# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws records: a live table on a terminal, a plain log elsewhere, JSON lines for programs.

The same views serve a run that is going on and the replay of a past one. Must not know where records come from.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from slipway.core import Event
from slipway.events.fold import Board, Row, label

if TYPE_CHECKING:
    from rich.table import Table

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_STYLE = {
    "Succeeded": "green",
    "Failed": "bold red",
    "Cancelled": "magenta",
    "Skipped": "dim",
    "Changed": "yellow",
    "Warning": "yellow",
    "Waiting": "cyan",
    "Started": "bold",
}


class View(Protocol):
    """Where records are shown."""

    def show(self, event: Event) -> None:
        """Take one record."""

    def close(self) -> None:
        """The run has ended, or nobody looks any more."""


class Silent:
    """Shows nothing (`--quiet`, `--output json`)."""

    def show(self, event: Event) -> None:
        """Take one record."""

    def close(self) -> None:
        """Nothing to end."""


class JsonLines:
    """One JSON object per record."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        self._out.write(json.dumps(event.as_dict(), separators=(",", ":"), default=str) + "\n")
        self._out.flush()

    def close(self) -> None:
        self._out.flush()


class Plain:
    """One line per record, for files and pipes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        self._out.write(line(event) + "\n")
        self._out.flush()

    def close(self) -> None:
        self._out.flush()


class Live:
    """What has happened as lines, what is going on as a table below them, redrawn four times a second."""

    def __init__(self, out: TextIO, *, replay: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._board = Board()
        self._console = Console(file=out, highlight=False)
        self._live = RichLive(console=self._console, get_renderable=self._table, refresh_per_second=4, transient=True)
        self._replay = replay
        if not replay:
            self._live.start()

    def show(self, event: Event) -> None:
        from rich.text import Text

        row = self._board.add(event)
        if event.phase not in ("Progress", "Waiting") or self._replay:
            self._console.print(Text(_line(event, row), style=_STYLE.get(event.phase, "")), soft_wrap=True)

    def close(self) -> None:
        self._live.stop()

    def _table(self) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        now = datetime.now().timestamp()
        for row in self._board.open()[-self._console.height + 3 :]:
            table.add_row("", row.label, row.phase, age(row.seconds(now)), clean(row.text), style=_STYLE.get(row.phase))
        return table


def pick(output: str, *, quiet: bool = False, replay: bool = False, out: TextIO | None = None) -> View:
    """Return the view for `--output` and this terminal."""
    out = out or sys.stdout
    if output == "jsonl":
        return JsonLines(out)
    if quiet or output == "json":
        return Silent()
    return Live(out, replay=replay) if out.isatty() else Plain(out)


def line(event: Event) -> str:
    """Return one record as a line of text."""
    moment = datetime.fromtimestamp(event.time).strftime("%H:%M:%S")
    if event.phase == "Log":
        return f"{moment}  {'|':<9}  {label(event)}: {clean(event.message)}"
    text = clean(event.message or event.reason)
    return f"{moment}  {event.phase.lower():<9}  {label(event)}{': ' + text if text else ''}"


def age(seconds: float) -> str:
    """Return a duration as people say it: 0.4s, 12s, 3m05s, 2h07m."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def clean(text: Any) -> str:
    """Return text on one line without control characters: a log may hold what moves a cursor."""
    return _CONTROL.sub("", str(text).replace("\n", " ").replace("\r", " ").replace("\t", "  "))


def _line(event: Event, row: Row) -> str:
    took = f"  ({age(row.seconds(event.time))})" if row.ended and row.last > row.since else ""
    return line(event) + took
