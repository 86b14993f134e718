# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bundles and the cluster resolver: what they check, and layers of images."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from tests.unit.tekton.resolving import TASK, Web, annotated, bundle, failed, refused, resolve, secret, tarred, wrong

pytestmark = pytest.mark.usefixtures("no_configuration")


@pytest.mark.parametrize("data", [tarred("hello", TASK), gzip.compress(TASK.encode()), TASK.encode()])
def test_bundles_give_the_object_of_a_layer(web: Web, data: bytes) -> None:
    digest = bundle(web, (annotated("other"), tarred("other", "x")), (annotated("hello"), data))
    found = resolve("bundles", {"bundle": f"{web.host}/cat/tasks:1.0", "name": "hello"})
    assert found.name == "hello"
    assert found.source.as_dict() == {
        "uri": f"{web.host}/cat/tasks", "digest": {"sha256": digest.removeprefix("sha256:")}, "entryPoint": "hello",
    }  # fmt: skip


def test_bundles_hold_at_most_twenty_objects(web: Web) -> None:
    bundle(web, *[(annotated(f"t{number}"), b"x") for number in range(21)])
    error = refused("bundles", {"bundle": f"{web.host}/cat/tasks:1.0", "name": "t1"})
    assert failed(error, "bundleresolver").endswith("error: contained more than the maximum 20 allow objects")


def test_bundles_need_their_annotations(web: Web) -> None:
    bundle(web, ({"dev.tekton.image.apiVersion": "v1", "dev.tekton.image.name": "x"}, b"x"))
    error = refused("bundles", {"bundle": f"{web.host}/cat/tasks:1.0", "name": "x"})
    assert failed(error, "bundleresolver").endswith("the layer 0 does not contain a dev.tekton.image.kind annotation")


def test_bundles_list_what_they_hold_when_the_wanted_one_is_not_there(web: Web) -> None:
    bundle(web, (annotated("hello"), b"x"))
    error = refused("bundles", {"bundle": f"{web.host}/cat/tasks:1.0", "name": "nope"})
    message = "could not find object in image with kind: task and name: nope"
    assert (failed(error, "bundleresolver"), error.hint) == (message, "objects: task hello")


@pytest.mark.parametrize(
    ("params", "message"),
    [({"name": "x"}, 'parameter "bundle" required'), ({"bundle": "h/i:1"}, 'parameter "name" required')],
)
def test_bundles_check_their_params(params: dict[str, str], message: str) -> None:
    assert wrong(refused("bundles", params)) == message


@pytest.mark.parametrize(
    ("params", "option", "message"),
    [
        ({"name": "x"}, {}, "missing required cluster resolver params: namespace"),
        ({"name": "x", "namespace": "n", "kind": "pod"}, {}, "unknown or unsupported resource kind 'pod'"),
        ({"name": "x", "namespace": "n"}, {"blocked-namespaces": "n"}, "access to specified namespace n is blocked"),
        ({"name": "x", "namespace": "n"}, {"allowed-namespaces": "m"}, "access to specified namespace n is not allowed"),
    ],
)  # fmt: skip
def test_cluster_checks_its_params(params: dict[str, str], option: dict[str, str], message: str) -> None:
    assert wrong(refused("cluster", params, cluster=option)) == message


def test_bundles_log_in_with_a_pull_secret_that_is_given(web: Web) -> None:
    web.pages["/v2/cat/tasks/manifests/1.0"] = (401, {"WWW-Authenticate": 'Basic realm="x"'})
    config = json.dumps({"auths": {web.host: {"username": "me", "password": "open-sesame"}}})
    params = {"bundle": f"{web.host}/cat/tasks:1.0", "name": "hello", "secret": "pull"}
    error = refused("bundles", params, given=secret("pull", **{".dockerconfigjson": config}))
    assert web.asked[-1][1]["Authorization"] == "Basic " + base64.b64encode(b"me:open-sesame").decode()
    assert failed(error, "bundleresolver").startswith("cannot retrieve the oci image: ")


def test_bundles_take_an_object_that_is_not_too_large(web: Web) -> None:
    bundle(web, (annotated("hello"), gzip.compress(b"a" * (17 << 20))))
    error = refused("bundles", {"bundle": f"{web.host}/cat/tasks:1.0", "name": "hello"})
    assert failed(error, "bundleresolver") == "the object is larger than 16 MiB"
