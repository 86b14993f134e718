# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A cache of repositories: bare mirrors, and trees of commits unpacked once.

Knows repositories and commits; must not know what the files mean.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .._core.archives import extract
from .._core.errors import Invalid, Permanent
from .command import Git

_SHA = re.compile(r"^[0-9a-f]{40}$")
_SHORT = re.compile(r"^[0-9a-f]{7,39}$")


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

    def resolve(self, revision: str) -> str:
        """Return the commit of a branch, tag, full ref, HEAD or commit. Invalid when there is none.

        Source: argo-cd v3.6 util/git/client.go lsRemote: 40 hex digits are taken as they are; empty means HEAD.
        """
        if _SHA.match(revision):
            return revision
        listing = self._git.run("ls-remote", "--symref", self._url)
        refs = {}
        for line in listing.splitlines():
            commit, _, name = line.partition("\t")
            if not line.startswith("ref: "):
                refs[name] = commit
        wanted = revision or "HEAD"
        for name in (wanted, f"refs/heads/{wanted}", f"refs/tags/{wanted}^{{}}", f"refs/tags/{wanted}"):
            if name in refs:
                return refs.get(f"{name}^{{}}", refs[name])
        if _SHORT.match(revision):
            return self._expand(revision)
        heads = ", ".join(sorted(name.removeprefix("refs/heads/") for name in refs if name.startswith("refs/heads/")))
        raise Invalid(
            "targetRevision",
            f"{wanted!r} is no branch, tag or commit of {self._url}",
            hint=f"branches: {heads or 'none'}",
        )

    def tree(self, revision: str) -> Tree:
        """Return the unpacked files of a revision."""
        commit = self.resolve(revision)
        folder = os.path.join(self._trees, commit)
        with self._locked():
            if not self._has(commit):
                self._fetch()
            if not self._has(commit):
                raise Invalid("targetRevision", f"{commit} is not in {self._url}")
            if not os.path.isdir(folder):
                self._unpack(commit, folder)
        author, _, message = self._git.run("-C", self._bare, "log", "-1", "--format=%an <%ae>%x1f%s", commit).partition(
            "\x1f"
        )
        return Tree(commit, folder, author, message)

    def _expand(self, revision: str) -> str:
        with self._locked():
            self._fetch()
        return self._git.run("-C", self._bare, "rev-parse", "--verify", f"{revision}^{{commit}}")

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
        os.makedirs(self._trees, mode=0o700, exist_ok=True)
        archive = self._git.raw("-C", self._bare, "archive", "--format=tar", commit)
        scratch = tempfile.mkdtemp(dir=self._trees, prefix=".new-")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            extract(tar, scratch)
        os.rename(scratch, folder)

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
