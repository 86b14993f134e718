# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Batches on a real API server: order, skipping, conflicts, pruning."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest
from ansible_collections.slipway.gitops.plugins.module_utils._kube import inventory
from ansible_collections.slipway.gitops.plugins.module_utils._kube.apply import ApplyOptions, apply_batch
from ansible_collections.slipway.gitops.plugins.module_utils._kube.client import Client
from ansible_collections.slipway.gitops.plugins.module_utils._kube.report import ApplyReport
from ansible_collections.slipway.gitops.plugins.module_utils._kube.wait import Condition, wait_all


def config_map(namespace: str, name: str = "one", **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "test"}},
        "data": data or {"key": "value"},
    }


def deployment(namespace: str) -> Manifest:
    container = {
        "name": "web",
        "image": "registry.example/web:1",
        "ports": [{"containerPort": 8080}, {"containerPort": 8443, "protocol": "TCP", "name": "tls"}],
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "command": ["serve", "--verbose"],
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def others(namespace: str) -> list[Manifest]:
    meta = {"namespace": namespace}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "udp", "port": 80, "protocol": "UDP"}]
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {**meta, "name": "web"},
         "spec": {"selector": {"app": "web"}, "ports": ports}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {**meta, "name": "s"}, "data": {"token": "c2VjcmV0LXZhbHVl"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {**meta, "name": "t"}, "stringData": {"pin": "plain-pin-1"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**meta, "name": "runner"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {**meta, "name": "r"}, "rules": [rule]},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {**meta, "name": "i"},
         "spec": {"rules": [{"host": "a.example", "http": {"paths": [path]}}]}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**meta, "name": "fin", "finalizers": ["x.example/a"]}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**meta, "name": "empty", "labels": {}}, "data": {}},
    ]  # fmt: skip


def custom(suffix: str, namespace: str) -> tuple[Manifest, Manifest]:
    """A CRD with a default, and an object of it."""
    properties = {"size": {"type": "integer"}, "colour": {"type": "string", "default": "green"}}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": f"things{suffix}", "kind": f"Thing{suffix}"}
    group = "test.slipway.dev"
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things{suffix}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    thing = {
        "apiVersion": f"{group}/v1",
        "kind": f"Thing{suffix}",
        "metadata": {"name": "one", "namespace": namespace},
        "spec": {"size": 3},
    }
    return crd, thing


def actions(report: ApplyReport) -> dict[str, str]:
    return {f"{outcome.ref.kind}/{outcome.ref.name}": outcome.action for outcome in report.outcomes}


def refs(*objects: Manifest) -> list[Any]:
    from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef

    return [ObjectRef.of(obj) for obj in objects]


def test_a_batch_climbs_the_ladder(client: Client, namespace: str) -> None:
    wanted = config_map(namespace)
    check = ApplyOptions(dry_run=True)
    assert actions(apply_batch(client, [wanted], check)) == {"ConfigMap/one": "would_create"}
    assert client.get("v1", "ConfigMap", "one", namespace) is None
    assert actions(apply_batch(client, [wanted])) == {"ConfigMap/one": "created"}
    assert actions(apply_batch(client, [wanted])) == {"ConfigMap/one": "unchanged"}
    changed = config_map(namespace, key="other")
    assert actions(apply_batch(client, [changed], check)) == {"ConfigMap/one": "changed"}
    assert (client.get("v1", "ConfigMap", "one", namespace) or {})["data"] == {"key": "value"}
    assert actions(apply_batch(client, [changed])) == {"ConfigMap/one": "changed"}
    assert not apply_batch(client, [changed]).changed
    for action in ("deleted", "unchanged"):
        assert actions(inventory.delete_batch(client, refs(wanted))) == {"ConfigMap/one": action}


def test_what_is_skipped_is_what_the_server_calls_unchanged(client: Client, namespace: str) -> None:
    objects = [deployment(namespace), config_map(namespace), *others(namespace)]
    assert not apply_batch(client, objects).failed
    # The controller's first writes to the Deployment would look like a difference.
    wait_all(client, [Condition(ref) for ref in refs(objects[0])], 60)
    for variant in [objects, *(variants(objects))]:
        with_skip = apply_batch(client, variant, ApplyOptions(dry_run=True))
        without = apply_batch(client, variant, ApplyOptions(dry_run=True, skip=False))
        assert actions(with_skip) == actions(without)


def variants(objects: list[Manifest]) -> list[list[Manifest]]:
    """Small changes of which each must be seen."""
    edits = [
        lambda o: o[0]["spec"].update(replicas=3),
        lambda o: o[0]["spec"].pop("replicas"),
        lambda o: o[0]["spec"]["template"]["spec"]["containers"][0]["env"].reverse(),
        lambda o: o[0]["spec"]["template"]["spec"]["containers"][0]["env"].pop(),
        lambda o: o[0]["spec"]["template"]["spec"]["containers"][0].update(command=["serve"]),
        lambda o: o[0]["spec"]["template"]["spec"]["containers"][0]["ports"].pop(0),
        lambda o: o[0]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"].update(cpu="0.1"),
        lambda o: o[1]["metadata"].pop("labels"),
        lambda o: o[1]["data"].update(key=""),
        lambda o: o[2]["spec"]["ports"].pop(),
        lambda o: o[4]["stringData"].update(pin="another-pin"),
        lambda o: o[6]["rules"][0]["verbs"].reverse(),
        lambda o: o[8]["metadata"].update(finalizers=["x.example/a", "x.example/b"]),
        lambda o: o[8].update(binaryData={}),
    ]
    out = []
    for edit in edits:
        edited = copy.deepcopy(objects)
        edit(edited)
        out.append(edited)
    return out


def test_most_of_an_unchanged_batch_needs_no_call(client: Client, namespace: str) -> None:
    objects = [deployment(namespace), config_map(namespace), *others(namespace)]
    apply_batch(client, objects)
    calls = _record(client)
    report = apply_batch(client, objects)
    assert not report.changed
    patched = [path.rsplit("/", 1)[1] for method, path in calls if method == "PATCH"]
    # What a list cannot prove: stringData is stored elsewhere, and who owns no field leaves no trace.
    assert sorted(patched) == ["empty", "runner", "t"]
    assert sum(method == "GET" for method, _path in calls) == len({obj["kind"] for obj in objects})


def _record(client: Client) -> list[tuple[str, str]]:
    calls: list[tuple[str, str]] = []
    original = client.session._once

    def once(method: str, path: str, *rest: Any) -> Any:
        calls.append((method, path))
        return original(method, path, *rest)

    client.session._once = once  # type: ignore[method-assign]
    return calls


def test_a_batch_brings_its_own_namespace_and_kind(client: Client, namespace: str) -> None:
    suffix = uuid.uuid4().hex[:6]
    space = f"{namespace}-more"
    crd, thing = custom(suffix, space)
    first = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    objects = [thing, config_map(space), crd, first]
    try:
        dry = apply_batch(client, objects, ApplyOptions(dry_run=True))
        assert set(actions(dry).values()) == {"would_create"}
        assert [o.ref.kind for o in dry.outcomes if o.reason.startswith("not validated")] == [
            "ConfigMap",
            f"Thing{suffix}",
        ]
        done = apply_batch(client, objects)
        assert [str(o) for o in done.failed] == []
        assert [o.ref.kind for o in done.outcomes] == [
            "Namespace",
            "CustomResourceDefinition",
            "ConfigMap",
            f"Thing{suffix}",
        ]
        assert (client.get(thing["apiVersion"], thing["kind"], "one", space) or {})["spec"]["colour"] == "green"
        assert not apply_batch(client, objects).changed
    finally:
        inventory.delete_batch(client, refs(crd, first))


def test_a_conflict_names_the_owner_and_can_be_forced(client: Client, namespace: str) -> None:
    client.apply(config_map(namespace), manager="somebody-else")
    wanted = config_map(namespace, key="mine")
    report = apply_batch(client, [wanted], ApplyOptions(force=False))
    assert "somebody-else" in report.failed[0].reason
    assert actions(apply_batch(client, [wanted])) == {"ConfigMap/one": "changed"}


def test_one_failure_does_not_stop_the_others(client: Client, namespace: str) -> None:
    broken = {**config_map(namespace, "broken"), "unknown": 1}
    report = apply_batch(client, [broken, config_map(namespace, "fine")])
    assert actions(report) == {"ConfigMap/broken": "failed", "ConfigMap/fine": "created"}
    assert "unknown" in report.failed[0].reason


def test_the_same_object_twice_is_refused(client: Client, namespace: str) -> None:
    with pytest.raises(Invalid, match="given twice"):
        apply_batch(client, [config_map(namespace), config_map(namespace, key="x")])


def test_a_diff_shows_changes_and_no_secret(client: Client, namespace: str) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": namespace},
        "data": {"token": "Zmlyc3QtdmFsdWU="},
    }
    apply_batch(client, [secret, config_map(namespace)])
    secret["data"] = {"token": "c2Vjb25kLXZhbHVl"}
    report = apply_batch(client, [secret, config_map(namespace, key="after")], ApplyOptions(dry_run=True))
    by_header = {entry["after_header"].split()[0]: entry for entry in report.diff()}
    assert "key: value" in by_header["ConfigMap"]["before"] and "key: after" in by_header["ConfigMap"]["after"]
    assert "managedFields" not in by_header["ConfigMap"]["before"]
    text = str(by_header["Secret"])
    assert "Zmlyc3Q" not in text and "c2Vjb25k" not in text
    assert by_header["Secret"]["before"] != by_header["Secret"]["after"]


def test_prune_deletes_what_left_the_batch(client: Client, namespace: str) -> None:
    kept = inventory.Inventory("shop", namespace)
    objects = [config_map(namespace, name) for name in ("a", "b", "foreign")]

    def apply(wanted: list[Manifest], dry: bool = False) -> ApplyReport:
        known = kept.read(client)
        report = apply_batch(client, wanted, ApplyOptions(dry_run=dry))
        return inventory.with_prune(client, kept, wanted, report, known, dry_run=dry)

    apply(objects)
    client.delete(refs(objects[2])[0])
    client.apply(objects[2], manager="somebody-else")
    dry = apply(objects[:1], dry=True)
    assert [(o.ref.name, o.action) for o in dry.outcomes] == [("foreign", "kept"), ("b", "pruned"), ("a", "unchanged")]
    assert client.get("v1", "ConfigMap", "b", namespace)
    assert actions(apply(objects[:1]))["ConfigMap/b"] == "pruned"
    assert client.get("v1", "ConfigMap", "b", namespace) is None
    assert client.get("v1", "ConfigMap", "foreign", namespace)
    assert [ref.name for ref in kept.read(client)] == ["a", "foreign"]


def test_nothing_is_pruned_after_a_failure(client: Client, namespace: str) -> None:
    kept = inventory.Inventory("shop", namespace)
    first = [config_map(namespace, "a"), config_map(namespace, "b")]
    inventory.with_prune(client, kept, first, apply_batch(client, first), [])
    second = [{**config_map(namespace, "a"), "unknown": 1}]
    report = apply_batch(client, second)
    whole = inventory.with_prune(client, kept, second, report, kept.read(client))
    assert whole.failed and client.get("v1", "ConfigMap", "b", namespace)
    assert {ref.name for ref in kept.read(client)} == {"a", "b"}


def test_another_config_map_is_no_inventory(client: Client, namespace: str) -> None:
    client.create(config_map(namespace, "slipway-inventory-shop"))
    with pytest.raises(Invalid, match="no label"):
        inventory.Inventory("shop", namespace).read(client)
