# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names and numbers that Kubernetes and its friends make in fixed ways."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

# k8s.io/apimachinery/pkg/util/rand: no vowels, no look-alikes, so that no word can appear.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def new_uid() -> str:
    """Return a random UUID, as the API server gives to objects."""
    return str(uuid.uuid4())


def suffix(length: int = 5, choose: Callable[[str], str] = secrets.choice) -> str:
    """Return the random end of a generateName."""
    return "".join(choose(ALPHABET) for _ in range(length))


def generate_name(base: str, length: int = 63) -> str:
    """Return `base` with a random suffix, cut as the API server cuts it (63 characters in all)."""
    return base[: length - 5] + suffix()


def safe_encode(text: str) -> str:
    """Return `text` in the safe alphabet. Source: apimachinery pkg/util/rand, SafeEncodeString."""
    return "".join(ALPHABET[ord(char) % len(ALPHABET)] for char in text)


def fnv32a(data: bytes, start: int = 0x811C9DC5) -> int:
    """Return FNV-1a over `data`, 32 bits."""
    value = start
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value
