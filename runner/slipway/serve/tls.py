# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver's certificate, exchanged while it serves.

Knows files and TLS; must not know connections.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slipway.core import Invalid


@dataclass(frozen=True, slots=True)
class Files:
    """PEM files: the chain, and its private key."""

    certificate: str
    key: str

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Return what changes when a file is written or a link (as cert-manager's) points elsewhere."""
        found = [Path(name).stat() for name in (self.certificate, self.key)]
        return tuple((entry.st_mtime_ns, entry.st_ino) for entry in found)


class Certificate:
    """`context` stays the same object: handshakes that come after a reload see the new certificate."""

    def __init__(self, files: Files, say: Callable[[str], None]) -> None:
        self._files, self._say = files, say
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self._stamp = files.stamp()
            self._load(self.context)
        except OSError as error:  # ssl.SSLError is one
            raise Invalid("tls", _text(error), hint="PEM files that belong together") from error

    def look(self, *, force: bool = False) -> None:
        """Take the files again when they changed. A pair that does not fit leaves the old one in force."""
        try:
            stamp = self._files.stamp()
            if stamp == self._stamp and not force:
                return
            self._stamp = stamp
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # try apart: half of a pair may be written already
            self._load(self.context)
        except OSError as error:
            self._say(f"tls: the certificate in force stays: {_text(error)}")
            return
        self._say(f"tls: {self._files.certificate} is in force")

    def _load(self, context: ssl.SSLContext) -> None:
        context.load_cert_chain(self._files.certificate, self._files.key, password=lambda: "")


def _text(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
