# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`slipway doctor`."""

from __future__ import annotations

import click

from slipway.cli._options import output_option
from slipway.exits import Exit

_SIGN = {
    "ok": ("ok", "green"),
    "limited": ("limited", "yellow"),
    "missing": ("missing", "yellow"),
    "broken": ("broken", "red"),
}


@click.command("doctor")
@output_option
def command(output: str) -> int:
    """Check this machine: what is there, what its lack costs, the one command that mends it.

    Exits 0 when the main job (running playbooks) can be done, else 10.
    """
    from slipway.cli import _print
    from slipway.doctor import checks

    found = checks.run_all()
    able = all(check.state in ("ok", "limited") for check in found if check.required)
    if output == "json":
        _print.document({"able": able, "checks": [check.as_dict() for check in found]})
    elif output == "jsonl":
        _print.lines(check.as_dict() for check in found)
    else:
        for check in found:
            word, colour = _SIGN[check.state]
            click.echo(f"{click.style(f'{word:<8}', fg=colour)} {check.name:<16} {check.detail}")
            if check.state != "ok":
                click.echo(f"{'':<26}{check.cost}" + (f"\n{'':<26}mend: {check.mend}" if check.mend else ""))
        click.echo("\nThis machine can run playbooks." if able else "\nThis machine cannot run playbooks yet.")
    return int(Exit.DONE if able else Exit.STEP_FAILED)
