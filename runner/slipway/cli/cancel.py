# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway cancel RUN`."""

from __future__ import annotations

import click

from slipway.cli._options import output_option


@click.command("cancel")
@click.argument("run", default="last")
@click.option("--force", is_flag=True, help="Without grace.")
@click.option("--no-wait", is_flag=True, help="Only ask, do not wait for the end.")
@click.option("--timeout", default=60.0, show_default=True, metavar="SECONDS", help="How long to wait for the end.")
@output_option
def command(run: str, force: bool, no_wait: bool, timeout: float, output: str) -> int:
    """Stop RUN: Ansible is asked, after the grace all it started is ended, what it held is released.

    Exits 0 once the run has ended; 15 when it had ended before.
    """
    from slipway.cli import _print
    from slipway.core import Invalid
    from slipway.runs import api

    found = api.find(run)
    if not found.status.active:
        raise Invalid("run", f"{found.id} has ended: {found.status.value}")
    found = api.cancel(found.id, "cancelled on the command line", force=force)
    if not no_wait:
        found = api.wait(found.id, timeout)
    if output == "json":
        _print.document(found.as_dict())
    elif output == "jsonl":
        _print.lines([found.as_dict()])
    else:
        click.echo(f"run {found.id}  {_print.verdict(found)}")
    return 0
