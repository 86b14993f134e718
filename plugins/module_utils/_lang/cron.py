# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cron schedules as github.com/robfig/cron/v3 reads its standard five fields. Pure: the caller has the clock."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._core.errors import Invalid

# not calendar.month_abbr: that speaks the user's language
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_YEARS = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due. Days count together unless one of them is a star."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    days_star: bool
    weekdays_star: bool

    def next(self, after: datetime) -> datetime | None:
        """Return the first time after `after` (wall-clock time as it is given), None when there is none in five years."""
        at = (after + timedelta(minutes=1)).replace(second=0, microsecond=0)
        limit = after.year + _YEARS
        while at.year <= limit:
            if at.month not in self.months:
                at = _first_of_next_month(at)
            elif not self._day(at):
                at = (at + timedelta(days=1)).replace(hour=0, minute=0)
            elif at.hour not in self.hours:
                at = (at + timedelta(hours=1)).replace(minute=0)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at
        return None

    def _day(self, at: datetime) -> bool:
        """Source: robfig/cron v3 spec.go dayMatches."""
        month, week = at.day in self.days, (at.weekday() + 1) % 7 in self.weekdays
        return month and week if self.days_star or self.weekdays_star else month or week


def _first_of_next_month(at: datetime) -> datetime:
    days = calendar.monthrange(at.year, at.month)[1]
    return at.replace(day=1, hour=0, minute=0) + timedelta(days=days)


def parse(text: str) -> Schedule:
    """Return the schedule of `minute hour day month weekday`. Invalid with the field that cannot be read."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise Invalid("schedule", f"has {len(parts)} fields, 5 are needed: {text!r}")
    sets, stars = [], []
    for part, (name, low, high, words) in zip(parts, _FIELDS, strict=True):
        values, star = _field(part, name, low, high, words)
        sets.append(values)
        stars.append(star)
    return Schedule(sets[0], sets[1], sets[2], sets[3], sets[4], days_star=stars[2], weekdays_star=stars[4])


def _field(text: str, name: str, low: int, high: int, words: Mapping[str, int]) -> tuple[frozenset[int], bool]:
    values: set[int] = set()
    star = False
    for part in text.split(","):
        if not part:
            continue
        found, is_star = _range(part, name, low, high, words)
        values |= found
        star = star or is_star
    return frozenset(values), star


def _range(text: str, name: str, low: int, high: int, words: Mapping[str, int]) -> tuple[set[int], bool]:
    """Return the values of *, ?, n, n-m and their /step; a star with a step is none any more."""
    span, slash, step_text = text.partition("/")
    first, dash, last = span.partition("-")
    star = first in ("*", "?")
    if star:
        start, end = low, high
    else:
        start = _number(first, name, words)
        end = _number(last, name, words) if dash else start
    step = _number(step_text, name, {}) if slash else 1
    if slash and not dash and not star:
        end = high
    if "/" in step_text or "-" in last or (star and dash) or step == 0:
        raise Invalid("schedule", f"{name} cannot be read: {text!r}")
    if start < low or end > high or start > end:
        raise Invalid("schedule", f"{name} is not between {low} and {high}: {text!r}")
    return set(range(start, end + 1, step)), star and step == 1


def _number(text: str, name: str, words: Mapping[str, int]) -> int:
    if text.lower() in words:
        return words[text.lower()]
    if not text.isascii() or not text.isdigit():
        raise Invalid("schedule", f"{name} cannot be read: {text!r}")
    return int(text)
