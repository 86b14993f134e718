# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files of a run that its steps can change as well: opened without following a link that a step has planted.

Knows paths; must not know what is in the files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from typing import IO

from ..._core.errors import Permanent, Refused

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make(*parts: str, mode: int = 0o777) -> str:
    """Make a directory that is open to a step's user, below one that only we may enter; return it."""
    path = os.path.join(*parts)
    os.makedirs(path, mode=0o755, exist_ok=True)
    if stat.S_IMODE(os.stat(path).st_mode) != mode and os.stat(path).st_uid == os.geteuid():
        os.chmod(path, mode)
    return path


def write(path: str, text: str, mode: int = 0o644) -> str:
    """Write a file and the directories above it; return the path."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as stream:
        stream.write(text.encode())
        os.fchmod(stream.fileno(), mode)
    return path


def texts(folder: str) -> dict[str, str]:
    """Return the regular files of a directory, by name; links, pipes and directories are not read."""
    if not os.path.isdir(folder):
        return {}
    found = {name: _text(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}
    return {name: text for name, text in found.items() if text is not None}


def _text(path: str) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as stream:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return stream.read().decode("utf-8", "replace") if regular else None


@contextlib.contextmanager
def _below(root: str, parts: list[str]) -> Iterator[int]:
    """Open the directory `parts` below `root`, made where it is missing. No part may be a link."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o777, dir_fd=here)
            there = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


def append(root: str, relative: str) -> IO[bytes]:
    """Open a file below a directory to be appended to, with the directories above it made."""
    *above, name = _parts(relative)
    try:
        with _below(root, above) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            return open(os.open(name, flags, 0o600, dir_fd=folder), "ab", buffering=0)
    except OSError as error:
        raise Permanent(f"cannot open {relative}: {error.strerror}", reason="StartError") from error


def below(root: str, relative: str) -> str:
    """Return a directory or file below another, made as a directory when it is missing. Refused for links out of it."""
    parts = _parts(relative)
    path = os.path.join(root, *parts)
    if parts and not os.path.lexists(path):
        with _below(root, parts):
            pass
    if not f"{os.path.realpath(path)}/".startswith(f"{os.path.realpath(root)}/"):
        raise Refused(f"subPath {relative!r} leads out of its volume", hint="give a path without links")
    return path


def _parts(relative: str) -> list[str]:
    parts = [part for part in relative.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f"the path {relative!r} has ..", hint="give a path below the volume")
    return parts


def used(path: str) -> int:
    """Return the bytes of all files in a directory."""
    return sum(
        os.lstat(os.path.join(folder, name)).st_size for folder, _folders, names in os.walk(path) for name in names
    )


def hand_over(path: str, uid: int, gid: int) -> None:
    """Give a file, or a directory with all in it, to a user."""
    os.chown(path, uid, gid, follow_symlinks=False)
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            os.chown(os.path.join(folder, name), uid, gid, follow_symlinks=False)


def remove(path: str) -> None:
    """Remove a directory with all in it, when it is there."""
    shutil.rmtree(path, ignore_errors=True)
