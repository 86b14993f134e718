# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A watched copy stays true through bookmarks, expired versions and broken connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.config import ClusterConfig
from ansible_collections.slipway.gitops.plugins.module_utils._kube.errors import Forbidden
from ansible_collections.slipway.gitops.plugins.module_utils._kube.watch import Informer, Selection

from .conftest import FakeAPI, Request

MAPS = Selection("v1", "ConfigMap", "default")


def obj(name: str, version: int, **data: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "default", "uid": name, "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def listing(version: int, *items: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    return 200, {"metadata": {"resourceVersion": str(version)}, "items": list(items)}, {}


def event(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "object": body}


class Script:
    """Answers lists and watches in turn; when it runs out, lists stay and watches hang up at once."""

    def __init__(self, lists: list[Any], watches: list[Any]) -> None:
        self.lists, self.watches = lists, watches
        self.versions: list[str] = []

    def __call__(self, request: Request) -> Any:
        if "watch" not in request.query:
            return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        self.versions.append(request.query["resourceVersion"])
        if self.watches:
            return self.watches.pop(0)
        time.sleep(0.05)
        return []


def until(informer: Informer, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, [item["metadata"] for item in informer.items(MAPS)]
        informer.changed(0.1)


def names(informer: Informer) -> list[str]:
    return sorted(item["metadata"]["name"] for item in informer.items(MAPS))


def client(api: FakeAPI) -> Client:
    return Client(ClusterConfig(server=api.url))


def test_events_change_the_copy(api: FakeAPI) -> None:
    changes = [event("ADDED", obj("b", 11)), event("DELETED", obj("a", 12)), event("MODIFIED", obj("b", 13, k="v"))]
    api.script = Script([listing(10, obj("a", 5))], [changes])
    with Informer(client(api), [MAPS]) as informer:
        until(informer, lambda: names(informer) == ["b"] and informer.items(MAPS)[0]["data"] == {"k": "v"})


def test_the_next_watch_starts_at_the_bookmark(api: FakeAPI) -> None:
    bookmark = {"kind": "ConfigMap", "metadata": {"resourceVersion": "99"}}
    script = Script([listing(10)], [[event("BOOKMARK", bookmark)]])
    api.script = script
    with Informer(client(api), [MAPS]) as informer:
        until(informer, lambda: len(script.versions) > 1)
    assert script.versions[:2] == ["10", "99"]


def test_an_expired_version_is_answered_by_a_new_list(api: FakeAPI) -> None:
    gone = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
    script = Script([listing(10, obj("a", 5)), listing(50, obj("b", 40))], [[gone]])
    api.script = script
    with Informer(client(api), [MAPS]) as informer:
        assert names(informer) == ["a"]
        until(informer, lambda: names(informer) == ["b"] and len(script.versions) > 1)
    assert script.versions[1] == "50"


def test_half_an_event_is_no_end(api: FakeAPI) -> None:
    api.script = Script([listing(10), listing(20, obj("a", 15))], [[b'{"type": "ADDED", "obj']])
    with Informer(client(api), [MAPS]) as informer:
        until(informer, lambda: names(informer) == ["a"])


def test_a_right_that_is_taken_away_ends_the_watch(api: FakeAPI) -> None:
    denied = event("ERROR", {"kind": "Status", "code": 403, "reason": "Forbidden", "message": "not any more"})
    api.script = Script([listing(10)], [[denied]])
    with Informer(client(api), [MAPS]) as informer, pytest.raises(Forbidden, match="not any more"):
        until(informer, lambda: names(informer) == ["never"])


def test_an_own_write_is_seen_at_once_and_no_older_event_undoes_it(api: FakeAPI) -> None:
    release = threading.Event()
    lists, watch = [listing(10, obj("a", 5))], [event("MODIFIED", obj("a", 11, k="old")), event("ADDED", obj("b", 12))]
    inner = Script(lists, [watch])

    def script(request: Request) -> Any:
        if "watch" in request.query:
            release.wait(5)
        return inner(request)

    api.script = script
    with Informer(client(api), [MAPS]) as informer:
        informer.observe(obj("a", 20, k="new"))
        release.set()
        until(informer, lambda: names(informer) == ["a", "b"])
        found = informer.get(MAPS, "a", "default") or {}
        assert found["data"] == {"k": "new"}
