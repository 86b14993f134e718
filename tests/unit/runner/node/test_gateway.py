# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Routes, weights and the HTTP side of the gateway."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from slipway.node.gateway.routes import (
    Ask,
    Cluster,
    Destination,
    NoRoute,
    endpoints,
    full_name,
    is_cluster_name,
    route,
    snapshot,
)
from slipway.node.gateway.server import Gateway


def service(
    name: str, selector: dict[str, str], port: int = 80, target: int | str = "http", namespace: str = "demo"
) -> Manifest:
    ports = [{"port": port, "targetPort": target}]
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"selector": selector, "ports": ports}}


def pod(
    name: str, labels: dict[str, str], ip: str = "127.64.0.1", ready: bool = True, port: int = 8080, **meta: Any
) -> Manifest:
    ports = [{"name": "http", "containerPort": port}]
    return {
        "metadata": {"name": name, "namespace": "demo", "labels": labels, **meta},
        "spec": {"containers": [{"name": "c", "ports": ports}]},
        "status": {"podIP": ip, "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]},
    }


def virtual(
    hosts: list[str], *rules: Manifest, name: str = "vs", namespace: str = "demo", created: str = "1"
) -> Manifest:
    meta = {"name": name, "namespace": namespace, "creationTimestamp": created}
    return {"metadata": meta, "spec": {"hosts": hosts, "http": list(rules)}}


def to(host: str, weight: int | None = None, **more: Any) -> Manifest:
    return {"destination": {"host": host, **more}, **({} if weight is None else {"weight": weight})}


def ask(host: str, path: str = "/", method: str = "GET", port: int | None = None, **headers: str) -> Ask:
    return Ask(method, host, port, path, {name.replace("_", "-"): value for name, value in headers.items()})


SERVICES = [
    service("web", {"app": "web"}),
    service("web-canary", {"app": "web", "v": "2"}),
    service("other", {}, namespace="b"),
]
CLUSTER = snapshot(SERVICES, [pod("p1", {"app": "web", "v": "1"}), pod("p2", {"app": "web", "v": "2"}, "127.64.0.2")])


def with_rules(*virtual_services: Manifest, rules: tuple[Manifest, ...] = ()) -> Cluster:
    return snapshot(SERVICES, [*CLUSTER.pods["demo"]], virtual_services, rules)


@pytest.mark.parametrize(
    ("host", "namespace", "full"),
    [
        ("web", "demo", "web.demo.svc.cluster.local"),
        ("web.demo", "x", "web.demo"),
        ("web.demo.svc", "", "web.demo.svc.cluster.local"),
        ("WEB.demo.svc.cluster.local.", "", "web.demo.svc.cluster.local"),
        ("shop.example.com", "demo", "shop.example.com"),
    ],
)
def test_short_names_are_completed(host: str, namespace: str, full: str) -> None:
    assert full_name(host, namespace) == full


@pytest.mark.parametrize("host", ["web", "web.demo", "web.demo.svc", "web.demo.svc.cluster.local", "Web.Demo"])
def test_every_form_of_a_name_finds_the_service(host: str) -> None:
    assert route(ask(host), CLUSTER).destinations == (Destination("demo", "web", None),)


@pytest.mark.parametrize(
    ("host", "mine"),
    [("web", True), ("nope.demo.svc", True), ("example.com", False), ("127.0.0.1", False), ("shop.x", True)],
)
def test_only_names_of_the_cluster_are_its_own(host: str, mine: bool) -> None:
    assert is_cluster_name(host, with_rules(virtual(["shop.x"], {"route": [to("web")]}))) is mine


def test_a_name_in_two_namespaces_is_ambiguous() -> None:
    twice = snapshot([*SERVICES, service("web", {"a": "b"}, namespace="b")], [])
    with pytest.raises(NoRoute) as caught:
        route(ask("web"), twice)
    assert caught.value.reason == "AmbiguousHost"


@pytest.mark.parametrize(
    ("match", "question", "hit"),
    [
        ({"uri": {"exact": "/a"}}, ask("web", "/a?x=1"), True),
        ({"uri": {"exact": "/a"}}, ask("web", "/a/b"), False),
        ({"uri": {"prefix": "/a"}}, ask("web", "/a/b"), True),
        ({"uri": {"regex": "/[0-9]+"}}, ask("web", "/12"), True),
        ({"uri": {"regex": "/[0-9]+"}}, ask("web", "/12/x"), False),
        ({"uri": {"prefix": "/A"}, "ignoreUriCase": True}, ask("web", "/a"), True),
        ({"method": {"exact": "POST"}}, ask("web"), False),
        ({"headers": {"X-Canary": {"exact": "yes"}}}, ask("web", x_canary="yes"), True),
        ({"headers": {"x-canary": {"exact": "yes"}}}, ask("web", x_canary="no"), False),
        ({"headers": {"x-canary": {}}}, ask("web", x_canary="any"), True),
        ({"headers": {"x-canary": {}}}, ask("web"), False),
        ({"withoutHeaders": {"x-canary": {}}}, ask("web"), True),
        ({"queryParams": {"v": {"exact": "2"}}}, ask("web", "/?v=2"), True),
        ({"queryParams": {"v": {"exact": "2"}}}, ask("web", "/?v=3"), False),
        ({"authority": {"exact": "web"}}, ask("web"), True),
        ({"port": 8080}, ask("web"), False),
        ({"uri": {"prefix": "/"}, "headers": {"a": {"prefix": "b"}}}, ask("web", a="bc"), True),
    ],
)
def test_matches_look_at_the_request(match: Manifest, question: Ask, hit: bool) -> None:
    rules = [{"match": [match], "route": [to("web-canary")]}, {"route": [to("web")]}]
    chosen = route(question, with_rules(virtual(["web"], *rules)))
    assert chosen.destinations[0].name == ("web-canary" if hit else "web")


def test_one_match_of_several_is_enough() -> None:
    rule = {"match": [{"uri": {"exact": "/a"}}, {"uri": {"exact": "/b"}}], "route": [to("web")]}
    cluster = with_rules(virtual(["web"], rule))
    assert route(ask("web", "/b"), cluster).destinations
    with pytest.raises(NoRoute) as caught:
        route(ask("web", "/c"), cluster)
    assert (caught.value.status, caught.value.reason) == (404, "NoMatchingRoute")


@pytest.mark.parametrize("hosts", [["web"], ["web.demo.svc.cluster.local"], ["*.demo.svc.cluster.local"], ["*"]])
def test_a_virtual_service_takes_its_hosts(hosts: list[str]) -> None:
    cluster = with_rules(virtual(hosts, {"route": [to("web-canary")]}))
    for host in ("web", "web.demo", "web.demo.svc.cluster.local"):
        assert route(ask(host), cluster).destinations[0].name == "web-canary"


def test_a_virtual_service_of_another_namespace_does_not_take_a_short_name() -> None:
    cluster = with_rules(virtual(["web"], {"route": [to("x")]}, namespace="b"))
    assert route(ask("web.demo"), cluster).destinations[0].name == "web"


def test_the_older_virtual_service_wins() -> None:
    young = virtual(["web"], {"route": [to("web")]}, name="a", created="2")
    old = virtual(["web"], {"route": [to("web-canary")]}, name="b", created="1")
    assert route(ask("web"), with_rules(young, old)).destinations[0].name == "web-canary"


def test_destinations_without_weight_get_nothing_beside_others() -> None:
    cluster = with_rules(virtual(["web"], {"route": [to("web", 0), to("web-canary", 100)]}))
    assert [item.name for item in route(ask("web"), cluster).destinations] == ["web-canary"]


def test_paths_are_rewritten_and_answers_given_directly() -> None:
    match = [{"uri": {"prefix": "/old"}}]
    rewrite = {"match": match, "rewrite": {"uri": "/new"}, "route": [to("web")], "timeout": "1.5s"}
    chosen = route(ask("web", "/old/a?b=c"), with_rules(virtual(["web"], rewrite)))
    assert (chosen.rewrite_path, chosen.timeout) == ("/new/a?b=c", 1.5)
    direct = virtual(["web"], {"directResponse": {"status": 418, "body": {"string": "tea"}}})
    assert route(ask("web"), with_rules(direct)).answer == (418, "", "tea")
    redirect = virtual(["web"], {"redirect": {"uri": "/x", "redirectCode": 302}})
    assert route(ask("web"), with_rules(redirect)).answer == (302, "http://web/x", "")


@pytest.mark.parametrize("field", ["fault", "mirror", "delegate"])
def test_what_the_gateway_does_not_do_is_refused(field: str) -> None:
    with pytest.raises(NoRoute) as caught:
        route(ask("web"), with_rules(virtual(["web"], {field: {"x": 1}, "route": [to("web")]})))
    assert (caught.value.status, caught.value.reason) == (501, "Unsupported")


def test_named_ports_are_those_of_the_pod() -> None:
    found = endpoints(Destination("demo", "web", 80), CLUSTER)
    assert [(item.ip, item.port, item.pod) for item in found] == [
        ("127.64.0.1", 8080, "p1"),
        ("127.64.0.2", 8080, "p2"),
    ]


def test_a_subset_takes_the_labels_of_its_destination_rule() -> None:
    rule = {
        "metadata": {"name": "r", "namespace": "demo"},
        "spec": {"host": "web", "subsets": [{"name": "two", "labels": {"v": "2"}}]},
    }
    cluster = with_rules(rules=(rule,))
    assert [item.pod for item in endpoints(Destination("demo", "web", None, "two"), cluster)] == ["p2"]
    with pytest.raises(NoRoute) as caught:
        endpoints(Destination("demo", "web", None, "none"), cluster)
    assert caught.value.reason == "SubsetNotFound"


@pytest.mark.parametrize(
    ("pods", "target", "reason"),
    [
        ([pod("p", {"app": "web"}, ready=False)], Destination("demo", "web", None), "NoReadyPods"),
        ([pod("p", {"app": "web"}, ip="10.0.0.1")], Destination("demo", "web", None), "NoReadyPods"),
        ([], Destination("demo", "nope", None), "ServiceNotFound"),
        ([], Destination("b", "other", None), "NoSelector"),
        ([pod("p", {"app": "web"})], Destination("demo", "web", 81), "PortNotFound"),
    ],
)
def test_a_destination_without_programs_says_why(pods: list[Manifest], target: Destination, reason: str) -> None:
    with pytest.raises(NoRoute) as caught:
        endpoints(target, snapshot(SERVICES, pods))
    assert (caught.value.status, caught.value.reason) == (503, reason)


def test_pods_on_their_way_out_serve_only_when_alone() -> None:
    going = pod("going", {"app": "web"}, "127.64.0.3", deletionTimestamp="now")
    staying = pod("staying", {"app": "web"})
    target = Destination("demo", "web", None)
    assert [item.pod for item in endpoints(target, snapshot(SERVICES, [going, staying]))] == ["staying"]
    assert [item.pod for item in endpoints(target, snapshot(SERVICES, [going]))] == ["going"]


class Program(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {"path": self.path, "method": self.command, "body": body.decode(), **dict(self.headers.items())}
        data = json.dumps(seen).encode()
        self.send_response(204 if self.path == "/empty" else 200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (data[:5], data[5:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        if self.path == "/empty":
            self.end_headers()
            return
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET


@pytest.fixture
def program() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Program)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.fixture
def gateway(program: int) -> Iterator[Gateway]:
    pods = [
        pod("p1", {"app": "web"}, "127.0.0.1", port=program),
        pod("p0-deaf", {"app": "web", "v": "2"}, "127.0.0.1", port=1),
    ]
    cluster = snapshot(SERVICES, pods)
    made = Gateway(lambda: cluster, 0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def connection(gateway: Gateway) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    yield made
    made.close()


def send(
    connection: http.client.HTTPConnection, method: str, url: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    connection.request(method, url, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    reply = connection.getresponse()
    data = reply.read()
    return reply.status, json.loads(data) if data else {}


@pytest.mark.parametrize(("url", "headers"), [("http://web.demo/a?b=c", {}), ("/a?b=c", {"Host": "web.demo"})])
def test_both_forms_of_a_request_reach_the_program(
    connection: http.client.HTTPConnection, url: str, headers: dict[str, str]
) -> None:
    status, seen = send(connection, "GET", url, **headers)
    assert (status, seen["path"], seen["Host"]) == (200, "/a?b=c", "web.demo")
    assert seen["X-Forwarded-For"] == "127.0.0.1"


def test_a_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    for method, url in (
        ("GET", "/1"),
        ("POST", "/2"),
        ("HEAD", "/3"),
        ("GET", "/empty"),
        ("GET", "/chunked"),
        ("GET", "/6"),
    ):
        status, seen = send(connection, method, f"http://web.demo{url}", b"body" if method == "POST" else None)
        assert status == (204 if url == "/empty" else 200)
        if method == "POST":
            assert seen["body"] == "body"
    assert connection.sock is not None


def test_a_chunked_body_arrives_whole(connection: http.client.HTTPConnection) -> None:
    _, seen = send(connection, "POST", "http://web.demo/", iter([b"one", b"two"]))
    assert seen["body"] == "onetwo"


def test_headers_of_the_connection_stay_behind(connection: http.client.HTTPConnection) -> None:
    _, seen = send(
        connection,
        "GET",
        "http://web.demo/",
        Proxy_Connection="keep-alive",
        Connection="X-Mine",
        X_Mine="1",
        X_Kept="1",
    )
    assert seen["X-Kept"] == "1"
    assert not {"Proxy-Connection", "Connection", "X-Mine"} & set(seen)


def test_a_pod_that_does_not_listen_is_passed_over(connection: http.client.HTTPConnection) -> None:
    assert [send(connection, "GET", "http://web.demo/")[0] for _ in range(4)] == [200] * 4


def test_when_no_pod_answers_the_reason_is_given(connection: http.client.HTTPConnection) -> None:
    status, seen = send(connection, "GET", "http://web-canary.demo/")
    assert (status, seen["reason"]) == (503, "NoPodAnswers")
    assert "p0-deaf" in seen["message"]


def test_unknown_services_are_503_with_a_reason(connection: http.client.HTTPConnection) -> None:
    status, seen = send(connection, "GET", "http://nope.demo.svc.cluster.local/")
    assert (status, seen["reason"], seen["host"]) == (503, "ServiceNotFound", "nope.demo.svc.cluster.local")


def test_other_hosts_are_passed_on(connection: http.client.HTTPConnection, program: int) -> None:
    status, seen = send(connection, "GET", f"http://127.0.0.1:{program}/x")
    assert (status, seen["path"], seen["Host"]) == (200, "/x", f"127.0.0.1:{program}")


def test_tunnels_are_refused(connection: http.client.HTTPConnection) -> None:
    assert send(connection, "CONNECT", "example.com:443")[0] == 501


def test_answers_are_counted_by_service_and_class(connection: http.client.HTTPConnection) -> None:
    for host in ("web.demo", "web.demo", "nope.demo.svc"):
        send(connection, "GET", f"http://{host}/")
    _, stats = send(connection, "GET", "/-/stats")
    rows = [(row["host"], row["service"], row["status"], row["count"]) for row in stats["requests"]]
    assert rows == [("nope.demo.svc", "", "5xx", 1), ("web.demo", "demo/web", "2xx", 2)]
    assert send(connection, "GET", "/-/healthz") == (200, {"status": "ok"})
