# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quantities, durations, names and JSON are what Go makes of them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core import clock, duration, gojson, ids, quantity
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5", "500m"),
        ("1000", "1k"),
        ("1500m", "1500m"),
        ("1e3", "1e3"),
        (0, "0"),
        ("-2000", "-2k"),
    ],
)
def test_quantities_are_stored_in_canonical_form(given: str, stored: str) -> None:
    assert quantity.canonical(given) == stored


def test_a_quantity_has_an_exact_value() -> None:
    assert quantity.parse("100m") == Fraction(1, 10)
    assert quantity.parse("1Ki") == 1024


@pytest.mark.parametrize("text", ["", "1.2.3", "10 Gi", "five"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a quantity"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("text", "seconds", "printed"),
    [
        ("1h", 3600, "1h0m0s"),
        ("1h30m", 5400, "1h30m0s"),
        ("90s", 90, "1m30s"),
        ("1.5s", 1.5, "1.5s"),
        ("20ms", 0.02, "20ms"),
        ("0", 0, "0s"),
        ("-1m", -60, "-1m0s"),
    ],
)
def test_durations_are_read_and_printed_as_in_go(text: str, seconds: float, printed: str) -> None:
    assert duration.parse_go(text) == seconds
    assert duration.format_go(seconds) == printed


@pytest.mark.parametrize("text", ["", "1", "1d", "h", "1h x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a duration"):
        duration.parse_go(text)


def test_json_text_is_go_s() -> None:
    assert (
        gojson.dumps({"b": "<&>", "a": [1.0, 2.5, None, True]}) == '{"a":[1,2.5,null,true],"b":"\\u003c\\u0026\\u003e"}'
    )


def test_names_are_cut_before_their_suffix() -> None:
    name = ids.generate_name("x" * 80)
    assert len(name) == 63
    assert set(name[-5:]) <= set(ids.ALPHABET)


def test_virtual_time_only_moves_by_sleeping() -> None:
    virtual = clock.VirtualClock(100)
    virtual.sleep(5)
    assert (virtual.now(), virtual.slept) == (105, 5)
    assert clock.parse_rfc3339(clock.rfc3339(1_700_000_000)) == 1_700_000_000
