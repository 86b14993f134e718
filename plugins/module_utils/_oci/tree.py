# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Trees of files to copy from, and .dockerignore.

A tree maps paths without a leading slash to entries; it may stand for a build context, an earlier
stage or an unpacked image. Modes are normalised here, so that nobody's umask reaches an image.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, directory or link. `source` is the host file's path or the link's text."""

    kind: Literal["file", "dir", "link"]
    source: str = ""
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


Tree = dict[str, Entry]


def read_tree(root: str, ignored: Callable[[str], bool] = lambda path: False) -> Tree:
    """Return the tree below a host directory, without what is ignored. Sockets and devices are left out."""
    return dict(_walk(root, "", ignored))


def _walk(root: str, folder: str, ignored: Callable[[str], bool]) -> Iterator[tuple[str, Entry]]:
    for child in sorted(os.scandir(os.path.join(root, folder)), key=lambda item: item.name):
        path = f"{folder}/{child.name}" if folder else child.name
        is_dir = child.is_dir(follow_symlinks=False)
        if not is_dir and ignored(path):
            continue
        if child.is_symlink():
            yield path, Entry("link", os.readlink(child.path), 0o777)
        elif is_dir:
            # An exception (!name) may lie below an ignored directory: look, and keep it only if it holds something.
            below = list(_walk(root, path, ignored))
            if below or not ignored(path):
                yield path, Entry("dir")
            yield from below
        elif child.is_file(follow_symlinks=False):
            executable = child.stat(follow_symlinks=False).st_mode & stat.S_IXUSR
            yield path, Entry("file", child.path, 0o755 if executable else 0o644)


def ignore_rules(text: str) -> Callable[[str], bool]:
    """Return the test that a .dockerignore stands for: whether a context path is left out.

    The last matching line wins; a match of a directory counts for everything below it.
    Source: github.com/moby/patternmatcher v0.6.
    """
    rules: list[tuple[re.Pattern[str], bool]] = []
    for line in text.removeprefix("\ufeff").splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        keep = bare.startswith("!")
        cleaned = os.path.normpath(bare[1:].strip() if keep else bare).lstrip("/")
        if cleaned != ".":
            rules.append((glob(cleaned), keep))

    def ignored(path: str) -> bool:
        verdict = False
        parts = path.split("/")
        prefixes = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        for pattern, keep in rules:
            if verdict == keep and any(pattern.fullmatch(prefix) for prefix in prefixes):
                verdict = not keep
        return verdict

    return ignored if rules else (lambda path: False)


@lru_cache(maxsize=256)
def glob(pattern: str) -> re.Pattern[str]:
    """Return the expression of a Go filepath.Match pattern, with ** for any depth."""
    done, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**/", at):
            done, at = done + "(?:.*/)?", at + 3
            continue
        if pattern.startswith("**", at):
            done, at = done + ".*", at + 2
            continue
        piece, at = _glob_piece(pattern, at, char)
        done += piece
    return re.compile(done, re.DOTALL)


def _glob_piece(pattern: str, at: int, char: str) -> tuple[str, int]:
    if char == "*":
        return "[^/]*", at + 1
    if char == "?":
        return "[^/]", at + 1
    if char == "\\" and at + 1 < len(pattern):
        return re.escape(pattern[at + 1]), at + 2
    end = pattern.find("]", at + 2) if char == "[" else -1
    if end > 0:
        body = pattern[at + 1 : end].replace("\\", "\\\\")
        return f"[{body}]", end + 1
    return re.escape(char), at + 1


def has_glob(text: str) -> bool:
    """Return whether a path is a pattern."""
    return any(char in text for char in "*?[")
