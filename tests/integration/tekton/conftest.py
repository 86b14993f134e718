# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry that the node's tests use, and a Git server of our own."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway.cluster.gitserver import Handler, create_repo
from tests.integration.node.conftest import registry

__all__ = ["Forge", "forge", "registry"]


@dataclass(frozen=True)
class Forge:
    """A Git server on loopback with one repository, `catalog`."""

    url: str
    work: Path

    def commit(self, path: str, text: str) -> str:
        """Write a file, push it to main, return the commit."""
        (self.work / path).parent.mkdir(parents=True, exist_ok=True)
        (self.work / path).write_text(text)
        for arguments in (
            ("add", "--all"),
            ("commit", "--quiet", "-m", "change"),
            ("push", "--quiet", "origin", "main"),
        ):
            self.git(*arguments)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{part}": f"t@{part}" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", "-C", str(self.work), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    root, work = tmp_path / "git", tmp_path / "work"
    create_repo(root, "catalog")
    work.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Rooted", (Handler,), {"root": str(root)}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    found = Forge(f"http://127.0.0.1:{server.server_address[1]}/catalog.git", work)
    found.git("init", "--quiet", "--initial-branch=main")
    found.git("remote", "add", "origin", found.url)
    yield found
    server.shutdown()
    server.server_close()
