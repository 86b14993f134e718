# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Keeps the newest object of every run, and tells who wants to know: a cluster that shows native runs, say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .._core.types import Manifest

Write = Callable[[Manifest], None]


def nowhere(_obj: Manifest) -> None:
    """Keep runs in memory only."""


@dataclass(slots=True)
class Record:
    """The runs of one pipeline or task run, by kind and name, in the order in which they began. Safe for threads."""

    write: Write = nowhere
    objects: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, obj: Manifest) -> None:
        """Take the object as it is now, in place of what was known of it."""
        with self._lock:
            self.objects[(str(obj["kind"]), str(obj["metadata"]["name"]))] = obj
            self.write(obj)
