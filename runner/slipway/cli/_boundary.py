# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the program begins and ends: every way out is one line for people and one exit code.

Imports nothing heavy: `slipway --help` passes here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from slipway.exits import Exit, for_error

if TYPE_CHECKING:
    from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    raise SystemExit(call(arguments))


def call(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    from slipway.cli._root import root

    try:
        code = root.main(args=arguments, prog_name="slipway", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except click.ClickException as error:  # also wrong usage, for which click itself would say 2
        error.show()
        return int(Exit.INVALID)
    except (click.Abort, KeyboardInterrupt):
        return _say("cancelled", Exit.CANCELLED)
    except BrokenPipeError:  # `slipway list | head`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.DONE)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    from slipway.core import SlipwayError, redact

    if isinstance(error, SlipwayError):
        return _say(redact.current.scrub(str(error)), for_error(error))
    text = redact.current.scrub(f"{type(error).__name__}: {error}".splitlines()[0])
    place = _keep_trace()
    return _say(f"internal error: {text}" + (f" (trace: {place})" if place else ""), Exit.INTERNAL)


def _keep_trace() -> Path | None:
    """Write the trace to a file; None when even that is impossible."""
    import time

    from slipway import state
    from slipway.core import SlipwayError
    from slipway.runs.worker import write_trace

    try:
        path = state.private_dir(state.crash_dir()) / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    except SlipwayError:
        return None
    write_trace(path)
    return path if path.exists() else None


def _say(text: str, code: Exit) -> int:
    click.echo(f"slipway: {text}", err=True)
    return int(code)
