# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names that Tekton makes: cut, hashed, with a random end.

Source: tektoncd/pipeline pkg/names/generate.go, v1.15.
"""

from __future__ import annotations

from ..._core import ids

LONGEST = 63
_SUFFIX = 5


def restrict(base: str) -> str:
    """Return `base` cut to 63 characters, and then to a letter or digit at its end."""
    name = base[:LONGEST]
    while name and not (name[-1].isascii() and name[-1].isalnum()):
        name = name[:-1]
    return name


def with_suffix(base: str, suffix: str) -> str:
    """Return `base-suffix`, the base cut so that the whole has at most 63 characters."""
    return f"{base[: LONGEST - len(suffix) - 1]}-{suffix}"


def with_random_suffix(base: str, length: int = _SUFFIX) -> str:
    """Return `base` with a random end of `length` characters."""
    return with_suffix(base, ids.suffix(length))


def hashed(prefix: str, name: str, length: int = _SUFFIX) -> str:
    """Return `prefix-` and the first `length` hexadecimal digits of the FNV-1a hash of `name`, filled up with 0."""
    wanted = length if length > 0 else _SUFFIX
    digits = f"{ids.fnv32a(name.encode()):x}"
    return f"{prefix}-{digits[:wanted].ljust(wanted, '0')}"
