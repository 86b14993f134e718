# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway run PLAYBOOK`."""

from __future__ import annotations

from typing import Any

import click

from slipway.cli._options import play_options


@click.command("run")
@click.argument("playbook", required=False, default="")
@play_options
def command(playbook: str, **options: Any) -> int:
    """Run PLAYBOOK (a file, or a name such as slipway.gitops.sync) as a recorded run.

    Ctrl-C cancels it: Ansible is asked to stop, after the grace everything it started is ended, leases are released.
    """
    from slipway.cli._play import play

    if not playbook and not options["resume"]:
        raise click.UsageError("Missing argument 'PLAYBOOK' (or --resume RUN).")
    return play(playbook, {}, options)
