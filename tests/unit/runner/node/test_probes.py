# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes: counting on a clock of the test's own, and one look each."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._sandbox.probes import Answer, Track, look, port_number

CONTAINER = {"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}


def drive(track: Track, up_at: float, until: float) -> list[float]:
    """Probe a program that answers from `up_at` on; return the times of the looks."""
    times = []
    while track.due <= until:
        times.append(track.due)
        track.record(track.due >= up_at, track.due)
    return times


def test_a_program_is_found_soon_after_it_is_up_whatever_the_period() -> None:
    track = Track({"periodSeconds": 10}, 0.0)
    looks = drive(track, 0.12, 5)
    assert track.state is True
    assert looks[-1] < 0.2


def test_the_initial_delay_is_kept() -> None:
    assert drive(Track({"initialDelaySeconds": 3}, 0.0), 0.0, 5) == [3.0]


def test_early_looks_do_not_count_as_failures() -> None:
    track = Track({"periodSeconds": 10, "failureThreshold": 3}, 0.0)
    drive(track, 1e9, 19.9)
    assert track.state is None
    drive(track, 1e9, 20.5)
    assert track.state is False


def test_early_looks_become_rarer() -> None:
    looks = drive(Track({"periodSeconds": 10, "failureThreshold": 100}, 0.0), 1e9, 10)
    gaps = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert len(looks) < 12
    assert gaps[0] == pytest.approx(0.05)
    assert gaps[1] == pytest.approx(0.1)


def test_after_the_first_success_the_period_rules() -> None:
    track = Track({"periodSeconds": 2, "failureThreshold": 2}, 0.0)
    assert track.record(True, 0.0) is True
    assert track.due == 2.0
    assert track.record(False, 2.0) is None
    assert track.record(False, 4.0) is False
    assert track.record(True, 6.0) is True


def test_the_success_threshold_counts_in_a_row() -> None:
    track = Track({"periodSeconds": 1, "successThreshold": 2}, 0.0)
    assert track.record(True, 0.0) is None
    assert track.record(False, 1.0) is None
    assert track.record(True, 2.0) is None
    assert track.record(True, 3.0) is True


@pytest.mark.parametrize(("port", "number"), [(80, 80), ("80", 80), ("http", 8080)])
def test_ports_go_by_number_or_name(port: int | str, number: int) -> None:
    assert port_number(CONTAINER, port) == number


def test_an_unknown_port_name_is_said() -> None:
    answer = look({"tcpSocket": {"port": "nope"}}, CONTAINER, "127.0.0.1", 1, never)
    assert (answer.ok, answer.message) == (False, "the container has no port named nope")


def never(_argv: list[str], _timeout: float) -> Answer:
    raise AssertionError("no command was asked for")


@pytest.fixture
def server() -> Iterator[tuple[int, list[bytes], list[str]]]:
    """A program that answers with the status in `codes`; gives port, requests, codes."""
    requests: list[bytes] = []
    codes = ["200 OK"]
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                data = connection.recv(4096)
                if data:
                    requests.append(data)
                    connection.sendall(f"HTTP/1.1 {codes[0]}\r\nContent-Length: 0\r\n\r\n".encode())

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], requests, codes
    listener.close()


@pytest.mark.parametrize(("code", "ok"), [("200 OK", True), ("302 Found", True), ("404 No", False), ("503 No", False)])
def test_http_is_good_from_200_to_399(server: tuple[int, list[bytes], list[str]], code: str, ok: bool) -> None:
    port, requests, codes = server
    codes[0] = code
    handler = {"httpGet": {"port": port, "path": "/x", "httpHeaders": [{"name": "X-A", "value": "1"}]}}
    assert look(handler, CONTAINER, "127.0.0.1", 2, never).ok is ok
    assert b"GET /x HTTP/1.1" in requests[0] and b"X-A: 1" in requests[0]


def test_a_port_that_is_open_is_good_and_one_that_is_not_is_bad(server: tuple[int, list[bytes], list[str]]) -> None:
    assert look({"tcpSocket": {"port": server[0]}}, CONTAINER, "127.0.0.1", 2, never).ok
    assert not look({"tcpSocket": {"port": 1}}, CONTAINER, "127.0.0.1", 2, never).ok


def test_commands_get_words_and_time() -> None:
    seen: list[tuple[list[str], float]] = []

    def execute(argv: list[str], timeout: float) -> Answer:
        seen.append((argv, timeout))
        return Answer(True)

    assert look({"exec": {"command": ["a", "b"]}}, CONTAINER, "", 3, execute).ok
    assert seen == [(["a", "b"], 3)]
