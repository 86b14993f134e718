# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What was resolved, kept on disk: for a run, so that it goes on with the same bytes, and for all runs as a cache.

Knows files of bytes and where they came from; must not know resolvers.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
import time

from ..model.reference import Source
from .resolver import Resolved

CACHE_SECONDS = 300.0


class Kept:
    """A folder of resolved bytes by key. An empty folder name keeps nothing. Directories 0700, files 0600."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def read(self, key: str, *, youngest: float = 0.0) -> Resolved | None:
        """Return what is kept; None when there is nothing, or it was written before `youngest` (seconds since 1970)."""
        try:
            if os.path.getmtime(self._path(key)) < youngest:
                return None
            with open(self._path(key), encoding="utf-8") as stream:
                saved = json.load(stream)
            found = saved["refSource"]
            source = Source(found.get("uri", ""), found.get("digest", {}), found.get("entryPoint", ""))
            return Resolved(base64.b64decode(saved["data"]), source)
        except (OSError, ValueError, KeyError):
            return None

    def write(self, key: str, resolved: Resolved) -> None:
        """Keep it; a reader sees all of it or nothing."""
        if not self._folder:
            return
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        data = {"refSource": resolved.source.as_dict(), "data": base64.b64encode(resolved.data).decode()}
        handle, scratch = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data, stream)
        os.replace(scratch, self._path(key))

    def clear(self) -> None:
        """Forget everything."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, f"{key}.json") if self._folder else os.devnull + f"/{key}"


class Cache:
    """Resolved bytes that several runs share, for as long as the param `cache` allows."""

    def __init__(self, folder: str) -> None:
        self._kept = Kept(folder)

    def read(self, key: str, *, pinned: bool) -> Resolved | None:
        """Return what is cached. What is not pinned gets old: after five minutes, as upstream's."""
        return self._kept.read(key, youngest=0.0 if pinned else time.time() - CACHE_SECONDS)

    def write(self, key: str, resolved: Resolved) -> None:
        """Cache it. A cache that cannot be written is no reason to fail."""
        try:
            self._kept.write(key, resolved)
        except OSError:
            return
