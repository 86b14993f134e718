# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cuts the output of a step into lines: to its log file and to the events, redacted, as it comes."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable

from ..._core.errors import DISK_FULL, Permanent
from ..._core.redact import current as redactor

_LONGEST = 16384


class Lines:
    """Takes chunks of bytes of one or more streams; gives whole lines of each. One writer at a time."""

    def __init__(self, path: str, show: Callable[[str], None]) -> None:
        self._stream = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")  # noqa: SIM115
        self._path, self._show = path, show
        self._rest: dict[str, bytes] = {}

    def feed(self, chunk: bytes, stream: str = "") -> None:
        """Take what came; a line without end is held back until it ends or grows too long."""
        *whole, rest = (self._rest.get(stream, b"") + chunk).split(b"\n")
        for line in whole:
            self._emit(line)
        if len(rest) > _LONGEST:
            self._emit(rest)
            rest = b""
        self._rest[stream] = rest

    def close(self) -> None:
        """Give the last line of each stream, if it had no end."""
        for stream, rest in self._rest.items():
            self._rest[stream] = b""
            if rest:
                self._emit(rest)
        with contextlib.suppress(OSError):  # what could not be written was told when it came
            self._stream.close()

    def _emit(self, line: bytes) -> None:
        text = redactor.scrub(line.decode("utf-8", "replace").rstrip("\r"))
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError as error:
            raise Permanent(
                f"the log of a step could not be written: {error.strerror}",
                hint=f"free some space where {self._path} lies, or give another state_dir",
                reason=DISK_FULL if error.errno == errno.ENOSPC else "LogFailed",
            ) from error
        self._show(text)
