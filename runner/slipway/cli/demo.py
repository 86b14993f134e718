# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`slipway demo`: hands over to the demo itself."""

from __future__ import annotations

import inspect

import click


@click.command("demo", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def command(ctx: click.Context) -> int:
    """Take a sample application from a commit to production on this machine, and show each step."""
    from slipway.demo.main import run

    arguments = [ctx.args] if inspect.signature(run).parameters else []
    return int(run(*arguments) or 0)
