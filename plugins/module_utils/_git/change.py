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
from .._core.errors import Permanent
from .command import Git, Rejected

_ATTEMPTS = 5


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
    attempts: int = _ATTEMPTS, clock: Clock | None = None,
) -> Pushed:  # fmt: skip
    """Clone the branch, let `edit` change files in the folder it is given (it returns their names), commit and push.

    Nothing to change: no commit. Temporary when the branch moved on at every attempt.
    """
    folder = tempfile.mkdtemp(prefix="slipway-config-")
    work = os.path.join(folder, "work")
    try:
        git.run("clone", "--quiet", "--depth", "1", "--branch", branch, "--", url, work)
        for attempt in range(attempts):
            try:
                return _once(git, work, branch, edit, message, push=push, dry_run=dry_run)
            except Rejected:
                if attempt + 1 == attempts:
                    raise
                (clock or RealClock()).sleep(0.2 * (attempt + 1))
                git.run("fetch", "--quiet", "--depth", "1", "origin", branch, cwd=work)
                git.run("reset", "--quiet", "--hard", "FETCH_HEAD", cwd=work)
        raise Permanent("no attempt to push was made", hint="retries must be at least 1")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _once(git: Git, work: str, branch: str, edit: Edit, message: str, *, push: bool, dry_run: bool) -> Pushed:
    previous = git.run("rev-parse", "HEAD", cwd=work)
    files = list(edit(work))
    diff = git.run("diff", "--no-color", cwd=work)
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
