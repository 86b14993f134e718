# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Git repositories that really answer, on loopback: a server of its own and a developer's clone.

Knows git; must not know pipelines.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.cluster import gitserver
from tests.e2e.conftest import ROOT, git


@dataclass(frozen=True, slots=True)
class GitServer:
    """A running server over the repositories below `root`."""

    root: Path
    url: str


@dataclass(frozen=True, slots=True)
class Clone:
    """A developer's clone of a project on the server."""

    folder: Path
    url: str

    def commit(self, title: str, files: dict[str, str], branch: str = "main") -> str:
        """Commit files on a branch, push it, and return the commit."""
        known = git(self.folder, "branch", "--list", branch)
        git(self.folder, "switch", "--quiet", *(() if known else ("--create",)), branch)
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--message", title)
        git(self.folder, "push", "--quiet", "origin", branch)
        return git(self.folder, "rev-parse", "HEAD")

    def head(self) -> str:
        """Return the commit that is checked out."""
        return git(self.folder, "rev-parse", "HEAD")

    def tag(self, name: str, commit: str) -> str:
        """Push an annotated tag and return the id of the tag itself."""
        git(self.folder, "tag", "--annotate", "--message", name, name, commit)
        git(self.folder, "push", "--quiet", "origin", name)
        return git(self.folder, "rev-parse", f"refs/tags/{name}")


@contextmanager
def serve(folder: Path) -> Iterator[GitServer]:
    """Have a server over `folder` that answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-P", "-m", "slipway.cluster.gitserver", str(folder), str(port)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / '.build'}{os.pathsep}{ROOT / 'runner'}"}
    with open(folder.with_suffix(".log"), "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    try:
        _until_it_listens(process, port)
        yield GitServer(folder, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 20
    while not _listens(port):
        assert process.poll() is None, "the Git server has ended"
        assert time.monotonic() < deadline, "the Git server does not answer"
        time.sleep(0.05)


def project(root: Path, url: str, name: str, clone: Path, source: Path | None = None) -> Clone:
    """Make the repository `name` on the server and a clone of it, whose first commit holds the files of `source`."""
    gitserver.create_repo(root, name)
    if source:
        shutil.copytree(source, clone)
    clone.mkdir(parents=True, exist_ok=True)
    git(clone, "init", "--quiet")
    git(clone, "remote", "add", "origin", f"{url.rstrip('/')}/{name}.git")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    git(clone, "push", "--quiet", "origin", "main")
    return Clone(clone, f"{url.rstrip('/')}/{name}.git")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
