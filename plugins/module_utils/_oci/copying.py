# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What COPY and ADD put where.

Pure over trees. Source of the rules: docs.docker.com/reference/dockerfile#copy: the contents of a
directory are copied, a destination that ends in a slash or is a directory takes files by name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from dataclasses import dataclass, replace

from .dockerfile import Instruction
from .tree import Entry, Tree, glob, has_glob

# What every distribution has; a base mapped to the host cannot be asked.
USUAL_DIRECTORIES = frozenset(
    (
        *("", "bin", "etc", "home", "lib", "media", "mnt", "opt", "root", "run", "sbin", "srv", "tmp", "usr", "var"),
        *("usr/bin", "usr/lib", "usr/local", "usr/local/bin", "usr/local/lib", "usr/local/sbin", "usr/local/share"),
        *("usr/sbin", "usr/share", "usr/src", "var/lib", "var/log", "var/cache", "var/run", "var/tmp", "var/www"),
    )
)


@dataclass(frozen=True, slots=True)
class Ownership:
    """The numbers of --chown and --chmod; None keeps the mode."""

    uid: int = 0
    gid: int = 0
    mode: int | None = None


def ownership(instruction: Instruction) -> Ownership:
    """Return what --chown and --chmod say; Invalid for names, which only a root file system could resolve."""
    user, _, group = instruction.flags.get("chown", "0").partition(":")
    numbers = (user or "0", group or user or "0")
    if not all(number.isdigit() for number in numbers) and numbers != ("root", "root"):
        raise instruction.wrong("--chown takes numbers here", hint="for example --chown=1000:1000")
    uid, gid = (0 if number == "root" else int(number) for number in numbers)
    chmod = instruction.flags.get("chmod", "")
    if chmod and (set(chmod) - set("01234567") or int(chmod, 8) > 0o7777):
        raise instruction.wrong("--chmod takes an octal mode here", hint="for example --chmod=0755")
    return Ownership(uid, gid, int(chmod, 8) if chmod else None)


def copy(instruction: Instruction, source: Tree, paths: list[str], directories: Collection[str], workdir: str) -> Tree:
    """Return what a COPY adds to the image: paths without leading slash to entries.

    `directories` are those that exist in the image already. Invalid when a source is missing.
    """
    if len(paths) < 2:
        raise instruction.wrong("needs at least one source and a destination")
    *wanted, target = paths
    sources = [found for path in wanted for found in _matches(instruction, source, path)]
    place = posixpath.normpath(posixpath.join("/", workdir, target)).lstrip("/")
    into = target.endswith(("/", "/.")) or target in (".", "") or place in directories
    if len(sources) > 1 and not into:
        raise instruction.wrong(
            f"several sources need a directory as destination, '{target}' is none",
            hint=f"end it with a slash: {target}/",
        )
    owner = ownership(instruction)
    added: Tree = {}
    for path in sources:
        added.update({name: _owned(entry, owner) for name, entry in _placed(source, path, place, into).items()})
    return added


def _matches(instruction: Instruction, source: Tree, text: str) -> list[str]:
    path = posixpath.normpath("/" + text).lstrip("/")
    if posixpath.normpath(text).startswith(".."):
        raise instruction.wrong(f"'{text}' lies outside of the build context")
    if path == "":
        return [""]
    if has_glob(text):
        found = [name for name in sorted(source) if glob(path).fullmatch(name)]
    else:
        found = [path] if path in source else []
    if not found:
        where = f"in {instruction.flags['from']}" if "from" in instruction.flags else "in the build context"
        raise instruction.wrong(f"'{text}' is not {where}", hint=_near(source, path))
    return found


def _near(source: Tree, path: str) -> str:
    folder = posixpath.dirname(path)
    names = [name for name in sorted(source) if posixpath.dirname(name) == folder][:8]
    return f"there is: {', '.join(names)}" if names else "check the context, .dockerignore and the spelling"


def _placed(source: Tree, path: str, place: str, into: bool) -> Tree:
    entry = _follow(source, path)
    if path and entry.kind != "dir":
        name = posixpath.join(place, posixpath.basename(path)) if into else place
        return {name: entry}
    prefix = f"{path}/" if path else ""
    below = {
        posixpath.join(place, name[len(prefix) :]): item for name, item in source.items() if name.startswith(prefix)
    }
    return {**({place: Entry("dir")} if place else {}), **below}


def _follow(source: Tree, path: str) -> Entry:
    """Return the entry at `path`; a link named as a source stands for its target, when that is in the tree."""
    entry = source.get(path, Entry("dir"))
    for _hop in range(20):
        if entry.kind != "link":
            break
        path = posixpath.normpath(posixpath.join("/", posixpath.dirname(path), entry.source)).lstrip("/")
        if path not in source:
            break
        entry = source[path]
    return entry


def _owned(entry: Entry, owner: Ownership) -> Entry:
    mode = entry.mode if owner.mode is None or entry.kind == "link" else owner.mode
    return replace(entry, uid=owner.uid, gid=owner.gid, mode=mode)
