# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway demo`: hands over to the demo itself."""

from __future__ import annotations

import click


@click.command("demo")
@click.option("--clean", is_flag=True, help="Remove what the demo made, and do nothing else.")
@click.option(
    "--out", default="", type=click.Path(dir_okay=False, writable=True), help="Write the JSON to this file too."
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(clean: bool, out: str, output: str) -> int:
    """Take a sample application from a commit to production on this machine, and show each step.

    Three deliveries: a good commit is promoted step by step, a bad one is rolled back by its analysis, a revert
    brings the good image back. Uses the embedded cluster, or the one that SLIPWAY_KUBECONFIG names.
    """
    from slipway.demo import main

    return main.clean() if clean else main.run(output=output, out=out)
