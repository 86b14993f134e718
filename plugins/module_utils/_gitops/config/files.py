# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reads and writes the files of a work tree, never outside of it and without touching their line ends."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..._core.errors import Invalid, Place

Change = Callable[[str, str], str]


def inside(folder: str, path: str, option: str) -> str:
    """Return the real path of a file of the work tree. Invalid when it leads out of it (also by a symbolic link)."""
    base = os.path.realpath(folder)
    file = os.path.realpath(os.path.join(base, path))
    if file != base and not file.startswith(base + os.sep):
        raise Invalid(option, f"leads out of the repository: {path}")
    return file


def change_file(folder: str, file: str, change: Change) -> list[str]:
    """Let `change(text, name)` give the new text of a file; return its name in the repository if it differs."""
    file = inside(folder, file, "path")
    name = os.path.relpath(file, os.path.realpath(folder))
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            before = stream.read()
    except UnicodeDecodeError as error:
        raise Invalid("", "is not UTF-8 text", at=Place(name)) from error
    after = change(before, name)
    if after == before:
        return []
    with open(file, "w", encoding="utf-8", newline="") as stream:
        stream.write(after)
    return [name]
