# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway logs RUN`."""

from __future__ import annotations

import sys

import click

from slipway.cli._options import output_option


@click.command("logs")
@click.argument("run", default="last")
@click.option("-f", "--follow", "following", is_flag=True, help="Go on until the run ends.")
@click.option("--raw", is_flag=True, help="What Ansible printed, instead of the records.")
@output_option
def command(run: str, following: bool, raw: bool, output: str) -> int:
    """Print the log of RUN: its records as lines, the same ones that were shown live."""
    from slipway.events import log, view
    from slipway.runs import api

    found = api.find(run)
    if raw:
        return _raw(str(api.output_path(found)))
    shown = view.JsonLines(sys.stdout) if output != "text" else view.Plain(sys.stdout)
    events = (
        log.follow(api.events_path(found), lambda: not api.get(found.id).status.active)
        if following
        else log.read(api.events_path(found))
    )
    for event in events:
        shown.show(event)
    return 0


def _raw(path: str) -> int:
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            for line in handle:
                click.echo(line, nl=False)
    except FileNotFoundError:
        click.echo("Ansible has printed nothing yet", err=True)
    return 0
