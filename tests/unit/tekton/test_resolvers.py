# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all resolvers share: the map, the network, the cache, the time, and what comes back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.cancel import Cancel
from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import (
    Cancelled,
    Invalid,
)
from ansible_collections.slipway.gitops.plugins.module_utils._tekton import api
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.reference import ask_of
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.resolve import kept, remote
from tests.unit.tekton.resolving import (
    OLD_TASK,
    TASK,
    Repository,
    Web,
    refused,
    resolve,
)

pytestmark = pytest.mark.usefixtures("no_configuration")


def test_the_map_stands_for_a_reference_without_any_network(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TASK)
    entry = {"resolver": "hub", "params": {"name": "hello"}, "path": str(tmp_path / "t.yaml")}
    found = resolve("hub", {"name": "hello", "version": "9"}, map=[entry], network=False)
    assert (found.name, found.source.uri) == ("hello", f"file://{tmp_path}/t.yaml")


def test_the_map_stands_for_resolvers_that_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TASK)
    assert resolve("ours", {"a": "b"}, map=[{"resolver": "ours", "path": str(tmp_path / "t.yaml")}]).name == "hello"


def test_an_entry_of_the_map_needs_all_its_params_in_the_reference(tmp_path: Path) -> None:
    entry = {"resolver": "http", "params": {"url": "https://other/"}, "path": str(tmp_path)}
    error = refused("http", {"url": "https://h/t"}, map=[entry], network=False)
    assert error.reason == "NetworkNotAllowed"


def test_without_the_network_the_option_and_the_reference_are_named() -> None:
    error = refused("http", {"url": "https://h/t"}, network=False)
    assert "resolvers.network: false" in str(error)
    assert "http url=https://h/t" in str(error)
    assert "params: {url: https://h/t}" in error.hint


def test_a_repository_on_disk_needs_no_network(repository: Repository) -> None:
    assert resolve("git", {"url": repository.url, "pathInRepo": "tasks/hello.yaml"}, network=False).name == "hello"


def test_a_resolver_that_nobody_knows_is_refused() -> None:
    assert "no resolver 'ours'" in str(refused("ours", {"a": "b"}))


def test_what_a_digest_pins_is_asked_for_once(web: Web) -> None:
    web.pages["/t.yaml"] = TASK
    params = {"url": f"{web.url}/t.yaml", "digest": f"sha256:{hashlib.sha256(TASK.encode()).hexdigest()}"}
    resolve("http", params)
    resolve("http", params, network=False)
    assert web.paths() == ["/t.yaml"]


@pytest.mark.parametrize(("mode", "asked"), [("auto", 2), ("never", 2), ("always", 1)])
def test_what_is_not_pinned_is_cached_only_always(web: Web, mode: str, asked: int) -> None:
    web.pages["/t.yaml"] = TASK
    for _time in range(2):
        resolve("http", {"url": f"{web.url}/t.yaml", "cache": mode})
    assert len(web.asked) == asked


def test_what_another_place_gave_is_not_taken_from_the_cache(web: Web) -> None:
    for place, name in (("one", "first"), ("two", "second")):
        base = f"/{place}/v1/resource/Tekton/task/hello"
        web.pages[base] = json.dumps({"data": {"versions": [{"version": "0.1"}]}})
        web.pages[f"{base}/0.1/yaml"] = json.dumps({"data": {"yaml": TASK.replace("hello}", f"{name}}}")}})
    params = {"name": "hello", "version": "0.1", "type": "tekton", "cache": "always"}
    found = [resolve("hub", params, hub={"tekton-hub-urls": [f"{web.url}/{place}"]}).name for place in ("one", "two")]
    assert found == ["first", "second"]


def test_what_is_not_pinned_gets_old(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/t.yaml"] = TASK
    resolve("http", {"url": f"{web.url}/t.yaml", "cache": "always"})
    monkeypatch.setattr(kept, "CACHE_SECONDS", -1.0)
    resolve("http", {"url": f"{web.url}/t.yaml", "cache": "always"})
    assert len(web.asked) == 2


def test_a_resolution_ends_after_its_time(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/t.yaml"] = "hold"
    monkeypatch.setattr(remote, "LONGEST", 0.3)
    error = refused("http", {"url": f"{web.url}/t.yaml"})
    assert error.message == "error requesting remote resource: resolution took longer than global timeout of 1m0s"


def test_a_cancelled_run_stops_waiting(web: Web) -> None:
    web.pages["/t.yaml"] = "hold"
    cancel = Cancel()
    objects = remote.attached(api.parse([]), {}, name="run", namespace="default", cancel=cancel)
    assert objects.remote is not None
    ask = ask_of({"resolver": "http", "name": f"{web.url}/t.yaml"}, "Task")
    objects.remote.start(ask)
    cancel.set("enough")
    with pytest.raises(Cancelled):
        objects.remote.fetch(ask)


@pytest.mark.parametrize(
    ("option", "field"),
    [
        ({"netwrok": True}, "resolvers.netwrok"),
        ({"network": "maybe"}, "resolvers.network"),
        ({"hub": {"url": "x"}}, "resolvers.hub.url"),
        ({"map": [{"resolver": "git"}]}, "resolvers.map[0]"),
        ({"git": {"default-cache-mode": "x"}}, "resolvers.git.default-cache-mode"),
    ],
)
def test_the_option_is_checked_by_name(option: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        resolve("http", {"url": "https://h/"}, **option)
    assert caught.value.field == field


def test_what_comes_back_is_converted(web: Web) -> None:
    web.pages["/t.yaml"] = OLD_TASK
    found = resolve("http", {"url": f"{web.url}/t.yaml"}).document.data
    assert found["apiVersion"] == "tekton.dev/v1"
    assert "computeResources" in found["spec"]["steps"][0]


def test_what_comes_back_is_checked_with_its_own_place(web: Web) -> None:
    web.pages["/t.yaml"] = TASK.replace("image: alpine, ", "")
    error = refused("http", {"url": f"{web.url}/t.yaml"})
    assert isinstance(error, Invalid)
    assert str(error).startswith(f"{web.url}/t.yaml:8 spec.steps[0]")


@pytest.mark.parametrize(
    ("kind", "message"), [("Pipeline", "resource is not a pipeline"), ("StepAction", "resource is not a StepAction")]
)
def test_an_object_of_another_kind_is_refused(web: Web, kind: str, message: str) -> None:
    web.pages["/t.yaml"] = TASK
    assert refused("http", {"url": f"{web.url}/t.yaml"}, kind=kind).message == message
