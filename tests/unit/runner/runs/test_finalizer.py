# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which leases a stopped run still holds."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.gitops.plugins.module_utils._core.events import Recorder
from slipway.core import Event, Permanent, Subject
from slipway.runs import finalizer
from slipway.runs.finalizer import Held, held

KUBE = "ansible_collections.slipway.gitops.plugins.module_utils._kube"


def told(lease: Any) -> Event:
    return Event(1, 0.0, "r", Subject("Application", "argocd", "shop"), "Started", data={"lease": lease})


def test_a_lease_that_was_not_given_back_is_held() -> None:
    lease = {"namespace": "argocd", "name": "app-shop", "holder": "me", "kubeconfig": "/k"}
    assert held([told(lease)]) == [Held("argocd", "app-shop", "me", (("kubeconfig", "/k"),))]


def test_a_lease_that_was_given_back_is_not_held() -> None:
    lease = {"namespace": "argocd", "name": "app-shop"}
    assert held([told(lease), told({**lease, "released": True})]) == []


def test_a_lease_may_be_a_text() -> None:
    assert held([told("argocd/app-shop"), told("alone")]) == [Held("argocd", "app-shop"), Held("default", "alone")]


def test_other_records_hold_nothing() -> None:
    assert held([told(None), told(3), told({"namespace": "x"})]) == []


def test_a_lease_that_cannot_be_released_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_lease: Held) -> bool:
        raise Permanent("no route to the cluster")

    monkeypatch.setattr(finalizer, "_give_back", refuse)
    recorder = Recorder()
    finalizer.release([Held("argocd", "app-shop")], recorder)
    assert [(one.phase, one.message) for one in recorder.events] == [
        ("Warning", "could not be released: no route to the cluster")
    ]


class Cluster:
    """What a client answers, and what was written."""

    def __init__(self, holder: str) -> None:
        self.lease = {
            "metadata": {"resourceVersion": "7"},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15},
        }
        self.written: list[dict[str, Any]] = []

    def get(self, *_: object) -> dict[str, Any]:
        return self.lease

    def replace(self, obj: dict[str, Any]) -> dict[str, Any]:
        self.written.append(obj)
        return obj

    def close(self) -> None:
        """Nothing is open."""


def released(monkeypatch: pytest.MonkeyPatch, holder: str) -> tuple[Cluster, list[str]]:
    cluster, recorder = Cluster(holder), Recorder()
    monkeypatch.setattr(f"{KUBE}.config.load_config", lambda _auth: None)
    monkeypatch.setattr(f"{KUBE}.client.Client", lambda _config: cluster)
    finalizer.release([Held("argocd", "app-shop", "me")], recorder)
    return cluster, [one.phase for one in recorder.events]


def test_an_own_lease_is_emptied_at_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, phases = released(monkeypatch, "me")
    assert phases == ["Changed"]
    assert cluster.written == [
        {"metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": "", "leaseDurationSeconds": 1}}
    ]


def test_a_lease_that_somebody_else_took_over_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, phases = released(monkeypatch, "somebody")
    assert (phases, cluster.written) == (["Skipped"], [])
