# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upstream's examples: they load, are valid, and the event that belongs to one creates its resources.

Without an event every EventListener is understood. An example that calls a service is skipped there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import api
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors.protocol import Call, Reply
from tests.conformance.registry import Case, Skip, scenario

FIRST_VERSION = "triggers.tekton.dev/v1alpha1"  # it has interceptors by key, which the rules of v1beta1 refuse


FILTERED = ("did not return true", "is not allowed")


@scenario("tekton/triggers-examples")
def example(case: Case) -> None:
    documents = loaded(case)
    findings = [f for f in api.findings(documents) if f.document.data["apiVersion"] != FIRST_VERSION]
    assert not findings, [str(finding.problem) for finding in findings]
    names = [d.data["metadata"]["name"] for d in documents if d.data.get("kind") == "EventListener"]
    listeners = [api.Listener(documents, name, fetch=needs_a_service) for name in names]
    if case.meta["request"]:
        handled(listeners, event(case))


def needs_a_service(call: Call) -> Reply:
    raise Skip(f"needs a service on the network: {urlsplit(call.url).hostname}")


def loaded(case: Case) -> list[Document]:
    files = [*json.loads((case.path / "manifest.json").read_text())["common"], *case.meta["files"]]
    found = [d for name in files if Path(name).suffix == ".yaml" for d in yaml.load_path(str(case.path / name))]
    return [document for document in found if isinstance(document.data, dict)]


def event(case: Case) -> api.Event:
    request: dict[str, Any] = json.loads((case.path / case.meta["request"]).read_text())
    if request["body"].startswith("@examples/"):
        request["body"] = (case.path / request["body"].removeprefix("@examples/")).read_text()
    return api.make(request)


def handled(listeners: list[api.Listener], one: api.Event) -> None:
    """The event is accepted, some trigger creates its resources, and only filters stop any other."""
    assert all(listener.status(one) == 202 for listener in listeners)
    results = [listener.handle(one) for listener in listeners]
    stopped = [trigger for result in results for trigger in result.triggers if not trigger.fired]
    assert all(any(text in trigger.reason for text in FILTERED) for trigger in stopped), stopped
    created = [obj for result in results for obj in result.created]
    assert created, "nothing was created"
    for obj in created:
        assert obj["apiVersion"], obj
        assert obj["kind"], obj
        assert obj["metadata"]["name"], obj
