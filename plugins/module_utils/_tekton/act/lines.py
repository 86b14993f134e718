# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cuts the output of a step into lines: to its log file and to the events, redacted, as it comes."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..._core.redact import current as redactor

_LONGEST = 16384


class Lines:
    """Takes chunks of bytes; gives whole lines. One writer at a time."""

    def __init__(self, path: str, show: Callable[[str], None]) -> None:
        self._stream = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")  # noqa: SIM115
        self._show = show
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Take what came; a line without end is held back until it ends or grows too long."""
        self._rest += chunk
        *whole, self._rest = self._rest.split(b"\n")
        for line in whole:
            self._emit(line)
        if len(self._rest) > _LONGEST:
            self._emit(self._rest)
            self._rest = b""

    def close(self) -> None:
        """Give the last line, if it had no end."""
        if self._rest:
            self._emit(self._rest)
            self._rest = b""
        self._stream.close()

    def _emit(self, line: bytes) -> None:
        text = redactor.scrub(line.decode("utf-8", "replace").rstrip("\r"))
        self._stream.write(text + "\n")
        self._stream.flush()
        self._show(text)
