# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway watch RUN`."""

from __future__ import annotations

import click

from slipway.cli._options import output_option, quiet_option


@click.command("watch")
@click.argument("run", default="last")
@quiet_option
@output_option
def command(run: str, quiet: bool, output: str) -> int:
    """Follow RUN until it ends, or replay it when it has ended. Exits as the run did; Ctrl-C only looks away."""
    from slipway.cli._follow import follow
    from slipway.runs import api

    return follow(api.find(run).id, output, quiet=quiet)
