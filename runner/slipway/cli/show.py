# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway show RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from slipway.cli._options import output_option

if TYPE_CHECKING:
    from slipway.runs.model import Run


@click.command("show")
@click.argument("run", default="last")
@output_option
def command(run: str, output: str) -> int:
    """Show RUN (an id, its start or end, or `last`): phases with times, result, why, where the logs are."""
    from slipway.cli import _print
    from slipway.runs import api

    found = api.find(run)
    told = _told(found)
    if output == "text":
        _text(found, told)
    elif output == "json":
        _print.document(told)
    else:
        _print.lines([told])
    return 0


def _told(run: Run) -> dict[str, Any]:
    """Return everything that is known of a run."""
    from slipway.events import fold, log
    from slipway.runs import api

    board = fold.board(log.read(api.events_path(run)))
    now = run.finished or _now()
    phases = [
        {"name": row.label, "kind": row.kind, "phase": row.phase, "text": row.text, "started": row.since,
         "seconds": round(row.seconds(now), 3)}
        for row in board.rows.values()
        if row.kind != "Run"
    ]  # fmt: skip
    logs = {"events": str(api.events_path(run)), "output": str(api.output_path(run))}
    return {**run.as_dict(), "phases": phases, "result": api.result(run), "logs": logs}


def _text(run: Run, told: dict[str, Any]) -> None:
    from slipway.cli import _print
    from slipway.events.view import age, clean

    _print.facts(
        [
            ("run", run.id),
            ("status", _print.verdict(run)),
            ("project", run.project),
            ("playbook", run.playbook),
            ("event", run.event_id),
            ("continues", run.resumes),
            ("started", _print.moment(run.started)),
            ("finished", _print.moment(run.finished)),
            ("events", told["logs"]["events"]),
            ("output", told["logs"]["output"]),
        ]
    )
    if told["phases"]:
        click.echo()
        rows = [(row["name"], row["phase"], age(row["seconds"]), clean(row["text"])[:100]) for row in told["phases"]]
        _print.table(("PHASE", "STATE", "TOOK", ""), rows)
    if told["result"] is not None:
        click.echo("\nresult")
        _print.document(told["result"])


def _now() -> float:
    import time

    return time.time()
