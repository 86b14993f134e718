# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs over TLS: who may ask, and what is answered."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.cluster.pki import Authority
from slipway.node.kubelet import LogServer, make_certificate, previous

Fetch = Callable[..., tuple[int, str]]
ADMIN = ("slipway-admin", ("system:masters",))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def running() -> list[bool]:
    """Whether the container runs, as the server is told; a test may change it."""
    return [False]


@pytest.fixture
def server(tmp_path: Path, authority: Authority, running: list[bool]) -> Iterator[LogServer]:
    make_certificate(tmp_path / "kubelet.pem")
    made = LogServer(tmp_path / "pods", tmp_path / "kubelet.pem", authority.cert, lambda *_names: running[0])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "pods" / "demo_web" / "c.log"
    path.parent.mkdir(parents=True)
    path.write_text("one\ntwo\nthree\n")
    previous(path).write_text("before\n")
    return path


@pytest.fixture
def fetch(server: LogServer, authority: Authority, tmp_path: Path) -> Fetch:
    def go(path: str, who: tuple[str, tuple[str, ...]] | None = ADMIN, by: Authority = authority) -> tuple[int, str]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if who:
            pair = by.issue(who[0], groups=who[1])
            (tmp_path / "client.pem").write_text(pair.cert + pair.key)
            context.load_cert_chain(tmp_path / "client.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=context)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    return go


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "one\ntwo\nthree\n"),
        ("?tailLines=1", "three\n"),
        ("?tailLines=0", ""),
        ("?limitBytes=5", "one\nt"),
        ("?previous=true", "before\n"),
        ("?follow=true&tailLines=1", "three\n"),
        ("?timestamps=false", "one\ntwo\nthree\n"),
    ],
)
def test_logs_are_given_as_asked(fetch: Fetch, log: Path, query: str, text: str) -> None:
    assert fetch(f"/containerLogs/demo/web/c{query}") == (200, text)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/containerLogs/demo/web/none", 400, "no log here yet"),
        ("/containerLogs/demo/web/c?timestamps=true", 400, "timestamps"),
        ("/containerLogs/../../etc", 501, "only logs"),
        ("/containerLogs/demo/..%2f/passwd", 501, "only logs"),
        ("/exec/demo/web/c", 501, "does not serve exec"),
    ],
)
def test_what_is_not_served_is_said(fetch: Fetch, log: Path, path: str, status: int, word: str) -> None:
    found, text = fetch(path)
    assert found == status
    assert word in text


def test_only_api_servers_and_masters_may_ask(fetch: Fetch, log: Path) -> None:
    path = "/containerLogs/demo/web/c"
    assert fetch(path, ("kube-apiserver-kubelet-client", ()))[0] == 200
    assert fetch(path, ("jane", ("developers",)))[0] == 403


@pytest.mark.parametrize("stranger", [False, True])
def test_without_a_certificate_of_the_cluster_nobody_is_heard(fetch: Fetch, log: Path, stranger: bool) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        fetch("/containerLogs/demo/web/c", ADMIN if stranger else None, Authority())


def test_a_log_is_followed_until_the_container_ends(fetch: Fetch, log: Path, running: list[bool]) -> None:
    running[0] = True

    def grow() -> None:
        with open(log, "a") as file:
            for word in ("four", "five"):
                time.sleep(0.15)
                file.write(f"{word}\n")
                file.flush()
        running[0] = False

    threading.Thread(target=grow).start()
    assert fetch("/containerLogs/demo/web/c?follow=true") == (200, "one\ntwo\nthree\nfour\nfive\n")


def test_following_ends_when_a_restart_begins_a_new_log(fetch: Fetch, log: Path, running: list[bool]) -> None:
    class Restarting:
        """A container that restarts while somebody asks whether it runs."""

        def __bool__(self) -> bool:
            if log.exists():
                log.rename(previous(log))
            return True

    running[:] = [Restarting()]  # type: ignore[list-item]
    assert fetch("/containerLogs/demo/web/c?follow=true") == (200, "one\ntwo\nthree\n")
