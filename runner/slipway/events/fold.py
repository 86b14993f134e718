# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folds records into what a person wants to see: one row per object or step, with age and reason.

Pure: the same rows live and replayed. Must not know terminals or files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from slipway.core import Event

ENDS = ("Succeeded", "Failed", "Skipped", "Cancelled")
_QUIET = ("Log", "Changed", "Warning")


@dataclass(frozen=True, slots=True)
class Row:
    """One object or step. `since` is when it started, `last` when it was last heard of."""

    label: str
    kind: str
    phase: str
    text: str
    since: float
    last: float

    @property
    def ended(self) -> bool:
        return self.phase in ENDS

    def seconds(self, now: float) -> float:
        """Return its age, or how long it took."""
        return max(0.0, (self.last if self.ended else now) - self.since)


@dataclass
class Board:
    """All rows, in the order in which they appeared."""

    rows: dict[str, Row] = field(default_factory=dict)
    records: int = 0

    def add(self, event: Event) -> Row:
        """Take one record and return the row it belongs to."""
        self.records += 1
        key = label(event)
        before = self.rows.get(key)
        fresh = Row(key, event.subject.kind, event.phase, _text(event), event.time, event.time)
        self.rows[key] = fresh if before is None or before.ended else _step(before, event)
        return self.rows[key]

    def open(self) -> list[Row]:
        """Return the rows that have not ended, the run's own row left out."""
        return [row for row in self.rows.values() if not row.ended and row.kind != "Run"]


def board(events: Iterable[Event]) -> Board:
    """Return the board after all of `events`."""
    result = Board()
    for event in events:
        result.add(event)
    return result


def label(event: Event) -> str:
    """Return what a row is called: `task/step` for a pipeline's step, else the object."""
    task, step = event.data.get("task"), event.data.get("step")
    if task and step:
        return f"{task}/{step}"
    if event.subject.kind in ("AnsibleTask", "Play"):
        return event.subject.name
    if event.subject.kind == "Run":
        return f"run {event.subject.name}"
    return str(event.subject)


def _step(before: Row, event: Event) -> Row:
    # A log line or a change says nothing about where the object stands: the phase stays.
    phase = before.phase if event.phase in _QUIET else event.phase
    text = before.text if event.phase == "Log" else _text(event) or before.text
    return replace(before, phase=phase, text=text, last=event.time)


def _text(event: Event) -> str:
    return event.message or event.reason
