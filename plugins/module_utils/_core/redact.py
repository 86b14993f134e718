# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Takes secrets out of everything that leaves: by value and by shape.

Every secret that a run reads is registered once; each text that leaves passes `scrub`.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "********"
SHORTEST = 8
_SECRET_KEYS = frozenset({"password", "token", "api_key", "client-key-data", "client_key_data"})
_URL_USER = re.compile(r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)")


class Redactor:
    """Masks registered values, in plain, base64, URL-encoded and per-line form, and Secret objects by shape."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()
        self.too_short = 0

    def register(self, value: str) -> None:
        """Remember `value` as secret. Shorter than 8 characters: only counted, masking would eat ordinary text."""
        if not value or not value.strip():
            return
        if len(value) < SHORTEST:
            self.too_short += 1
            return
        with self._lock:
            before = len(self._values)
            self._values.update(_forms(value))
            if len(self._values) != before:
                self._pattern = None

    def register_secret(self, obj: Any) -> None:
        """Register every value of a Secret object: `data` decoded, `stringData` as it is."""
        for value in ((obj or {}).get("stringData") or {}).values():
            self.register(str(value))
        for value in ((obj or {}).get("data") or {}).values():
            self.register(str(value))
            try:
                self.register(base64.b64decode(str(value)).decode())
            except ValueError:
                continue

    def scrub(self, text: str) -> str:
        """Return `text` without any registered value and without passwords inside URLs."""
        if "://" in text:
            text = _URL_USER.sub(MASK, text)
        pattern = self._compiled()
        return pattern.sub(MASK, text) if pattern else text

    def scrub_data(self, value: Any) -> Any:
        """Return a copy of plain data (dict, list, scalars) with every text scrubbed and Secrets masked."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, dict):
            secret = value.get("kind") == "Secret" and ("data" in value or "stringData" in value)
            return {self.scrub(k) if isinstance(k, str) else k: self._member(k, v, secret) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.scrub_data(item) for item in value]
        return value

    def _member(self, key: Any, value: Any, secret: bool) -> Any:
        if secret and key in ("data", "stringData") and isinstance(value, dict):
            return dict.fromkeys(value, MASK)
        if key in _SECRET_KEYS and isinstance(value, str) and value:
            return MASK
        return self.scrub_data(value)

    def _compiled(self) -> re.Pattern[str] | None:
        with self._lock:
            if self._pattern is None and self._values:
                longest_first = sorted(self._values, key=len, reverse=True)
                self._pattern = re.compile("|".join(re.escape(v) for v in longest_first))
            return self._pattern


def _forms(value: str) -> Iterator[str]:
    lines = [line.strip() for line in value.splitlines()]
    for plain in {value, value.strip(), *(line for line in lines if len(line) >= SHORTEST)}:
        yield plain
        yield quote(plain, safe="")
        yield quote_plus(plain)
        yield from _base64_forms(plain)


def _base64_forms(plain: str) -> Iterator[str]:
    """A value inside a longer text (user:token) is encoded at one of three offsets; mask the stable middle of each."""
    data = plain.encode()
    yield base64.b64encode(data).decode()
    yield base64.urlsafe_b64encode(data).decode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data).decode()
        middle = encoded[(shift * 8 + 5) // 6 : len(encoded) - 4 if len(encoded) > 4 else None]
        if len(middle) >= SHORTEST:
            yield middle


current = Redactor()
