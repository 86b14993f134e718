# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environments, command lines, refusals, volumes and addresses."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from slipway.node import environment, support, volumes
from slipway.node.addresses import Addresses
from slipway.node.environment import ConfigError, Facts, Lookup
from slipway.node.volumes import PodVolumes, Sources

POD: Manifest = {
    "metadata": {
        "name": "p",
        "namespace": "n",
        "uid": "u",
        "labels": {"a": "1", "b": 'say "x"'},
        "annotations": {"k": "v"},
    },
    "spec": {"nodeName": "node", "serviceAccountName": "sa", "containers": [{"name": "c"}]},
}
FACTS = Facts(POD, "127.64.0.9", "127.0.0.1", {"cpu": "4", "memory": "1Gi"})
CONFIG = {
    "kind": "ConfigMap",
    "data": {"k": "v", "f.txt": "text"},
    "binaryData": {"b": base64.b64encode(b"\xff").decode()},
}
SECRET = {"kind": "Secret", "data": {"s": base64.b64encode(b"hidden").decode()}}
LOOKUP = Lookup({"cm": CONFIG}.get, {"sec": SECRET}.get)


def env(*items: Manifest, base: dict[str, str] | None = None, **container: Any) -> dict[str, str]:
    return environment.variables({"name": "c", "env": list(items), **container}, base or {}, FACTS, LOOKUP)


def field(path: str) -> Manifest:
    return {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(A)", "x1y1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(B)", "$(B)"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("100$", "100$"),
        ("$$", "$"),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expected: str) -> None:
    assert environment.expand(text, {"A": "1"}) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "n"),
        ("metadata.uid", "u"),
        ("metadata.labels['a']", "1"),
        ("metadata.annotations['k']", "v"),
        ("metadata.labels['none']", ""),
        ("spec.nodeName", "node"),
        ("spec.serviceAccountName", "sa"),
        ("status.podIP", "127.64.0.9"),
        ("status.hostIP", "127.0.0.1"),
    ],
)
def test_the_downward_api_tells_about_the_pod(path: str, value: str) -> None:
    assert env(field(path)) == {"X": value}


def test_all_labels_are_quoted_lines() -> None:
    assert environment.field_value("metadata.labels", FACTS) == 'a="1"\nb="say \\"x\\""'


def test_an_unknown_field_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"unsupported fieldPath: spec\.x"):
        env(field("spec.x"))


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ({"resource": "limits.cpu"}, "4"),
        ({"resource": "limits.memory", "divisor": "1Mi"}, "128"),
        ({"resource": "requests.cpu", "divisor": "1m"}, "250"),
        ({"resource": "requests.memory"}, "0"),
    ],
)
def test_resources_are_divided_and_rounded_up(reference: Manifest, value: str) -> None:
    item = {"name": "X", "valueFrom": {"resourceFieldRef": reference}}
    assert env(item, resources={"limits": {"memory": "128Mi"}, "requests": {"cpu": "250m"}}) == {"X": value}


def test_later_sources_win_and_earlier_ones_can_be_referred_to() -> None:
    source = {"configMapRef": {"name": "cm"}, "prefix": "P_"}
    found = env(
        {"name": "A", "value": "$(P_k)-$(B)"}, {"name": "B", "value": "2"}, base={"B": "image"}, envFrom=[source]
    )
    assert found["A"] == "v-image"
    assert found["B"] == "2"
    assert found["P_f.txt"] == "text"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "k"}}, 'configmap "none" not found'),
        ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
        ({"configMapKeyRef": {"name": "cm", "key": "none"}}, "couldn't find key none in ConfigMap n/cm"),
        ({"secretKeyRef": {"name": "sec", "key": "none"}}, "couldn't find key none in Secret n/sec"),
        ({"fileKeyRef": {}}, "fileKeyRef is not supported"),
    ],
)
def test_what_is_missing_is_named_in_the_kubelets_words(source: Manifest, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        env({"name": "X", "valueFrom": source})
    assert message in str(caught.value)


def test_optional_values_may_be_missing() -> None:
    optional = {"name": "X", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k", "optional": True}}}
    assert env(optional, envFrom=[{"configMapRef": {"name": "none", "optional": True}}]) == {}


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({}, ["e", "c"]),
        ({"args": ["x"]}, ["e", "x"]),
        ({"command": ["y"]}, ["y"]),
        ({"command": ["y"], "args": ["$(A)", "$$(A)"]}, ["y", "1", "$(A)"]),
    ],
)
def test_command_and_arguments_replace_the_images(container: Manifest, expected: list[str]) -> None:
    assert environment.command(container, ("e",), ("c",), {"A": "1"}) == expected


def test_words_of_the_image_are_not_expanded() -> None:
    assert environment.command({}, ("echo",), ("$(A)",), {"A": "1"}) == ["echo", "$(A)"]


def test_an_image_without_a_command_needs_one() -> None:
    with pytest.raises(ConfigError, match="no command"):
        environment.command({}, (), (), {})


# -- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"hostPID": True}, "hostPID"),
        ({"shareProcessNamespace": True}, "shareProcessNamespace"),
        ({"runtimeClassName": "gvisor"}, "runtimeClassName"),
        ({"dnsConfig": {"nameservers": ["1.1.1.1"]}}, "dnsConfig"),
        ({"os": {"name": "windows"}}, "os.name"),
        ({"securityContext": {"sysctls": [{"name": "a", "value": "1"}]}}, "sysctls"),
        ({"volumes": [{"name": "v", "nfs": {}}]}, "volume v of type nfs"),
        ({"volumes": [{"name": "v", "nfs": {}}]}, "type nfs"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {}}]}}]}, "clusterTrustBundle"),
        (
            {"containers": [{"name": "c", "securityContext": {"privileged": True}}]},
            "container c: securityContext.privileged",
        ),
        ({"containers": [{"name": "c", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]}, "SYS_ADMIN"),
        ({"containers": [{"name": "c", "ports": [{"hostPort": 80}]}]}, "hostPort 80"),
        ({"containers": [{"name": "c", "livenessProbe": {"grpc": {"port": 1}}}]}, "livenessProbe.grpc"),
        ({"initContainers": [{"name": "i", "volumeDevices": [{}]}]}, "container i: volumeDevices"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(spec: Manifest, word: str) -> None:
    found = support.refusal({"spec": {"containers": [{"name": "c"}], **spec}})
    assert found is not None
    assert word in found.message


def test_an_ordinary_pod_is_not_refused() -> None:
    spec = {
        "containers": [
            {"name": "c", "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}}}
        ],
        "volumes": [
            {"name": "t", "projected": {"sources": [{"serviceAccountToken": {}}, {"configMap": {}}]}},
            {"name": "e", "emptyDir": {}},
        ],
        "securityContext": {"runAsNonRoot": True, "fsGroup": 1},
    }
    assert support.refusal({"spec": spec}) is None


# -- volumes -----------------------------------------------------------------------------------


def made(tmp_path: Path, *listed: Manifest) -> PodVolumes:
    pod = {**POD, "spec": {**POD["spec"], "volumes": list(listed)}}
    found = PodVolumes(tmp_path / "disk", tmp_path / "memory" / "u")
    volumes.make(pod, found, Sources(FACTS, LOOKUP, lambda audience, seconds: f"token-{audience}-{seconds}", Path))
    return found


def test_config_maps_become_files_with_their_modes(tmp_path: Path) -> None:
    items = [{"key": "f.txt", "path": "sub/name", "mode": 0o400}]
    found = made(
        tmp_path,
        {"name": "all", "configMap": {"name": "cm"}},
        {"name": "one", "configMap": {"name": "cm", "items": items}},
    )
    assert (found.paths["all"] / "b").read_bytes() == b"\xff"
    assert sorted(path.name for path in found.paths["all"].iterdir()) == ["b", "f.txt", "k"]
    assert (found.paths["one"] / "sub/name").stat().st_mode & 0o777 == 0o400


def test_secrets_lie_where_only_this_user_looks(tmp_path: Path) -> None:
    found = made(tmp_path, {"name": "s", "secret": {"secretName": "sec"}})
    assert (found.paths["s"] / "s").read_text() == "hidden"
    assert (tmp_path / "memory").stat().st_mode & 0o777 == 0o700
    found.remove()
    assert not (tmp_path / "memory/u").exists()


def test_projected_sources_lie_together(tmp_path: Path) -> None:
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 600, "audience": "x"}},
        {"configMap": {"name": "cm", "items": [{"key": "k", "path": "ca.crt"}]}},
        {"secret": {"name": "sec"}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    folder = made(tmp_path, {"name": "p", "projected": {"sources": sources}}).paths["p"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "token": "token-x-600",
        "ca.crt": "v",
        "s": "hidden",
        "namespace": "n",
    }


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "none"}}, 'secret "none" not found'),
        ({"configMap": {"name": "cm", "items": [{"key": "x", "path": "x"}]}}, "references non-existent key: x"),
        ({"configMap": {"name": "cm", "items": [{"key": "k", "path": "../x"}]}}, "must not leave"),
        ({"hostPath": {"path": "/no/such"}}, "hostPath type check failed"),
    ],
)
def test_volumes_that_cannot_be_made_say_why(tmp_path: Path, volume: Manifest, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        made(tmp_path, {"name": "v", **volume})


def test_a_sub_path_is_made_and_stays_inside(tmp_path: Path) -> None:
    found = made(tmp_path, {"name": "e", "emptyDir": {}})
    mount = {"name": "e", "mountPath": "/x", "subPathExpr": "$(POD)/a"}
    (only,) = volumes.mounts({"volumeMounts": [mount]}, found, {"POD": "p"})
    assert only.source == str(tmp_path / "disk/e/p/a")
    with pytest.raises(ConfigError, match="must not leave"):
        volumes.mounts({"volumeMounts": [{"name": "e", "mountPath": "/x", "subPath": "../.."}]}, found, {})
    (tmp_path / "disk/e/out").symlink_to("/etc")
    with pytest.raises(ConfigError, match="must not leave"):
        volumes.mounts({"volumeMounts": [{"name": "e", "mountPath": "/x", "subPath": "out"}]}, found, {})


def test_configuration_is_mounted_read_only(tmp_path: Path) -> None:
    found = made(tmp_path, {"name": "c", "configMap": {"name": "cm"}}, {"name": "e", "emptyDir": {}})
    listed = [{"name": name, "mountPath": f"/{name}"} for name in ("c", "e")]
    assert [mount.read_only for mount in volumes.mounts({"volumeMounts": listed}, found, {})] == [True, False]


# -- addresses ---------------------------------------------------------------------------------


def test_each_pod_has_an_address_of_its_own_that_stays() -> None:
    addresses = Addresses()
    found = {addresses.take(f"uid-{number}") for number in range(500)}
    assert len(found) == 500
    assert all(address.startswith("127.") and 64 <= int(address.split(".")[1]) < 128 for address in found)
    assert addresses.take("uid-7") == Addresses().take("uid-7") == addresses.take("uid-7")


def test_a_pod_keeps_its_address_over_a_restart_unless_it_is_taken() -> None:
    addresses = Addresses()
    assert addresses.take("a", "127.70.0.1") == "127.70.0.1"
    assert addresses.take("b", "127.70.0.1") != "127.70.0.1"
    addresses.release("a")
    assert addresses.take("c", "127.70.0.1") == "127.70.0.1"
