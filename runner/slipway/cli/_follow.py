# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows a run in the foreground: draws its records, turns Ctrl-C into cancel, prints the verdict."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from slipway.cli import _print
from slipway.events import log, view
from slipway.runs import api
from slipway.runs.model import Run


def follow(run_id: str, output: str, *, quiet: bool = False, owned: bool = False) -> int:
    """Show a run until it ends and return its exit code.

    `owned`: this command started it, so Ctrl-C cancels it (a second one: by force). Else Ctrl-C only looks away.
    """
    run = api.get(run_id)
    return conclude(look(run, view.pick(output, quiet=quiet, replay=not run.status.active), owned=owned), output)


def look(run: Run, shown: view.View, *, owned: bool = False) -> Run:
    """Show a run's records until it ends and return how it ended. `owned` as for `follow`."""
    try:
        with _interrupt(run.id) if owned else _as_it_is():
            for event in log.follow(api.events_path(run), lambda: not api.get(run.id).status.active):
                shown.show(event)
    finally:
        shown.close()
    return api.get(run.id)


def conclude(run: Run, output: str) -> int:
    """Print how a run ended and return its exit code."""
    if output == "json":
        _print.document({**run.as_dict(), "result": api.result(run)})
    elif output == "jsonl":
        _print.lines([{"verdict": {**run.as_dict(), "result": api.result(run)}}])
    else:
        click.echo(f"run {run.id}  {_print.verdict(run)}")
        if run.exit_code:
            click.echo(f"log: slipway logs {run.id}", err=True)
    return run.exit_code or 0


@contextmanager
def _interrupt(run_id: str) -> Iterator[None]:
    asked = 0

    def cancel(number: int, _frame: Any) -> None:
        nonlocal asked
        asked += 1
        api.cancel(run_id, f"cancelled by {signal.Signals(number).name}", force=asked > 1)
        if asked == 1:
            click.echo("cancelling; once more: without grace", err=True)

    before = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
