# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `run` and `deliver` do: start a playbook as a run and follow it."""

from __future__ import annotations

from typing import Any

import click

from slipway.cli import _options, _print
from slipway.cli._follow import follow
from slipway.runs import api


def play(playbook: str, extra_vars: dict[str, Any], options: dict[str, Any]) -> int:
    """Start `playbook` with the options of `play_options`; return the exit code."""
    hidden = _options.read_secrets(options.pop("secrets"))
    given = {**extra_vars, **_options.read_extra(options.pop("extra")), **hidden}
    output, quiet, detach = options.pop("output"), options.pop("quiet"), options.pop("detach")
    before = options.pop("resume")
    # A person typed these vars, as for ansible-playbook: they may hold templates.
    options.update(secrets=tuple(hidden), templates=True)
    if before:
        handle = api.resume(before, given, **_without(options, "project", "event_id"))
    else:
        handle = api.start(playbook, given, **options)
    if handle.reused and output == "text":
        click.echo(f"run {handle.id} answers this event already", err=True)
    if not detach:
        return follow(handle.id, output, quiet=quiet, owned=not handle.reused)
    if output == "text":
        click.echo(handle.id)
    else:
        _print.lines([api.get(handle.id).as_dict()])
    return 0


def _without(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}
