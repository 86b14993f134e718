# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Go durations. Source: Go time.ParseDuration and Duration.String (1.26)."""

from __future__ import annotations

import re
from fractions import Fraction

from .errors import Invalid

_UNITS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 10**3),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def parse_go(text: str) -> float:
    """Return seconds; Invalid when `text` is no Go duration. "0" needs no unit."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0.0
    total, end = Fraction(0), 0
    for match in _PART.finditer(body):
        if match.start() != end:
            break
        total, end = total + Fraction(match[1]) * _UNITS[match[2]], match.end()
    if not body or end != len(body):
        raise Invalid("", f"is not a duration: {text!r}", hint="such as 1h30m, 45s, 500ms")
    return float(sign * total)


def format_go(seconds: float) -> str:
    """Return the text Go prints: 1h0m0s, 1m30s, 1.5s, 20ms, 0s."""
    nanos = round(abs(seconds) * 10**9)
    sign = "-" if seconds < 0 and nanos else ""
    if nanos == 0:
        return "0s"
    if nanos < 10**9:
        unit, size = next((u, s) for u, s in (("ms", 10**6), ("µs", 10**3), ("ns", 1)) if nanos >= s)
        return f"{sign}{_trim(Fraction(nanos, size))}{unit}"
    minutes, rest = divmod(nanos, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    tail = f"{_trim(Fraction(rest, 10**9))}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{tail}"
    return f"{sign}{minutes}m{tail}" if minutes else f"{sign}{tail}"


def _trim(value: Fraction) -> str:
    whole, rest = divmod(value, 1)
    digits = f"{int(rest * 10**9):09d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def go_error(text: str) -> str:
    """Return what Go's ParseDuration says of a text that is no duration."""
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    body = text[1:] if text[:1] in ("+", "-") else text
    match = re.match(r"(\d+\.?\d*|\.\d+)([^\d.]*)", body)
    end = 0
    while match and match[2] in _UNITS:
        end += match.end()
        match = re.match(r"(\d+\.?\d*|\.\d+)([^\d.]*)", body[end:])
    if match is None:
        return f"time: invalid duration {quoted}"
    if not match[2]:
        return f"time: missing unit in duration {quoted}"
    return f'time: unknown unit "{match[2]}" in duration {quoted}'
