# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway events list|show|replay`: what the receiver took, what became of it, and once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from slipway.cli._options import output_option

if TYPE_CHECKING:
    from slipway.serve.api import Stored

STATUSES = ("Accepted", "Refused", "Started", "Succeeded", "Failed")


@click.group("events")
def command() -> None:
    """Look at the events that `slipway serve` received, or handle one again."""


@command.command("list")
@click.option("-p", "--project", default="", help="Only events of this project.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES, case_sensitive=False),
    help="Only events in this status; may be repeated.",
)
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1), help="How many at most.")
@output_option
def list_(project: str, statuses: tuple[str, ...], limit: int, output: str) -> int:
    """List events, newest first."""
    from slipway.cli import _print
    from slipway.events.view import clean
    from slipway.serve import api

    found = api.store().listed(limit, project=project, statuses=statuses)
    told = [_told(event) for event in found]
    if output == "json":
        _print.document(told)
    elif output == "jsonl":
        _print.lines(told)
    elif not found:
        click.echo("no events", err=True)
    else:
        rows = [
            (_print.moment(event.received), event.project, event.id, clean(facts["type"]), _colour(event.status),
             event.runs or "-", clean(event.reason)[:120])
            for event, facts in zip(found, told, strict=True)
        ]  # fmt: skip
        _print.table(("RECEIVED", "PROJECT", "EVENT", "TYPE", "STATUS", "RUNS", "REASON"), rows)
    return 0


@command.command("show")
@click.argument("event", default="last")
@output_option
def show(event: str, output: str) -> int:
    """Show EVENT (an id, its start or end, or `last`): what became of it, its headers without secrets, its body."""
    from slipway.cli import _print
    from slipway.events.view import clean
    from slipway.serve import api

    found = api.store().find(event)
    told = {**_told(found), **_content(found)}
    if output == "json":
        _print.document(told)
    elif output == "jsonl":
        _print.lines([told])
    else:
        names = ("id", "project", "type", "status", "reason", "delivery", "replays", "source", "path")
        facts = [(name, clean(str(told[name]))) for name in names]
        _print.facts([*facts, ("runs", found.runs), ("received", _print.moment(found.received))])
        click.echo("\nheaders")
        for name, values in told["headers"].items():
            for value in values:
                click.echo(f"  {clean(name)}: {clean(value)}")
        click.echo("\nbody")
        if isinstance(told["body"], str):
            click.echo(clean(told["body"]))
        else:
            _print.document(told["body"])
    return 0


@command.command("replay")
@click.argument("event")
@output_option
def replay(event: str, output: str) -> int:
    """Handle EVENT again, as a new event that names it; its signature or token is checked as before."""
    from slipway.cli import _print
    from slipway.serve import api

    store = api.store()
    old = store.find(event)
    new = store.replay(old)
    if output == "text":
        click.echo(new)
        click.echo(f"replays {old.id}; a running `slipway serve` handles it now, else the next one does", err=True)
    else:
        told = {"id": new, "replays": old.id, "project": old.project}
        _print.document(told) if output == "json" else _print.lines([told])
    return 0


def _told(event: Stored) -> dict[str, Any]:
    return {
        "id": event.id,
        "received": event.received,
        "project": event.project,
        "type": _type(event),
        "status": event.status,
        "reason": event.reason,
        "runs": event.runs.split(),
        "delivery": event.delivery,
        "replays": event.of,
        "source": event.source,
        "path": event.path,
    }


def _type(event: Stored) -> str:
    names = ("X-Gitlab-Event", "X-Github-Event", "X-Event-Key")
    return next((event.headers[name][0] for name in names if event.headers.get(name)), "")


def _content(event: Stored) -> dict[str, Any]:
    import json

    from slipway.serve.origin import shown

    text = event.body.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return {"headers": shown(event.headers), "body": body}


def _colour(status: str) -> str:
    colours = {"Succeeded": "green", "Started": "cyan", "Accepted": "cyan", "Refused": "yellow", "Failed": "red"}
    return click.style(status, fg=colours.get(status, "white"))
