# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway demo`: hands over to the demo itself."""

from __future__ import annotations

import click


@click.command("demo")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="json: only JSON on stdout.")
@click.option("--out", default="", help="Write the JSON to this file too.")
@click.option("--clean", is_flag=True, help="Remove what the demo made, then end.")
def command(output: str, out: str, clean: bool) -> int:
    """Take a sample application from a commit to production on this machine, and show each step."""
    from slipway.demo import main

    if clean:
        return main.clean()
    return main.run(output=output, out=out)
