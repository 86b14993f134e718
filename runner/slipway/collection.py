# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the collection `slipway.gitops` that belongs to this runner.

In a wheel it lies beside the package, in a checkout two directories above it. Must not import it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

_INSIDE = Path("ansible_collections/slipway/gitops")
_USER = ("~/.ansible/collections", "/usr/share/ansible/collections")


def roots() -> Iterator[Path]:
    """Yield directories that hold `ansible_collections/slipway/gitops`, best first."""
    package = Path(__file__).resolve().parent
    configured = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    places = [package.parent, *map(Path, filter(None, configured)), *map(Path, filter(None, sys.path))]
    places += [Path(place).expanduser() for place in _USER]
    seen: set[Path] = set()
    for place in places:
        if place not in seen and (place / _INSIDE / "plugins").is_dir():
            seen.add(place)
            yield place


def root() -> Path | None:
    """Return the directory to put on ANSIBLE_COLLECTIONS_PATH, None when the collection is nowhere."""
    return next(roots(), None)


def search_path() -> str:
    """Return ANSIBLE_COLLECTIONS_PATH for a run: our collection first, then what was configured, then the defaults."""
    found = root()
    configured = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    defaults = [] if any(configured) else [str(Path(place).expanduser()) for place in _USER]
    parts = [*([str(found)] if found else []), *filter(None, configured), *defaults]
    return os.pathsep.join(dict.fromkeys(parts))


def checkout() -> Path | None:
    """Return the repository when this package runs from a checkout."""
    above = Path(__file__).resolve().parents[2]
    return above if (above / "galaxy.yml").is_file() and (above / "plugins").is_dir() else None
