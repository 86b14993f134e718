# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway serve CONFIG`: hands over to the receiver."""

from __future__ import annotations

import click


@click.command("serve")
@click.argument("config", type=click.Path(exists=True, dir_okay=False))
@click.option("--listen", default="", metavar="HOST:PORT", help="Instead of `listen` in CONFIG.")
def command(config: str, listen: str) -> int:
    """Receive webhooks and start a run for each event that fires.

    CONFIG is a YAML file: `listen: 127.0.0.1:8080` and `projects`, each with its manifests, listener and policy.
    Ctrl-C ends it; runs that go on are not touched.
    """
    from slipway.serve import api

    return int(api.serve(config, listen=listen) or 0)
