# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A cache of repositories: bare mirrors, and trees of commits unpacked once.

Knows repositories and commits; must not know what the files mean.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .._core.errors import Invalid, Permanent
from . import refs
from .command import Git

_KEPT, _USED_SECONDS = 20, 86400


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit: `folder` is shared and must not be written to."""

    commit: str
    folder: str
    author: str
    message: str


class Mirror:
    """One repository in the cache folder."""

    def __init__(self, url: str, cache: str, git: Git) -> None:
        self._url, self._git = url, git
        key = hashlib.sha256(url.encode()).hexdigest()[:16]
        self._bare = os.path.join(cache, "mirrors", key)
        self._trees = os.path.join(cache, "trees", key)

    def resolve(self, revision: str, prefix: str = "") -> str:
        """Return the commit of a branch, tag, full ref, HEAD, version constraint or commit. Invalid when there is none."""
        if refs.is_commit(revision):
            return revision
        found = refs.resolve(refs.read(self._git.run("ls-remote", "--symref", "--", self._url)), revision, prefix)
        return found or self._expand(revision)

    def tree(self, revision: str, prefix: str = "") -> Tree:
        """Return the unpacked files of a revision."""
        commit = self.resolve(revision, prefix)
        folder = os.path.join(self._trees, commit)
        with self._locked():
            if not self._has(commit):
                self._fetch()
            if not self._has(commit):
                raise Invalid("targetRevision", f"{commit} is not in {self._url}")
            if os.path.isdir(folder):
                os.utime(folder)
            else:
                self._unpack(commit, folder)
        author, _, message = self._git.run("-C", self._bare, "log", "-1", "--format=%an <%ae>%x1f%s", commit).partition(
            "\x1f"
        )
        return Tree(commit, folder, author, message)

    def _expand(self, revision: str) -> str:
        with self._locked():
            self._fetch()
        try:
            return self._git.run("-C", self._bare, "rev-parse", "--verify", f"{revision}^{{commit}}")
        except Permanent as error:
            raise Invalid("targetRevision", f"{revision!r} is no commit of {self._url}") from error

    def _has(self, commit: str) -> bool:
        if not os.path.isdir(self._bare):
            return False
        try:
            self._git.run("-C", self._bare, "cat-file", "-e", f"{commit}^{{commit}}")
        except Permanent:
            return False
        return True

    def _fetch(self) -> None:
        if os.path.isdir(self._bare):
            self._git.run("-C", self._bare, "fetch", "--quiet", "--prune", "origin", "+refs/*:refs/*")
            return
        os.makedirs(os.path.dirname(self._bare), mode=0o700, exist_ok=True)
        scratch = f"{self._bare}.new"
        shutil.rmtree(scratch, ignore_errors=True)
        self._git.run("clone", "--quiet", "--mirror", self._url, scratch)
        os.rename(scratch, self._bare)

    def _unpack(self, commit: str, folder: str) -> None:
        """Check the commit out. No archive: that would leave out what .gitattributes excludes from archives."""
        os.makedirs(self._trees, mode=0o700, exist_ok=True)
        scratch = tempfile.mkdtemp(dir=self._trees, prefix=".new-")
        index = f"{scratch}.index"
        try:
            self._git.run("-C", self._bare, "read-tree", commit, index=index)
            work = ("-C", self._bare, f"--work-tree={scratch}", "-c", "core.bare=false")
            self._git.run(*work, "checkout-index", "--all", "--force", index=index)
            os.rename(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            if os.path.exists(index):
                os.unlink(index)
        self._forget_old()

    def _forget_old(self) -> None:
        """Keep the trees that are new or were used within a day."""
        trees = sorted((e for e in os.scandir(self._trees) if e.is_dir()), key=lambda e: e.stat().st_mtime)
        for entry in trees[:-_KEPT]:
            if time.time() - entry.stat().st_mtime > _USED_SECONDS:
                shutil.rmtree(entry.path, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        os.makedirs(os.path.dirname(self._bare), mode=0o700, exist_ok=True)
        with open(f"{self._bare}.lock", "w", encoding="ascii") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def cache_dir() -> str:
    """Return where mirrors are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "slipway", "git")
