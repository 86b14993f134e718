# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's deliveries: push a commit, follow the run that the webhook starts, keep what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slipway.core import TimedOut
from slipway.demo import repos
from slipway.demo.report import Delivered
from slipway.demo.stage import PROJECT, Stage
from slipway.events import log
from slipway.events.view import View
from slipway.runs import api as runs

SECONDS_TO_START = 30.0
SECONDS_IN_ALL = 300.0


@dataclass(frozen=True)
class Delivery:
    """One commit: its name, how it should end, and how it is pushed."""

    name: str
    expected: str
    push: Callable[[Stage], str]


BASELINE = Delivery("baseline", "promoted", lambda stage: _change(stage, "First release", message="Ahoy"))
THREE = (
    Delivery("good", "promoted", lambda stage: _change(stage, "Release v2", version="v2", message="Hello again")),
    Delivery("bad", "aborted", lambda stage: _change(stage, "Release v3", version="v3", fail=True)),
    Delivery("revert", "promoted", lambda stage: repos.revert(stage.code)),
)


def _change(stage: Stage, text: str, /, **values: object) -> str:
    return repos.change_settings(stage.code, text, **values)


def deliver(stage: Stage, delivery: Delivery, view: View) -> Delivered:
    """Push and follow the run to its end. TimedOut when no run starts or it does not end."""
    before = {run.id for run in runs.listed(project=PROJECT, limit=100)}
    started = time.monotonic()
    commit = delivery.push(stage)
    run = _started(stage, before)
    for event in log.follow(runs.events_path(run), lambda: not runs.get(run.id).status.active):
        view.show(event)
    ended = runs.wait(run.id, timeout=SECONDS_IN_ALL)
    return Delivered(
        name=delivery.name,
        commit=commit,
        expected=delivery.expected,
        run_id=ended.id,
        directory=str(ended.directory),
        seconds=time.monotonic() - started,
        why=ended.why,
        result=runs.result(ended) or {},
    )


def _started(stage: Stage, before: set[str]) -> Any:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        new = [run for run in runs.listed(project=PROJECT, limit=5) if run.id not in before]
        if new:
            return new[0]
        time.sleep(0.05)
    raise TimedOut(
        f"no run started within {SECONDS_TO_START:.0f} s of the push",
        hint=f"the receiver's log: {stage.work / 'serve.log'}",
    )
