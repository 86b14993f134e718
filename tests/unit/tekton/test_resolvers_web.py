# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The http and the hub resolver against a server on loopback."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._tekton.model.reference import ask_of
from ansible_collections.slipway.gitops.plugins.module_utils._tekton.resolve import hub_versions
from tests.unit.tekton.resolving import (
    TASK,
    Web,
    failed,
    refused,
    resolve,
    secret,
    serve,
    wrong,
)

pytestmark = pytest.mark.usefixtures("no_configuration")


def test_http_gives_the_file_and_its_digest(web: Web) -> None:
    web.pages["/t.yaml"] = TASK
    found = resolve("http", {"url": f"{web.url}/t.yaml"})
    digest = hashlib.sha256(TASK.encode()).hexdigest()
    assert found.source.as_dict() == {"uri": f"{web.url}/t.yaml", "digest": {"sha256": digest}}


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_http_takes_what_has_the_wanted_digest(web: Web, algorithm: str) -> None:
    web.pages["/t.yaml"] = TASK
    digest = hashlib.new(algorithm, TASK.encode()).hexdigest()
    assert resolve("http", {"url": f"{web.url}/t.yaml", "digest": f"{algorithm}:{digest}"}).name == "hello"


@pytest.mark.parametrize(
    ("digest", "message"),
    [
        ("abc", "invalid digest format: abc"),
        ("md5:abc", "invalid digest algorithm: md5"),
        ("sha256:abc", "invalid sha256 digest value, expected length: 64, got: 3"),
        ("sha256:" + "0" * 64, f"sha mismatch, expected {'0' * 64}, got "),
    ],
)
def test_http_refuses_what_has_another_digest(web: Web, digest: str, message: str) -> None:
    web.pages["/t.yaml"] = TASK
    error = refused("http", {"url": f"{web.url}/t.yaml", "digest": digest})
    assert failed(error, "Http").startswith(f"error validating digest: {message}")


def test_http_logs_in_with_the_password_of_a_secret(web: Web) -> None:
    web.pages["/t.yaml"] = TASK
    params = {
        "url": f"{web.url}/t.yaml",
        "http-username": "me",
        "http-password-secret": "s",
        "http-password-secret-key": "k",
    }
    resolve("http", params, given=secret("s", k="open-sesame"))
    assert web.asked[0][1]["Authorization"] == "Basic " + base64.b64encode(b"me:open-sesame").decode()


def test_http_takes_the_login_of_an_address_and_keeps_it_to_itself(web: Web) -> None:
    web.pages["/t.yaml"] = TASK
    found = resolve("http", {"url": web.url.replace("://", "://me:open%20sesame@") + "/t.yaml"})
    assert web.asked[0][1]["Authorization"] == "Basic " + base64.b64encode(b"me:open sesame").decode()
    assert found.source.uri == f"{web.url}/t.yaml"


def test_http_leaves_the_password_behind_when_it_is_sent_to_another_host(web: Web) -> None:
    other, server = serve()
    other.pages["/t.yaml"] = TASK
    web.pages["/t.yaml"] = (302, {"Location": f"{other.url.replace('127.0.0.1', 'localhost')}/t.yaml"})
    params = {"url": f"{web.url}/t.yaml", "http-username": "me", "http-password-secret": "s"}
    resolve("http", params, given=secret("s", password="open-sesame"))
    server.shutdown()
    server.server_close()
    assert "Authorization" not in other.asked[0][1]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "missing required http resolver params: url"),
        ({"url": "ftp://h/t"}, "url ftp://h/t is not a valid http(s) url"),
        ({"url": "https://h/t", "http-username": "u"}, "missing required param http-password-secret when using http-username"),
        ({"url": "https://h/t", "http-username": "", "http-password-secret": "s"}, "value http-username cannot be empty"),
    ],
)  # fmt: skip
def test_http_checks_its_params(params: dict[str, str], message: str) -> None:
    assert wrong(refused("http", params)) == message


def test_http_ends_after_its_own_time(web: Web) -> None:
    web.pages["/t.yaml"] = "hold"
    error = refused("http", {"url": f"{web.url}/t.yaml"}, http={"fetch-timeout": "300ms"})
    assert error.message == "error requesting remote resource: resolution took longer than fetch-timeout of 300ms"


def test_http_says_what_was_not_found(web: Web) -> None:
    assert failed(refused("http", {"url": f"{web.url}/no"}), "Http") == f"requested URL '{web.url}/no' is not found"


def test_an_address_beside_the_resolver_is_its_url(web: Web) -> None:
    web.pages["/t.yaml"] = TASK
    assert resolve("http", {}, name=f"{web.url}/t.yaml").name == "hello"


def test_an_address_with_git_names_repository_revision_and_path() -> None:
    ask = ask_of({"resolver": "git", "name": "git+https://me@host/r.git@v1#a/t.yaml"}, "Task")
    assert ask.params == {"url": "https://me@host/r.git", "revision": "v1", "pathInRepo": "a/t.yaml"}


def artifact_hub(web: Web, *versions: str) -> dict[str, Any]:
    base = "/api/v1/packages/tekton-task/tekton-catalog-tasks/hello"
    listed = [{"version": version, "prerelease": "-" in version} for version in versions]
    web.pages[base] = json.dumps({"available_versions": listed})
    for version in versions:
        web.pages[f"{base}/{version}"] = json.dumps({"data": {"manifestRaw": TASK}})
    return {"hub": {"artifact-hub-urls": [web.url]}}


def test_hub_asks_artifact_hub_with_three_numbers(web: Web) -> None:
    option = artifact_hub(web, "0.1.0", "0.6.0")
    found = resolve("hub", {"name": "hello", "version": "0.6"}, **option)
    assert found.source.uri == f"{web.url}/api/v1/packages/tekton-task/tekton-catalog-tasks/hello/0.6.0"
    assert found.source.digest == {"sha256": hashlib.sha256(TASK.encode()).hexdigest()}


def test_hub_takes_the_highest_version_that_fits(web: Web) -> None:
    option = artifact_hub(web, "0.6.0", "0.7.1", "0.8.0", "0.7.9-rc1")
    assert resolve("hub", {"name": "hello", "version": ">= 0.6, < 0.8"}, **option).source.uri.endswith("/0.7.1")


def test_hub_says_when_no_version_fits(web: Web) -> None:
    error = refused("hub", {"name": "hello", "version": "> 2"}, **artifact_hub(web, "0.6.0"))
    assert failed(error, "Hub") == "no version found for constraint > 2"


def test_hub_asks_a_tekton_hub_with_two_numbers(web: Web) -> None:
    web.pages["/v1/resource/Tekton/task/hello"] = json.dumps({"data": {"versions": [{"version": "0.2"}]}})
    web.pages["/v1/resource/Tekton/task/hello/0.2/yaml"] = json.dumps({"data": {"yaml": TASK}})
    option = {"hub": {"tekton-hub-urls": web.url}}
    assert resolve("hub", {"name": "hello", "version": "0.2.0", "type": "tekton"}, **option).name == "hello"


def test_hub_asks_the_next_hub_when_one_does_not_have_it(web: Web) -> None:
    option = artifact_hub(web, "0.6.0")
    option["hub"]["artifact-hub-urls"] = [f"{web.url}/other", web.url]
    assert resolve("hub", {"name": "hello", "version": "0.6.0"}, **option).name == "hello"


def test_hub_takes_the_address_of_a_param(web: Web) -> None:
    artifact_hub(web, "0.6.0")
    assert resolve("hub", {"name": "hello", "version": "0.6.0", "url": f"{web.url}/"}).name == "hello"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"name": "x"}, "failed to validate params: missing required hub resolver params: version"),
        (
            {"name": "x", "version": "1", "kind": "y", "catalog": "c"},
            "failed to validate params: kind param must be one of: task, pipeline, stepaction",
        ),
        (
            {"name": "x", "version": "1", "type": "y", "catalog": "c"},
            "failed to validate params: type param must be artifact or tekton",
        ),
        (
            {"name": "x", "version": "1", "kind": "stepaction"},
            "failed to populate default params: failed to resolve catalog name with kind: stepaction",
        ),
    ],
)
def test_hub_checks_its_params(params: dict[str, str], message: str) -> None:
    assert wrong(refused("hub", params)) == message


@pytest.mark.parametrize(
    ("constraint", "chosen"),
    [("~> 0.7", "0.9.0"), ("~> 0.7.0", "0.7.2"), ("!= 0.9.0", "0.8.0"), ("0.7", "0.7.0"), ("<= 0.7.1", "0.7.0")],
)
def test_constraints_choose_as_go_version_does(constraint: str, chosen: str) -> None:
    found = hub_versions.constraints(constraint)
    assert found is not None
    assert hub_versions.highest(["0.7", "0.7.2", "0.8.0", "0.9.0"], found) == chosen
