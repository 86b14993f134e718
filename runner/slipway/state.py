# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the runner keeps things, and who may read them: directories 0700, files 0600.

Knows paths; must not know what is in the files.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from slipway.core import Permanent


def state_dir() -> Path:
    """Return the runner's state directory: $SLIPWAY_STATE_DIR, else `slipway` under the XDG state directory."""
    given = os.environ.get("SLIPWAY_STATE_DIR")
    if given:
        return Path(given).expanduser().absolute()
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser().absolute() / "slipway"


def runs_dir() -> Path:
    """Return the directory that holds one private data directory per run."""
    return state_dir() / "runs"


def journal_path() -> Path:
    """Return the path of the run journal."""
    return state_dir() / "journal.sqlite3"


def crash_dir() -> Path:
    """Return the directory for stack traces, which people are never shown."""
    return state_dir() / "crashes"


def private_dir(path: Path) -> Path:
    """Make `path` with its parents, readable by its owner alone; clear errors when the disk says no.

    What exists stays as it is: a state directory that somebody chose may be shared on purpose.
    """
    try:
        missing = [part for part in (path, *path.parents) if not part.exists()]
        for part in reversed(missing):
            part.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise disk_error(error, path) from error
    return path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path`, mode 0600 from the first byte on, in one move."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> Permanent:
    """Return what a person needs to know about a file operation that failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Permanent(
            f"no space left on the disk that holds {path}",
            hint="free some space, or set SLIPWAY_STATE_DIR to another disk",
            reason="DiskFull",
        )
    text = error.strerror or str(error)
    return Permanent(
        f"cannot use {path}: {text}", hint="set SLIPWAY_STATE_DIR to a directory you own", reason="StateDir"
    )
