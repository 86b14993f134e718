# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patience with an API server that does not answer."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Cancelled, Invalid, Unreachable
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.act.outage import Outage


class Quick(Cancel):
    """Waits for nothing."""

    def wait(self, seconds: float) -> bool:
        return self.is_set()


def outage(cancel: Cancel, said: list[str], seconds: float = 60.0) -> Outage:
    return Outage(cancel, said.append, "TaskRun ns/tr", seconds)


def test_a_watch_that_breaks_is_repeated_and_told_once() -> None:
    said: list[str] = []
    turns = iter([Unreachable("away"), Unreachable("away"), "fine"])

    def watch() -> str:
        turn = next(turns)
        if isinstance(turn, Exception):
            raise turn
        return turn

    assert outage(Quick(), said).survive(watch) == "fine"
    assert said == ["away; trying again"]


def test_an_outage_that_lasts_too_long_is_the_error() -> None:
    def watch() -> str:
        raise Unreachable("away")

    with pytest.raises(Unreachable):
        outage(Quick(), [], seconds=-1.0).survive(watch)


def test_a_cancel_is_heard_during_an_outage() -> None:
    cancel = Quick()
    cancel.set("stopped")

    def watch() -> str:
        raise Unreachable("away")

    with pytest.raises(Cancelled, match="stopped"):
        outage(cancel, []).survive(watch)


def test_what_is_no_outage_is_not_repeated() -> None:
    turns: list[int] = []

    def watch() -> str:
        turns.append(1)
        raise Invalid("field", "is wrong")

    with pytest.raises(Invalid):
        outage(Quick(), []).survive(watch)
    assert turns == [1]
