# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which host path a program sees where: the plan of a sandbox's file system.

Pure planning over the host's directories; knows no sandboxing tool. Entries are in mount order,
later ones lie on top.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .spec import Mount

TOOL_DIRS = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt", "nix", "gnu", "sys")
# No shadow, no ssh host keys, no machine configuration: only what programs need to run.
ETC = (
    *("passwd", "group", "nsswitch.conf", "resolv.conf", "hosts", "host.conf", "services", "protocols"),
    *("localtime", "timezone", "os-release", "debian_version", "mime.types", "magic", "gitconfig"),
    *("ssl", "pki", "ca-certificates", "ca-certificates.conf", "crypto-policies", "alternatives"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "profile", "bash.bashrc", "perl", "python3", "terminfo"),
    *("fonts", "containers"),
)
NEVER_FROM_IMAGE = frozenset(("/proc", "/dev", "/sys", "/tmp"))
COMPLETE_MARKS = ("bin/sh", "usr/bin/env", "bin/busybox", "lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1")


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of the plan. `source` is a host path (bind) or a link's text (link)."""

    kind: Literal["bind", "link", "dir", "tmpfs"]
    target: str
    source: str = ""
    read_only: bool = True
    mode: int = 0o755


class View:
    """An ordered plan that can be asked what it would show."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)

    def add(self, entry: Entry) -> None:
        """Put `entry` on top; its parent must exist or be creatable."""
        self.entries.append(entry)

    def owner(self, path: str) -> Entry | None:
        """Return the entry that provides `path` (links in `path` already followed)."""
        for entry in reversed(self.entries):
            if entry.target == path or path.startswith(entry.target.rstrip("/") + "/"):
                return entry
        return None

    def host(self, path: str) -> str | None:
        """Return the host path shown at `path`, None when nothing is there. The last link is not followed."""
        entry = self.owner(path)
        if entry is None or entry.kind != "bind":
            return None
        found = entry.source + path[len(entry.target.rstrip("/")) :]
        return found if os.path.lexists(found) else None

    def link(self, path: str) -> str | None:
        """Return the text of the symbolic link at `path`, None when it is none."""
        entry = self.owner(path)
        if entry is not None and entry.kind == "link":
            return entry.source if entry.target == path else None
        found = self.host(path)
        # The top of a bind is never a link inside, whatever the host has there.
        if found is None or entry is None or path == entry.target:
            return None
        return os.readlink(found) if os.path.islink(found) else None

    def follow(self, path: str, *, last: bool = True) -> str:
        """Return `path` with the links of its directories (and of itself when `last`) followed."""
        todo = [part for part in path.split("/") if part]
        done = "/"
        hops = 0
        while todo:
            part = todo.pop(0)
            if part in (".", ".."):
                done = os.path.dirname(done) if part == ".." else done
                continue
            here = os.path.join(done, part)
            text = self.link(here) if (todo or last) and hops < 40 else None
            if text is None:
                done = here
                continue
            hops += 1
            todo = [piece for piece in text.split("/") if piece] + todo
            done = "/" if text.startswith("/") else done
        return done

    def is_dir(self, path: str) -> bool:
        """Return whether `path` (links followed) is a directory inside."""
        inner = self.follow(path)
        if inner == "/" or any(entry.target.startswith(inner + "/") for entry in self.entries):
            return True
        entry = self.owner(inner)
        if entry is not None and entry.kind in ("dir", "tmpfs"):
            return entry.target == inner
        found = self.host(inner)
        return found is not None and os.path.isdir(found)

    def real(self, path: str) -> str | None:
        """Return the host path behind `path`, every link followed, None when nothing is there."""
        return self.host(self.follow(path))

    def bind(self, mount: Mount) -> None:
        """Show a host path, over whatever was there."""
        target = self.follow(mount.target)
        self._make_room(target)
        self.add(Entry("bind", target, os.path.abspath(mount.source), mount.read_only))

    def put_over(self, target: str, source: str, read_only: bool) -> None:
        """Put the image's file, directory or link `source` at `target`, replacing the host's."""
        place = os.path.join(self.follow(os.path.dirname(target)), os.path.basename(target))
        if self.link(place) is not None or (os.path.islink(source) and self.host(place) is not None):
            self._explode(os.path.dirname(place), leave_out=os.path.basename(place))
        else:
            self._make_room(place)
        if os.path.islink(source):
            self.add(Entry("link", place, os.readlink(source)))
        else:
            self.add(Entry("bind", place, source, read_only))

    def _make_room(self, target: str) -> None:
        """Make sure that `target` can become a mount point.

        A mount point cannot be created inside a read-only bind: the deepest directory that exists
        is rebuilt as a fresh directory with the same entries.
        """
        entry = self.owner(target)
        if entry is None or entry.kind != "bind" or not entry.read_only or self.host(target) is not None:
            return
        parent = os.path.dirname(target)
        while self.host(parent) is None and parent != entry.target:
            parent = os.path.dirname(parent)
        self._explode(parent)

    def _explode(self, directory: str, leave_out: str = "") -> None:
        """Replace `directory`, shown by one bind, by a fresh one with binds of each child."""
        entry, found = self.owner(directory), self.host(directory)
        if entry is None or found is None:
            self.entries = [e for e in self.entries if e.target != os.path.join(directory, leave_out) or not leave_out]
            return
        rebuilt = [Entry("tmpfs", directory)]
        for child in sorted(os.scandir(found), key=lambda item: item.name):
            place = os.path.join(directory, child.name)
            if child.name == leave_out:
                continue
            if child.is_symlink():
                rebuilt.append(Entry("link", place, os.readlink(child.path)))
            else:
                rebuilt.append(Entry("bind", place, child.path, entry.read_only))
        at = self.entries.index(entry) + 1
        self.entries[at:at] = rebuilt


@lru_cache(maxsize=1)
def _host_tools() -> tuple[Entry, ...]:
    entries = []
    for name in TOOL_DIRS:
        path = "/" + name
        if os.path.islink(path):
            entries.append(Entry("link", path, os.readlink(path)))
        elif os.path.isdir(path):
            entries.append(Entry("bind", path, path))
    return (*entries, *_host_etc(ETC))


def _host_etc(names: Iterable[str]) -> list[Entry]:
    paths = ["/etc/" + name for name in names]
    return [Entry("bind", path, os.path.realpath(path)) for path in paths if os.path.exists(path)]


def _own_places() -> list[Entry]:
    # What every container has for itself.
    places = [Entry("tmpfs", path, mode=0o1777) for path in ("/tmp", "/var/tmp")]
    places += [Entry("dir", "/run"), Entry("link", "/var/run", "/run"), Entry("dir", "/root", mode=0o700)]
    return places


def is_complete(rootfs: str) -> bool:
    """Return whether an unpacked image can run programs without the host's tools."""
    return any(os.path.lexists(os.path.join(rootfs, mark)) for mark in COMPLETE_MARKS)


def _lay_over(view: View, rootfs: str, read_only: bool, inside: str = "/") -> None:
    for child in sorted(os.scandir(rootfs + inside), key=lambda item: item.name):
        target = os.path.join(inside, child.name)
        if target in NEVER_FROM_IMAGE:
            continue
        if child.is_dir(follow_symlinks=False) and view.is_dir(target):
            _lay_over(view, rootfs, read_only, target)
        else:
            view.put_over(target, child.path, read_only)


def overlay(rootfs: str) -> list[Mount]:
    """Return what a partial image adds to the host, as mounts: new directories and single files.

    Serves the plain process, which cannot mount and rewrites paths instead.
    """
    view = View(_host_tools())
    known = len(view.entries)
    _lay_over(view, rootfs, read_only=True)
    mine = [e for e in view.entries[known:] if e.kind == "bind" and e.source.startswith(rootfs + "/")]
    return [Mount(entry.source, entry.target, read_only=True) for entry in mine]


def plan(rootfs: str, writable: bool, mounts: Iterable[Mount]) -> View:
    """Return the view: the host's tools or a complete image, own places, a partial image, the mounts."""
    complete = bool(rootfs) and is_complete(rootfs)
    view = View(() if complete else _host_tools())
    for entry in _own_places():
        if not (complete and entry.kind == "link"):
            view.add(entry)
    if rootfs:
        _lay_over(view, rootfs, not writable)
    if complete:
        for entry in _host_etc(("resolv.conf", "hosts")):
            view.bind(Mount(entry.source, entry.target, read_only=True))
    for mount in sorted(mounts, key=lambda item: item.target.count("/")):
        view.bind(mount)
    return view
