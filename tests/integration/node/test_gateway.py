# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services and VirtualServices through the gateway, to programs that really answer."""

from __future__ import annotations

import collections
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, ObjectRef

from .conftest import ProcessNode
from .test_pods import WEB

ISTIO = "networking.istio.io/v1"


def fetch(node: ProcessNode, url: str, **headers: str) -> tuple[int, str]:
    """Ask through the gateway as a forward proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": node.gateway}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def service(node: ProcessNode, name: str, selector: dict[str, str], port: int = 80) -> None:
    node.client.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": node.namespace},
            "spec": {"selector": selector, "ports": [{"name": "http", "port": port, "targetPort": "http"}]},
        }
    )


@pytest.fixture(scope="module")
def web(node: ProcessNode) -> Iterator[ProcessNode]:
    """Two versions, two pods of the first and one of the second, with Services."""
    for name, version in (("blue-1", "blue"), ("blue-2", "blue"), ("green-1", "green")):
        labels = {"labels": {"app": "shop", "version": version}}
        node.pod(name, {**WEB, "env": [{"name": "SAY", "value": name}]}, metadata=labels)
    for name in ("blue-1", "blue-2", "green-1"):
        node.ready(name)
    service(node, "blue", {"version": "blue"})
    service(node, "green", {"version": "green"})
    service(node, "shop", {"app": "shop"}, 8000)
    node.until(lambda: fetch(node, f"http://green.{node.namespace}/")[0] == 200, "the gateway does not see the Service")
    node.until(
        lambda: fetch(node, f"http://shop.{node.namespace}:8000/")[0] == 200, "the gateway does not see the Service"
    )
    yield node
    for name in ("blue-1", "blue-2", "green-1"):
        node.delete(name)


def shop(node: ProcessNode) -> str:
    """Return a host of this run only: of two VirtualServices for one host the older one wins."""
    return f"http://shop.{node.namespace}.example.com/"


def virtual_service(node: ProcessNode, http_routes: list[Manifest]) -> None:
    if not node.client.knows(ISTIO, "VirtualService"):
        pytest.skip("the cluster has no VirtualServices")
    node.client.apply(
        {
            "apiVersion": ISTIO,
            "kind": "VirtualService",
            "metadata": {"name": "shop", "namespace": node.namespace},
            "spec": {"hosts": [shop(node)[7:-1]], "http": http_routes},
        }
    )


def weighted(blue: int, green: int) -> list[Manifest]:
    parts = (("blue", blue), ("green", green))
    return [{"name": "primary", "route": [{"destination": {"host": host}, "weight": weight} for host, weight in parts]}]


def answers(node: ProcessNode, count: int) -> collections.Counter[str]:
    return collections.Counter(fetch(node, shop(node))[1].split("-")[0] for _ in range(count))


@pytest.mark.parametrize("form", ["blue.{}", "blue.{}.svc", "blue.{}.svc.cluster.local"])
def test_every_form_of_a_service_name_reaches_its_pods(web: ProcessNode, form: str) -> None:
    assert fetch(web, f"http://{form.format(web.namespace)}/")[1] in ("blue-1", "blue-2")


def test_pods_of_a_service_take_turns(web: ProcessNode) -> None:
    seen = collections.Counter(fetch(web, f"http://shop.{web.namespace}:8000/")[1] for _ in range(9))
    assert seen == {"blue-1": 3, "blue-2": 3, "green-1": 3}


def test_a_host_header_is_enough(web: ProcessNode) -> None:
    connection = http.client.HTTPConnection(web.gateway.removeprefix("http://"))
    for _turn in range(2):  # the second request uses the same connection
        connection.request("GET", "/", headers={"Host": f"green.{web.namespace}"})
        assert connection.getresponse().read() == b"green-1"


def test_weights_are_exact_over_one_round_and_follow_the_virtual_service(web: ProcessNode) -> None:
    virtual_service(web, weighted(100, 0))
    web.until(lambda: fetch(web, shop(web))[0] == 200, "the gateway does not see the VirtualService")
    for blue, green in ((80, 20), (50, 50), (20, 80), (0, 100)):
        virtual_service(web, weighted(blue, green))
        web.until(lambda g=green, b=blue: _in_force(web, b, g), "the weights are not in force", 5)  # type: ignore[misc]
        assert (
            answers(web, 10) == collections.Counter({"blue": blue // 10, "green": green // 10}) + collections.Counter()
        )


def _in_force(node: ProcessNode, blue: int, green: int) -> bool:
    seen = answers(node, 10)
    return (seen["blue"] * 10, seen["green"] * 10) == (blue, green)


def test_the_first_matching_route_counts(web: ProcessNode) -> None:
    canary = {"match": [{"headers": {"x-canary": {"exact": "yes"}}}], "route": [{"destination": {"host": "green"}}]}
    virtual_service(web, [canary, *weighted(100, 0)])
    url = shop(web)

    def in_force() -> bool:
        return fetch(web, url, **{"X-Canary": "yes"})[1] == "green-1" and fetch(web, url)[1].startswith("blue")

    web.until(in_force, "the routes are not in force", 5)


def test_a_service_without_ready_pods_is_503_with_the_reason(web: ProcessNode) -> None:
    service(web, "empty", {"app": "nobody"})
    url = f"http://empty.{web.namespace}.svc.cluster.local/"
    web.until(lambda: "NoReadyPods" in fetch(web, url)[1], "the gateway does not see the Service", 5)
    status, body = fetch(web, url)
    assert status == 503
    assert json.loads(body)["message"].startswith(f"Service {web.namespace}/empty has no ready pod here")


def test_a_pod_that_is_going_gets_no_more_requests(web: ProcessNode) -> None:
    web.pod("blue-3", {**WEB, "env": [{"name": "SAY", "value": "blue-3"}]}, metadata={"labels": {"version": "blue"}})
    web.ready("blue-3")
    url = f"http://blue.{web.namespace}/"
    web.until(lambda: fetch(web, url)[1] == "blue-3", "the new pod gets no requests", 5)
    web.client.delete(ObjectRef("v1", "Pod", "blue-3", web.namespace))
    web.until(lambda: not web.get("blue-3"), "the pod is still there")
    assert {fetch(web, url) for _ in range(6)} == {(200, "blue-1"), (200, "blue-2")}


def test_hosts_outside_of_the_cluster_are_passed_on(web: ProcessNode, registry: str) -> None:
    assert fetch(web, f"http://{registry}/v2/") == (200, "{}")


def test_the_statistics_tell_version_and_status(web: ProcessNode) -> None:
    fetch(web, f"http://green.{web.namespace}/")
    with urllib.request.urlopen(f"{web.gateway}/-/stats", timeout=5) as reply:
        rows = json.loads(reply.read())["requests"]
    mine = [row for row in rows if row["service"] == f"{web.namespace}/green" and row["status"] == "2xx"]
    assert mine and {row["version"] for row in mine} == {"green"}
