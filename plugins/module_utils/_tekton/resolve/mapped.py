# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The local map: references that the user says are files of this machine. It is asked before anything else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from ..._core.errors import Invalid
from ..model.reference import Ask, Source
from .resolver import Resolved
from .settings import Mapped


def find(entries: Sequence[Mapped], ask: Ask) -> Resolved | None:
    """Return the file of the first entry whose resolver and params the reference has; it may have more params.

    Invalid when that file cannot be read.
    """
    for index, entry in enumerate(entries):
        if entry.resolver == ask.resolver and all(ask.params.get(k) == v for k, v in entry.params.items()):
            return _read(entry.path, f"resolvers.map[{index}].path")
    return None


def _read(path: str, where: str) -> Resolved:
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise Invalid(where, f"{path} cannot be read: {error.strerror}") from error
    return Resolved(data, Source(f"file://{os.path.abspath(path)}", {"sha256": hashlib.sha256(data).hexdigest()}))
