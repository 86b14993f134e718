# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`slipway deliver`: the collection's own playbook for the whole way."""

from __future__ import annotations

from typing import Any

import click

from slipway.cli._options import play_options

PLAYBOOK = "slipway.gitops.deliver"


@click.command("deliver")
@click.argument("settings", required=False, default="", type=click.Path(dir_okay=False))
@click.option("--revision", default="", help="Commit, branch or tag to deliver instead of the one in SETTINGS.")
@play_options
def command(settings: str, revision: str, **options: Any) -> int:
    """Deliver a commit: run the pipeline, commit to the config repository, sync, roll out.

    SETTINGS is a YAML file with the variables of the playbook slipway.gitops.deliver; -e overrides it.
    """
    from slipway.cli._options import read_extra
    from slipway.cli._play import play

    given = read_extra([f"@{settings}"]) if settings else {}
    if revision:
        given["deliver_revision"] = revision
    return play(PLAYBOOK, given, options)
