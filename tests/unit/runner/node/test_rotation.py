# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Weights of the gateway are exact and spread."""

from __future__ import annotations

import collections

import pytest

from slipway.node.gateway.balance import Balance
from slipway.node.gateway.routes import (
    Destination,
    Route,
)


@pytest.mark.parametrize(
    ("blue", "green", "rounds"), [(80, 20, 5), (50, 50, 2), (90, 10, 10), (33, 67, 100), (100, 0, 3)]
)
def test_weights_are_exact_over_one_round(blue: int, green: int, rounds: int) -> None:
    parts = tuple(
        Destination("d", name, None, weight=weight) for name, weight in (("blue", blue), ("green", green)) if weight
    )
    balance = Balance()
    chosen = [balance.destination(Route("r", parts)).name for _ in range(rounds * 3)]
    for start in range(0, rounds * 3, rounds):
        part = collections.Counter(chosen[start : start + rounds])
        assert (part["blue"] * 100 // rounds, part["green"] * 100 // rounds) == (blue, green)


def test_weights_are_spread_and_not_in_blocks() -> None:
    parts = (Destination("d", "a", None, weight=80), Destination("d", "b", None, weight=20))
    balance = Balance()
    assert "".join(balance.destination(Route("r", parts)).name for _ in range(10)) == "aabaaaabaa"


def test_new_weights_start_afresh() -> None:
    balance = Balance()
    old = (Destination("d", "a", None, weight=99), Destination("d", "b", None, weight=1))
    for _turn in range(50):
        balance.destination(Route("r", old))
    new = (Destination("d", "a", None, weight=80), Destination("d", "b", None, weight=20))
    assert collections.Counter(balance.destination(Route("r", new)).name for _ in range(5)) == {"a": 4, "b": 1}


# -- over HTTP ---------------------------------------------------------------------------------
