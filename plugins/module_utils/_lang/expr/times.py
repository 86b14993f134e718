# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Times, durations and time zones of the language: their functions, operators and methods. Reads no clock.

Source: expr-lang/expr builtin/builtin.go and vm/runtime (v1.17.8); Go package time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..._core.duration import format_go, parse_go
from ..._core.errors import Invalid

_LAYOUTS = (
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "2006-01-02T15:04:05-0700",
    "02 Jan 06 15:04 -0700",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 -0700",
    "Mon Jan _2 15:04:05 2006",
)
_PARTS = {
    "Monday": "%A", "Mon": "%a", "January": "%B", "Jan": "%b", "2006": "%Y", "06": "%y", "01": "%m", "02": "%d",
    "_2": "%d", "15": "%H", "03": "%I", "04": "%M", "05": "%S", "PM": "%p", "Z07:00": "%z", "-0700": "%z",
    "-07:00": "%z", "MST": "%Z",
}  # fmt: skip
_LAYOUT = re.compile("|".join(sorted(map(re.escape, _PARTS), key=len, reverse=True)))
_FRACTION = re.compile(r"(:\d\d)\.\d+")


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time in nanoseconds, as Go has it."""

    nanos: int

    @property
    def delta(self) -> timedelta:
        """The span to the microsecond, which is what Python's times hold."""
        return timedelta(microseconds=self.nanos // 1000)

    def __str__(self) -> str:
        return format_go(self.nanos / 10**9)


def duration(text: Any) -> Duration:
    """Return the duration of a text such as 1h30m."""
    if not isinstance(text, str):
        raise Invalid("expression", f"cannot use {text!r} as argument (type string) to call duration")
    try:
        return Duration(round(parse_go(text) * 10**9))
    except Invalid:
        raise Invalid("expression", f'time: invalid duration "{text}"') from None


def zone(name: Any) -> tzinfo:
    """Return a time zone by its name in the tz database."""
    if not isinstance(name, str):
        raise Invalid("expression", "cannot use nil as argument (type string) to call timezone")
    try:
        return UTC if name in ("UTC", "") else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Invalid("expression", f"unknown time zone {name}") from None


def date(*arguments: Any) -> datetime:
    """Return the time of a text, in the usual layouts or in the given one; the last text may be a time zone."""
    first, *rest = arguments or (None,)
    default: tzinfo = UTC
    if isinstance(first, tzinfo):
        default, first, rest = first, rest[0] if rest else None, rest[1:]
    if not isinstance(first, str):
        raise Invalid("expression", "interface {} is nil, not string" if first is None else f"{first!r} is no text")
    default = zone(rest[1]) if len(rest) > 1 else default
    for layout in rest[:1] or _LAYOUTS:
        try:
            found = datetime.strptime(_FRACTION.sub(r"\1", first), _strptime(str(layout)))
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=default)
    raise Invalid("expression", f"invalid date {first}")


def _strptime(layout: str) -> str:
    return _LAYOUT.sub(lambda part: _PARTS[part[0]], layout)


def _format(value: datetime, layout: str) -> str:
    return _LAYOUT.sub(lambda part: _formatted(value, part[0]), layout)


def _formatted(value: datetime, part: str) -> str:
    if part == "_2":
        return f"{value.day:2d}"
    text = value.strftime(_PARTS[part])
    if part == "Z07:00" and text == "+0000":
        return "Z"
    return f"{text[:3]}:{text[3:]}" if part.endswith("07:00") else text


def _between(end: datetime, start: datetime) -> Duration:
    return Duration(round((end - start) / timedelta(microseconds=1)) * 1000)


def add(left: Any, right: Any) -> Any:
    """Return the sum of two durations, or of a time and a duration in any order. TypeError for anything else."""
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(left.nanos + right.nanos)
    if isinstance(left, datetime) and isinstance(right, Duration):
        return left + right.delta
    if isinstance(left, Duration) and isinstance(right, datetime):
        return right + left.delta
    return left + right


def subtract(left: Any, right: Any) -> Any:
    """Return the difference: of two times a duration. TypeError for what cannot be subtracted."""
    if isinstance(left, datetime) and isinstance(right, datetime):
        return _between(left, right)
    if isinstance(left, datetime) and isinstance(right, Duration):
        return left - right.delta
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(left.nanos - right.nanos)
    return left - right


def multiply(left: Any, right: Any) -> Any:
    """Return the product; a duration may be taken a number of times."""
    if isinstance(left, Duration) != isinstance(right, Duration):
        span, times = (left, right) if isinstance(left, Duration) else (right, left)
        return Duration(int(span.nanos * times))
    return left * right


def ordered(left: Any, right: Any) -> bool:
    """Return whether two values are both times or both durations, which have an order."""
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in (datetime, Duration))


_DURATION: Mapping[str, Callable[..., Any]] = {
    "Hours": lambda d: d.nanos / (3600 * 10**9),
    "Minutes": lambda d: d.nanos / (60 * 10**9),
    "Seconds": lambda d: d.nanos / 10**9,
    "Milliseconds": lambda d: d.nanos // 10**6,
    "Microseconds": lambda d: d.nanos // 10**3,
    "Nanoseconds": lambda d: d.nanos,
    "String": str,
}
_TIME: Mapping[str, Callable[..., Any]] = {
    "Add": add,
    "After": lambda t, other: t > other,
    "Before": lambda t, other: t < other,
    "Day": lambda t: t.day,
    "Equal": lambda t, other: t == other,
    "Format": _format,
    "Hour": lambda t: t.hour,
    "In": lambda t, place: t.astimezone(place),
    "Minute": lambda t: t.minute,
    "Second": lambda t: t.second,
    "Sub": _between,
    "UTC": lambda t: t.astimezone(UTC),
    "Unix": lambda t: int(t.timestamp()),
    "Year": lambda t: t.year,
    "YearDay": lambda t: t.timetuple().tm_yday,
}
_ZONE: Mapping[str, Callable[..., Any]] = {"String": str}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {"date": date, "duration": duration, "timezone": zone}


def method(value: Any, name: str) -> Callable[..., Any] | None:
    """Return a method of a time, a duration or a time zone, or None."""
    tables = ((Duration, _DURATION), (datetime, _TIME), (tzinfo, _ZONE))
    found = next((methods.get(name) for kind, methods in tables if isinstance(value, kind)), None)
    return None if found is None else lambda *arguments: found(value, *arguments)
