# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints facts: JSON for programs, aligned text for people. The same facts in both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from slipway.events.view import age, clean
from slipway.runs.model import Run, Status

COLOUR = {
    Status.SUCCEEDED: "green",
    Status.CHANGES_PENDING: "yellow",
    Status.RUNNING: "cyan",
    Status.QUEUED: "cyan",
    Status.CANCELLED: "magenta",
}


def document(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def lines(values: Iterable[Any]) -> None:
    """Print one JSON value per line."""
    for value in values:
        click.echo(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns, aligned; the last one is not padded."""
    everything = [head, *rows]
    widths = [max(len(click.unstyle(row[column])) for row in everything) for column in range(len(head))]
    for row in everything:
        cells = [cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print `name  value` lines; empty values are left out."""
    told = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        click.echo(f"{name:<{width}}  {value}")


def status(run: Run) -> str:
    """Return the status in its colour."""
    return click.style(run.status.value, fg=COLOUR.get(run.status, "red"))


def verdict(run: Run) -> str:
    """Return the line a run ends with."""
    took = f" in {age(run.seconds)}" if run.seconds is not None else ""
    code = "" if not run.exit_code else f", exit {run.exit_code}"
    why = f": {clean(run.why)}" if run.why else ""
    return f"{status(run)}{took}{code}{why}"


def moment(seconds: float | None) -> str:
    """Return a time in the person's zone."""
    return "" if seconds is None else datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")
