# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway deliver`: the collection's own playbook for the whole way.

Knows the variables of the role slipway.gitops.deliver by name; what they do is the role's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from slipway.cli._options import play_options

PLAYBOOK = "slipway.gitops.deliver"


@click.command("deliver")
@click.argument("manifests", nargs=-1)
@click.option("--event", "event", default="", help="File with the event: {path, method, headers, body}.")
@click.option("--listener", default="", help="EventListener that takes the event, where there are several.")
@click.option("--pipeline-run", default="", help="Name of the PipelineRun in MANIFESTS, instead of an event.")
@click.option("--application", "applications", multiple=True, help="Only this Application; may be repeated.")
@play_options
def command(
    manifests: tuple[str, ...],
    event: str,
    listener: str,
    pipeline_run: str,
    applications: tuple[str, ...],
    **options: Any,
) -> int:
    """Deliver a commit: run the pipeline, commit to the config repository, sync, roll out.

    MANIFESTS are files, directories or URLs with your Tekton and Argo CD YAML, in any order. What else the role
    slipway.gitops.deliver takes (deliver_config above all) comes by -e.
    """
    from slipway.cli._play import play

    given = {
        "deliver_manifests": [_whole(item) for item in manifests],
        "deliver_event": _whole(event) if event else "",
        "deliver_listener": listener,
        "deliver_pipeline_run": pipeline_run,
        "deliver_applications": list(applications),
    }
    return play(PLAYBOOK, {name: value for name, value in given.items() if value}, options)


def _whole(item: str) -> str:
    """A path relative to here would be looked for beside the collection's playbook."""
    if "://" in item:
        return item
    path = Path(item).expanduser().absolute()
    if not path.exists():
        raise click.BadParameter(f"there is no file {path}", param_hint="MANIFESTS or --event")
    return str(path)
