# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver on the wire: real sockets, unfriendly clients, TLS."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from slipway.core import Invalid
from slipway.serve import wire
from slipway.serve.api import Receiver
from slipway.serve.config import Config, Project
from slipway.serve.connection import Answer
from slipway.serve.intake import Intake
from slipway.serve.limits import Rate
from slipway.serve.manifests import Listeners
from slipway.serve.store import Done, EventStore, New
from slipway.serve.tls import Certificate, Files

LISTENER = (
    "apiVersion: triggers.tekton.dev/v1beta1\nkind: EventListener\nmetadata: {name: none}\nspec: {triggers: []}\n"
)
POST = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
Start = Callable[..., Receiver]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a receiver whose project starts nothing; options are those of Config."""
    monkeypatch.setenv("SLIPWAY_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "listener.yaml").write_text(LISTENER)
    receivers: list[Receiver] = []

    def one(**options: object) -> Receiver:
        project = Project("shop", [str(tmp_path / "listener.yaml")])
        receivers.append(Receiver(Config("127.0.0.1", 0, [project], **options)))  # type: ignore[arg-type]
        receivers[-1].start()
        return receivers[-1]

    yield one
    for receiver in receivers:
        receiver.stop()


def talk(receiver: Receiver, *pieces: str | bytes, answers: int = 1) -> bytes:
    """Send pieces one by one and return what came back, up to the end or to so many answers."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as client:
        for piece in pieces:
            client.sendall(piece.encode() if isinstance(piece, str) else piece)
        got = b""
        while got.count(b"errorMessage") + got.count(b"eventID") < answers:
            more = client.recv(65536)
            if not more:
                break
            got += more
        return got


def statuses(answer: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb"HTTP/1\.1 (\d+) ", answer)]


def test_pipelined_requests_are_answered_in_order(start: Start) -> None:
    receiver = start()
    bad = POST.replace("{}", "[]")
    assert statuses(talk(receiver, POST + bad + POST, answers=3)) == [202, 400, 202]
    assert len(receiver.store.listed()) == 2


def test_a_request_may_come_byte_by_byte(start: Start) -> None:
    receiver = start()
    assert statuses(talk(receiver, *POST)) == [202]


def test_a_chunked_body_is_an_event(start: Start) -> None:
    receiver = start()
    text = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n'
    assert statuses(talk(receiver, text)) == [202]
    assert receiver.store.listed()[0].body == b'{"a":1}'


def test_who_expects_continue_is_told_to_go_on(start: Start) -> None:
    receiver = start()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as client:
        client.sendall(POST.replace("\r\n\r\n{}", "\r\nExpect: 100-continue\r\n\r\n").encode())
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert client.recv(4096).startswith(b"HTTP/1.1 202 ")


def test_who_stops_sending_still_gets_the_answers(start: Start) -> None:
    with socket.create_connection(("127.0.0.1", start().port), timeout=10) as client:
        client.sendall((POST + POST).encode())
        client.shutdown(socket.SHUT_WR)
        got = b""
        while more := client.recv(65536):
            got += more
    assert statuses(got) == [202, 202]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n", 413),
        (f"POST / HTTP/1.1\r\nHost: x\r\nX: {'y' * 3000}\r\n\r\n", 431),
        ("X" * 3000, 431),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
    ],
)
def test_what_breaks_a_rule_is_refused_and_the_connection_ends(start: Start, text: str, status: int) -> None:
    receiver = start(body_limit=100, header_limit=2000)
    answer = talk(receiver, text + POST, answers=2)
    assert statuses(answer) == [status]
    assert b"Connection: close\r\n" in answer
    assert receiver.store.listed() == []


@pytest.mark.parametrize("text", [POST[:20], POST[:-1]])
def test_a_slow_client_is_shown_out(start: Start, text: str) -> None:
    assert statuses(talk(start(slow_seconds=0.2), text)) == [408]


def test_a_slow_client_keeps_nobody_else_waiting(start: Start) -> None:
    receiver = start()
    slow = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(50)]
    for client in slow:
        client.sendall(POST[:-1].encode())
    assert statuses(talk(receiver, POST)) == [202]
    for client in slow:
        client.close()


def test_who_sends_too_much_is_told_when_to_come_back(start: Start) -> None:
    receiver = start(rate=Rate(per_second=0.1, burst=2, loopback=True))
    answer = talk(receiver, POST + POST + POST, answers=3)
    assert statuses(answer) == [202, 202, 429]
    assert b"\r\nRetry-After: 10\r\n" in answer


def test_many_connections_at_once_lose_nothing(start: Start) -> None:
    receiver = start()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=20)
        for _number in range(10):
            connection.request("POST", "/", "{}")
            assert connection.getresponse().read()
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.store.listed(1000)) == 200


def test_a_strict_receiver_answers_with_the_refusal(start: Start) -> None:
    answer = talk(start(strict=True), POST)
    assert statuses(answer) == [403]
    assert b"no trigger" in answer


def make_certificate(folder: Path, name: str) -> Files:
    """Write a certificate for `name` and its key to the folder's two files."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    build = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    build = build.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    plain = serialization.NoEncryption()
    for file, data in (
        ("tls.key", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)),
        ("tls.crt", build.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)),
    ):
        (folder / f"new-{file}").write_bytes(data)
        os.replace(folder / f"new-{file}", folder / file)
    return Files(str(folder / "tls.crt"), str(folder / "tls.key"))


def name_of_certificate(port: int) -> str:
    from cryptography import x509

    pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
    return x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()


def test_a_new_certificate_is_taken_while_it_serves(start: Start, tmp_path: Path) -> None:
    receiver = start(tls=make_certificate(tmp_path, "old"))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    kept = http.client.HTTPSConnection("127.0.0.1", receiver.port, timeout=10, context=context)
    kept.request("POST", "/", "{}")
    assert kept.getresponse().read()
    make_certificate(tmp_path, "new")
    deadline = time.monotonic() + 10
    while name_of_certificate(receiver.port) != "CN=new":
        assert time.monotonic() < deadline
    kept.request("POST", "/", "{}")
    assert json.loads(kept.getresponse().read())["eventID"]
    kept.close()


def test_half_a_pair_leaves_the_certificate_in_force(tmp_path: Path) -> None:
    said: list[str] = []
    certificate = Certificate(make_certificate(tmp_path, "old"), said.append)
    (tmp_path / "tls.key").write_text("not yet written")
    certificate.look()
    assert "the certificate in force stays" in said[0]


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"none\.crt: No such file"):
        Certificate(Files(str(tmp_path / "none.crt"), "k"), lambda _text: None)


class Instant:
    """A store whose event is refused by the dispatcher before the server hears that it is stored."""

    def __init__(self) -> None:
        self.intake: Intake | None = None

    def put(self, new: New, done: Done) -> None:
        assert self.intake
        self.intake.ended(new.id, "Refused", "too quick")
        done(new.id)


def test_an_end_that_comes_before_the_store_answers_is_not_lost() -> None:
    store, answers = Instant(), list[Answer]()
    config = Config("127.0.0.1", 0, [Project("shop", ["none.yaml"])], strict=True)
    store.intake = Intake(config, cast(EventStore, store), Listeners(), lambda: None, lambda _text: None)

    async def post() -> None:
        assert store.intake
        store.intake.handle(wire.head(POST.encode().split(wire.END)[0]), b"{}", "127.0.0.1", answers.append)

    asyncio.run(post())
    assert [(answer.status, answer.data["errorMessage"]) for answer in answers] == [(403, "too quick")]
