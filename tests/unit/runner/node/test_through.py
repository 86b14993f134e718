# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods whose network is not this machine's are asked through the API server."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import ClusterConfig
from ansible_collections.slipway.gitops.plugins.module_utils._kube.session import Session
from slipway.node.gateway.proxy import Through
from slipway.node.gateway.routes import snapshot
from slipway.node.gateway.server import Gateway
from tests.unit.kube.conftest import FakeAPI, serve
from tests.unit.runner.node.test_gateway import pod, service

CLUSTER = snapshot([service("web", {"app": "web"})], [pod("p1", {"app": "web"}, "10.0.0.9")])


@pytest.fixture
def fake() -> Iterator[FakeAPI]:
    one = FakeAPI()
    server = serve(one)
    yield one
    server.shutdown()
    server.server_close()


@pytest.fixture
def gateway(fake: FakeAPI) -> Iterator[Gateway]:
    session = Session(ClusterConfig(server=fake.url, token="the-token-of-the-user"))
    one = Gateway(lambda: CLUSTER, 0, through=Through(session))
    one.start()
    yield one
    one.stop()


def ask(gateway: Gateway) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    connection.request(
        "GET", "http://web.demo.svc.cluster.local/check?a=1", headers={"Authorization": "Bearer x", "X-A": "1"}
    )
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_request_goes_to_the_pods_proxy_with_the_users_token(fake: FakeAPI, gateway: Gateway) -> None:
    fake.script = lambda request: (202, {"ok": True}, {"Content-Type": "application/json"})
    assert ask(gateway) == (202, b'{"ok": true}')
    request = fake.requests[0]
    assert request.path == "/api/v1/namespaces/demo/pods/p1:8080/proxy/check"
    assert request.query == {"a": "1"}
    assert request.headers["Authorization"] == ["Bearer the-token-of-the-user"]
    assert request.headers["X-A"] == ["1"]


def test_an_api_server_that_is_gone_is_503_with_the_reason(fake: FakeAPI, gateway: Gateway) -> None:
    gateway.through = Through(Session(ClusterConfig(server="http://127.0.0.1:9")))
    status, body = ask(gateway)
    assert status == 503
    assert b"NoPodAnswers" in body
