# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be skipped without a call, what comes in which order, and what a diff shows."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.types import ObjectRef
from ansible_collections.slipway.gitops.plugins.module_utils._kube import order, report
from ansible_collections.slipway.gitops.plugins.module_utils._kube.report import ApplyReport, Outcome
from ansible_collections.slipway.gitops.plugins.module_utils._kube.unchanged import is_unchanged

MANIFEST: dict[str, Any] = {
    "apiVersion": "x.example/v1",
    "kind": "Thing",
    "metadata": {"name": "x", "namespace": "n", "labels": {"a": "b"}, "finalizers": ["f"]},
    "spec": {"count": 1, "on": True, "atomic": ["b", "a"], "ports": [{"containerPort": 80}], "empty": {}},
}
FIELDS: dict[str, Any] = {
    "f:metadata": {"f:labels": {"f:a": {}}, "f:finalizers": {'v:"f"': {}}},
    "f:spec": {
        "f:count": {},
        "f:on": {},
        "f:atomic": {},
        "f:empty": {},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
    },
}


def live() -> dict[str, Any]:
    one = copy.deepcopy(MANIFEST)
    one["spec"]["ports"][0]["protocol"] = "TCP"
    one["spec"]["defaulted"] = "by the server"
    entry = {"manager": "slipway", "operation": "Apply", "apiVersion": "x.example/v1", "fieldsV1": FIELDS}
    one["metadata"].update(uid="u", resourceVersion="7", managedFields=[copy.deepcopy(entry)])
    return one


def test_owned_and_equal_fields_need_no_call() -> None:
    assert is_unchanged(MANIFEST, live(), "slipway")
    as_float = copy.deepcopy(MANIFEST)
    as_float["spec"]["count"] = 1.0
    assert is_unchanged(as_float, live(), "slipway")


Edit = Callable[[dict[str, Any]], Any]
OF_MANIFEST: list[Edit] = [
    lambda o: o["spec"].update(count=2),
    lambda o: o["spec"].update(count=True),
    lambda o: o["spec"].update(on=1),
    lambda o: o["spec"].update(count="1"),
    lambda o: o["spec"].update(count=None),
    lambda o: o["spec"].pop("count"),
    lambda o: o["spec"].update(more=1),
    lambda o: o["spec"].update(empty={"a": 1}),
    lambda o: o["spec"]["atomic"].reverse(),
    lambda o: o["spec"]["ports"].append({"containerPort": 81}),
    lambda o: o["spec"]["ports"][0].update(protocol="UDP"),
    lambda o: o["spec"].update(ports=[]),
    lambda o: o["metadata"].pop("labels"),
    lambda o: o["metadata"].update(finalizers=["g"]),
    lambda o: o["metadata"].update(annotations={"a": "b"}),
    lambda o: o.update(apiVersion="x.example/v2"),
]
OF_LIVE: list[Edit] = [
    lambda o: o["spec"].update(count=2),
    lambda o: o["spec"]["atomic"].append("c"),
    lambda o: o["spec"]["empty"].update(a=1),
    lambda o: o["spec"].update(ports=[]),
    lambda o: o["metadata"].update(deletionTimestamp="2026-01-02T03:04:05Z"),
    lambda o: o["metadata"].pop("managedFields"),
    lambda o: o["metadata"]["managedFields"][0].update(manager="other"),
    lambda o: o["metadata"]["managedFields"][0].update(operation="Update"),
    lambda o: o["metadata"]["managedFields"][0].update(apiVersion="x.example/v2"),
    lambda o: o["metadata"]["managedFields"][0].update(subresource="status"),
    lambda o: o["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"].update({"f:old": {}}),
    lambda o: o["metadata"]["managedFields"].append(foreign({"f:spec": {"f:count": {}}})),
    lambda o: o["metadata"]["managedFields"].append(foreign({"f:spec": {"f:empty": {"f:a": {}}}})),
]


def foreign(fields: dict[str, Any]) -> dict[str, Any]:
    return {"manager": "other", "operation": "Update", "apiVersion": "x.example/v1", "fieldsV1": fields}


@pytest.mark.parametrize("edit", OF_MANIFEST)
def test_a_change_of_the_manifest_is_seen(edit: Edit) -> None:
    manifest = copy.deepcopy(MANIFEST)
    edit(manifest)
    assert not is_unchanged(manifest, live(), "slipway")


@pytest.mark.parametrize("edit", OF_LIVE)
def test_a_doubt_about_the_live_object_is_left_to_the_server(edit: Edit) -> None:
    one = live()
    edit(one)
    assert not is_unchanged(MANIFEST, one, "slipway")


def test_an_owner_of_other_fields_raises_no_doubt() -> None:
    one = live()
    one["metadata"]["managedFields"].append(foreign({"f:spec": {"f:defaulted": {}}, "f:status": {"f:x": {}}}))
    assert is_unchanged(MANIFEST, one, "slipway")


def test_keyed_items_in_another_order_are_left_to_the_server() -> None:
    manifest, one = copy.deepcopy(MANIFEST), live()
    manifest["spec"] = {"env": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}
    one["spec"] = {"env": list(reversed(manifest["spec"]["env"]))}
    keys = {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}, "f:value": {}} for name in "ab"}
    one["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"] = {"f:env": keys}
    assert not is_unchanged(manifest, one, "slipway")
    one["spec"]["env"].reverse()
    assert is_unchanged(manifest, one, "slipway")


def test_waves_follow_what_needs_what() -> None:
    wanted = [
        ("v1", "Namespace"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("v1", "ConfigMap"),
        ("v1", "Service"),
        ("apps/v1", "Deployment"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
        ("argoproj.io/v1alpha1", "Rollout"),
    ]
    objects = [{"apiVersion": api_version, "kind": kind} for api_version, kind in wanted]
    ordered = [obj for wave in order.waves(list(reversed(objects))) for obj in wave]
    assert [order.wave(obj) for obj in ordered] == [0, 1, 2, 2, 3, 3, 4, 5]


def test_a_diff_leaves_out_what_the_server_keeps() -> None:
    one = live()
    one["status"] = {"phase": "Running"}
    text = report.diff(Outcome(ObjectRef.of(one), report.CREATED, "", None, one))["after"]
    assert "count: 1" in text
    assert not any(word in text for word in ("managedFields", "resourceVersion", "uid", "status"))


def test_a_report_fails_with_one_failure() -> None:
    fine, broken = (
        Outcome(ObjectRef.of(MANIFEST), report.UNCHANGED),
        Outcome(ObjectRef.of(MANIFEST), report.FAILED, "no"),
    )
    done = ApplyReport([fine, broken])
    assert [str(outcome) for outcome in done.failed] == ["Thing n/x: no"] and not done.changed
