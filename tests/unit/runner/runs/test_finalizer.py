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
