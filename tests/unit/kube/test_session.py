# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests against a server that misbehaves."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.clock import VirtualClock
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Temporary, Unreachable
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import ClusterConfig
from ansible_collections.slipway.gitops.plugins.module_utils._kube.errors import Conflict, InvalidObject
from ansible_collections.slipway.gitops.plugins.module_utils._kube.session import Session

from .conftest import HANG_UP, FakeAPI, serve


def status(code: int, reason: str, message: str = "no") -> dict[str, Any]:
    return {"kind": "Status", "code": code, "reason": reason, "message": message}


def session(api: FakeAPI, **settings: Any) -> tuple[Session, VirtualClock]:
    clock = VirtualClock()
    return Session(ClusterConfig(server=api.url, **settings), clock), clock


def test_throttling_waits_as_long_as_the_server_asks(api: FakeAPI) -> None:
    answers = iter([(429, status(429, "TooManyRequests"), {"Retry-After": "3"}), (200, {"ok": True}, {})])
    api.script = lambda request: next(answers)
    one, clock = session(api)
    assert one.json("GET", "/x") == {"ok": True}
    assert clock.slept == 3.0


def test_a_busy_server_is_given_up_after_a_while(api: FakeAPI) -> None:
    api.script = lambda request: (503, status(503, "ServiceUnavailable", "busy"), {})
    one, clock = session(api)
    with pytest.raises(Temporary, match="busy"):
        one.json("GET", "/x")
    assert 10 < clock.slept <= 15


def test_a_conflict_is_not_repeated(api: FakeAPI) -> None:
    api.script = lambda request: (409, status(409, "Conflict"), {})
    one, _clock = session(api)
    with pytest.raises(Conflict):
        one.json("PUT", "/x", body={})
    assert len(api.requests) == 1


def test_a_field_without_schema_is_the_manifests_fault(api: FakeAPI) -> None:
    text = "failed to create typed patch object (default/x; v1, Kind=ConfigMap): .foo: field not declared in schema"
    api.script = lambda request: (500, status(500, "", text), {})
    one, clock = session(api)
    with pytest.raises(InvalidObject, match="not declared"):
        one.json("PATCH", "/x", body={})
    assert clock.slept == 0


def test_one_connection_serves_many_requests(api: FakeAPI) -> None:
    one, _clock = session(api)
    for _ in range(3):
        one.json("GET", "/x")
    assert len({request.connection for request in api.requests}) == 1


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_broken_keep_alive_connection_is_replaced(api: FakeAPI, method: str) -> None:
    one, clock = session(api)
    one.json("GET", "/x")
    answers = iter([HANG_UP, (200, {"ok": True}, {})])
    api.script = lambda request: next(answers)
    assert one.json(method, "/x", body=None if method == "GET" else {}) == {"ok": True}
    assert clock.slept == 0


def test_a_create_is_not_sent_again_when_its_answer_is_lost(api: FakeAPI) -> None:
    one, _clock = session(api)
    one.json("GET", "/x")
    api.script = lambda request: HANG_UP
    with pytest.raises(Temporary, match="broke"):
        one.json("POST", "/x", body={})
    assert [request.method for request in api.requests] == ["GET", "POST"]


def test_a_create_gets_a_new_connection_when_the_old_one_was_closed(api: FakeAPI) -> None:
    one, _clock = session(api)
    api.script = lambda request: (200, {}, {"Connection": "close"})
    one.json("GET", "/x")
    api.script = lambda request: (201, {"ok": True}, {})
    assert one.json("POST", "/x", body={}) == {"ok": True}


def test_nobody_listening_is_said_at_once() -> None:
    one, clock = session(FakeAPI(url="http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match=r"127.0.0.1:9"):
        one.json("GET", "/x")
    assert clock.slept == 0


def test_a_token_file_is_read_again_when_it_changes(api: FakeAPI, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first-token\n")
    one, _clock = session(api, token_file=str(token))
    one.json("GET", "/x")
    token.write_text("second-token\n")
    os.utime(token, (1, 1))
    one.json("GET", "/x")
    assert [request.headers["Authorization"] for request in api.requests] == [
        ["Bearer first-token"],
        ["Bearer second-token"],
    ]


def test_all_impersonated_groups_are_sent(api: FakeAPI) -> None:
    one, _clock = session(api, impersonate_user="deploy", impersonate_groups=("a", "b"))
    one.json("GET", "/x")
    headers = api.requests[0].headers
    assert headers["Impersonate-User"] == ["deploy"] and headers["Impersonate-Group"] == ["a", "b"]


def test_basic_authentication_is_sent(api: FakeAPI) -> None:
    one, _clock = session(api, username="u", password="p")
    one.json("GET", "/x")
    assert api.requests[0].headers["Authorization"] == ["Basic dTpw"]


def _certificate(name: str) -> tuple[str, str]:
    """Return certificate and key, both PEM, for a DNS name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[FakeAPI, str]]:
    certificate, key = _certificate("kube.internal")
    path = tmp_path / "server.pem"
    path.write_text(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    fake = FakeAPI()
    server = serve(fake, context)
    yield fake, certificate
    server.shutdown()
    server.server_close()


def test_a_server_name_of_its_own_is_verified(tls: tuple[FakeAPI, str]) -> None:
    api, ca = tls
    one, _clock = session(api, ca=ca, server_name="kube.internal")
    assert one.json("GET", "/x") == {}
    wrong, _clock = session(api, ca=ca)
    with pytest.raises(Unreachable, match="not trusted"):
        wrong.json("GET", "/x")


def test_an_unknown_authority_is_refused_unless_told_otherwise(tls: tuple[FakeAPI, str]) -> None:
    api, _ca = tls
    one, _clock = session(api, server_name="kube.internal")
    with pytest.raises(Unreachable, match="not trusted"):
        one.json("GET", "/x")
    trusting, _clock = session(api, verify=False)
    assert trusting.json("GET", "/x") == {}
