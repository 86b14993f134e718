# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback that cases need: a meeting point, an artifact repository, Git repositories."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from slipway.cluster import gitserver
from tests.e2e.conftest import git

SOURCE = Path(__file__).with_name("source")
TUTORIAL_GIT = "https://gitee.com/mageedu/"
REPOSITORY = "spring-boot-helloWorld"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve in threads of this process; give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(BaseHTTPRequestHandler):
    def answer(self, text: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class MeetingPoint:
    """The second and the third caller must meet here: each is answered only when the other one is there too.

    That two tasks overlap is thus a fact and not a matter of milliseconds. The first caller and those after the third
    pass. `met` counts the pairs.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self.met, self._callers = 0, 0
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(2, action=self._count, timeout=seconds)

    def _count(self) -> None:
        self.met += 1

    def wait(self) -> bool:
        """Return whether the caller may go on: False for one whose partner did not come in time."""
        with self._lock:
            self._callers += 1
            number = self._callers
        try:
            if number in (2, 3):
                self._barrier.wait()
        except threading.BrokenBarrierError:
            return False
        return True

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler that lets callers wait here."""
        point = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                self.answer(b"met" if point.wait() else b"alone")

        return Handler


class Artifacts:
    """A Maven repository of made-up artifacts. `requests` lists what was downloaded.

    While `open` is not set, downloads wait: `asked` tells that a build has come that far.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.asked, self.open = threading.Event(), threading.Event()
        self.open.set()

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler that serves any path below /maven2/."""
        store = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                store.requests.append(self.path)
                store.asked.set()
                store.open.wait(120)
                self.answer(f"artifact {self.path}\n".encode())

        return Handler


@contextmanager
def git_server(root: Path) -> Iterator[str]:
    """Serve the bare repositories below `root`; the address ends with a slash."""
    with serving(type("Rooted", (gitserver.Handler,), {"root": str(root)})) as address:
        yield f"{address}/"


def sample_repository(root: Path, work: Path, address: str) -> list[str]:
    """Publish the sample application as the tutorial's repository; return the names in its top directory."""
    gitserver.create_repo(root, REPOSITORY)
    shutil.copytree(SOURCE, work)
    git(work, "init", "--quiet")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "Say hello")
    git(work, "push", "--quiet", f"{address}{REPOSITORY}.git", "HEAD:refs/heads/main")
    return git(work, "ls-tree", "--name-only", "HEAD").splitlines()


def instead_of(address: str) -> dict[str, str]:
    """Return the variables that make Git fetch the tutorial's repositories from `address`."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{address}.insteadOf",
        "GIT_CONFIG_VALUE_0": TUTORIAL_GIT,
    }
