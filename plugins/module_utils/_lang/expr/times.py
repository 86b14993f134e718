# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Moments and durations of the expression language, with Go's layouts; the clock stays with the caller.

Source: expr-lang/expr builtin (date, duration; v1.17.8), Go time.Parse.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..._core.duration import parse_go
from ..._core.errors import Invalid

_PARTS = {
    "2006": "%Y", "January": "%B", "Monday": "%A", "Jan": "%b", "Mon": "%a", "MST": "%Z", "Z07:00": "%z", "-07:00": "%z",
    "-0700": "%z", ".000000000": ".%f", ".000000": ".%f", ".000": ".%f", "002": "%j", "01": "%m", "02": "%d", "_2": "%d",
    "15": "%H", "03": "%I", "04": "%M", "05": "%S", "06": "%y", "PM": "%p", "1": "%m", "2": "%d", "3": "%I", "4": "%M", "5": "%S",
}  # fmt: skip
_PART = re.compile("|".join(re.escape(part) for part in sorted(_PARTS, key=len, reverse=True)) + "|%")
_LAYOUTS = (
    "2006-01-02", "15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00", "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST", "Mon, 02 Jan 2006 15:04:05 MST",
)  # fmt: skip


def duration(text: str) -> timedelta:
    """Return a duration such as 1h30m. Invalid for other texts."""
    return timedelta(seconds=parse_go(text))


def date(text: str, layout: str = "", zone: str = "") -> datetime:
    """Return the moment of a text, by a Go layout or by one of the usual ones, in UTC or a named zone."""
    where = _zone(zone)
    for one in (layout,) if layout else _LAYOUTS:
        try:
            found = datetime.strptime(text, _PART.sub(lambda match: _PARTS.get(match[0], "%%"), one))
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=where)
    raise Invalid("expression", f"invalid date {text}")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name not in ("", "UTC") else UTC
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid("expression", f"unknown time zone {name}") from error
