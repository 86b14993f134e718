# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slipway.cli._options import output_option

if TYPE_CHECKING:
    from slipway.runs.model import Status


@click.command("list")
@click.option("-p", "--project", default="", help="Only runs of this project.")
@click.option("--status", "statuses", multiple=True, help="Only runs in this status; may be repeated.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="How many at most.")
@output_option
def command(project: str, statuses: tuple[str, ...], limit: int, output: str) -> int:
    """List runs, newest first."""
    from slipway.cli import _print
    from slipway.events.view import age, clean
    from slipway.runs import api

    found = api.listed(project=project, statuses=[_status(text) for text in statuses], limit=limit)
    if output == "json":
        _print.document([run.as_dict() for run in found])
    elif output == "jsonl":
        _print.lines(run.as_dict() for run in found)
    elif not found:
        click.echo("no runs", err=True)
    else:
        rows = [
            (run.id, run.project, _print.status(run), _print.moment(run.started or run.created),
             "" if run.seconds is None else age(run.seconds), _short(run.playbook), clean(run.why)[:80])
            for run in found
        ]  # fmt: skip
        _print.table(("RUN", "PROJECT", "STATUS", "STARTED", "TOOK", "PLAYBOOK", "WHY"), rows)
    return 0


def _status(text: str) -> Status:
    from slipway.runs.model import Status

    known = {status.value.lower(): status for status in Status}
    if text.lower() not in known:
        names = ", ".join(status.value for status in Status)
        raise click.BadParameter(f"'{text}' is none of {names}", param_hint="--status")
    return known[text.lower()]


def _short(playbook: str) -> str:
    return playbook.rpartition("/")[2]
