# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Kubernetes quantities. Source: apimachinery pkg/api/resource (v0.36)."""

from __future__ import annotations

import re
from fractions import Fraction

from .errors import Invalid

_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_FORM = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]))?$")


def parse(quantity: str | int | float) -> Fraction:
    """Return the exact value; Invalid when the text is no quantity."""
    number, exponent, unit = _parts(quantity)
    if exponent:
        return number * Fraction(10) ** int(exponent[1:])
    if unit in _BINARY:
        return number * Fraction(1024) ** _BINARY[unit]
    return number * Fraction(10) ** _DECIMAL[unit]


def _parts(quantity: str | int | float) -> tuple[Fraction, str, str]:
    match = _FORM.match(str(quantity).strip())
    if not match:
        raise Invalid("", f"is not a quantity: {quantity!r}", hint="such as 500m, 2, 1Gi")
    return Fraction(match[1]), match[2] or "", match[3] or ""


def canonical(quantity: str | int | float) -> str:
    """Return the text the API server would store: same family of units, largest without a fraction."""
    _number, exponent, unit = _parts(quantity)
    value = parse(quantity)
    if value == 0:
        return "0"
    if exponent:
        return _scaled(value, {f"e{p}" if p else "": Fraction(10) ** p for p in range(-9, 19, 3)})
    if unit in _BINARY and (abs(value) >= 1024):
        return _scaled(value, {"": Fraction(1), **{u: Fraction(1024) ** p for u, p in _BINARY.items()}})
    return _scaled(value, {u: Fraction(10) ** p for u, p in _DECIMAL.items()})


def _scaled(value: Fraction, units: dict[str, Fraction]) -> str:
    for unit, factor in sorted(units.items(), key=lambda item: item[1], reverse=True):
        if (value / factor).denominator == 1:
            return f"{(value / factor).numerator}{unit}"
    smallest = min(units.items(), key=lambda item: item[1])
    scaled = value / smallest[1]
    rounded = -(-abs(scaled.numerator) // scaled.denominator)  # the API rounds away from zero, to nano
    return f"{'-' if value < 0 else ''}{rounded}{smallest[0]}"
