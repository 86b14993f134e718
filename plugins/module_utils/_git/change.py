# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Commit and push a change of one branch; when somebody else was faster, make the change again on top.

Knows branches and pushes; what is changed is the caller's function.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .._core.clock import Clock, RealClock
from .._core.errors import Invalid
from .command import Git, Rejected

_ATTEMPTS = 5
_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of it. `commit` is the head of the branch afterwards, `diff` the text of our change."""

    commit: str
    previous: str
    files: Sequence[str]
    diff: str
    pushed: bool


Edit = Callable[[str], Sequence[str]]


def change(
    git: Git, url: str, branch: str, edit: Edit, message: str, *, push: bool = True, dry_run: bool = False,
    attempts: int = _ATTEMPTS, work_dir: str = "", clock: Clock | None = None,
) -> Pushed:  # fmt: skip
    """Clone the branch, let `edit` change files in the folder it is given (it returns their names), commit and push.

    Nothing to change: no commit. Rejected (Temporary) when the branch moved on at every attempt. The clone lives in a
    private folder below `work_dir` (default: the system's) and is removed at the end.
    """
    if branch.startswith("-") or not branch:
        raise Invalid("branch", f"is no name of a branch: {branch!r}")
    if attempts < 1:
        raise Invalid("retries", f"must be at least 1, not {attempts}")
    folder = tempfile.mkdtemp(prefix="slipway-config-", dir=work_dir or None)
    work = os.path.join(folder, "work")
    try:
        git.run("clone", "--quiet", "--depth", "1", "--branch", branch, "--", url, work)
        for attempt in range(1, attempts + 1):
            try:
                return _once(git, work, branch, edit, message, push=push, dry_run=dry_run)
            except Rejected:
                if attempt == attempts:
                    raise
                (clock or RealClock()).sleep(_PAUSE * attempt)
                git.run("fetch", "--quiet", "--depth", "1", "origin", f"refs/heads/{branch}", cwd=work)
                git.run("reset", "--quiet", "--hard", "FETCH_HEAD", cwd=work)
        raise AssertionError
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _once(git: Git, work: str, branch: str, edit: Edit, message: str, *, push: bool, dry_run: bool) -> Pushed:
    previous = git.run("rev-parse", "HEAD", cwd=work)
    files = list(edit(work))
    # hooks, attributes and pagers of the user must not change what the diff says
    diff = git.run("diff", "--no-color", "--no-ext-diff", "--no-textconv", cwd=work)
    if not diff:
        return Pushed(previous, previous, [], "", False)
    if dry_run:
        return Pushed(previous, previous, files, diff, False)
    git.run("add", "--", *files, cwd=work)
    git.run("commit", "--quiet", "--file", "-", cwd=work, data=message.encode())
    commit = git.run("rev-parse", "HEAD", cwd=work)
    if push:
        git.run("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", cwd=work)
    return Pushed(commit, previous, files, diff, push)
