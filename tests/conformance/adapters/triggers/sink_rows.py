# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of pkg/sink: an EventListener with its objects gets an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._triggers import extensions, payload
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.event import Event, canonical_headers
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.listener import Listener
from tests.conformance.adapters.argocd.assertions import bare
from tests.conformance.adapters.triggers import values
from tests.conformance.registry import Row, adapter

SINK = "pkg/sink/sink_test.go"
VALIDATE = "pkg/sink/validate_payload_test.go"
EVENT_ID = "12345"  # pinned by the test


def documents(resources: Mapping[str, Any]) -> list[Document]:
    """Return the objects of a test bed: its keys are kinds in the plural."""
    found = []
    for plural, objects in resources.items():
        kind = plural.removesuffix("s")
        for obj in objects or []:
            found.append(Document({"apiVersion": "triggers.tekton.dev/v1beta1", "kind": kind, **values.resource(obj)}))
    return found


def event(row: Row) -> Event:
    headers = {"Content-Type": ["application/json"], **(row.fields.get("headers") or {})}
    return Event(values.raw(row.fields.get("eventBody")), canonical_headers(headers))


@adapter("tekton", SINK, "TestHandleEvent")
def handled(row: Row) -> None:
    result = Listener(documents(row.fields["resources"])).handle(event(row), EVENT_ID)
    made = [obj for obj in result.created if obj.get("kind") == "TaskRun"]
    reasons = [trigger.reason for trigger in result.triggers]
    assert ordered(made) == ordered(row.value("want")), f"{reasons}: {made}"


def ordered(objects: Any) -> list[Any]:
    return sorted((bare(obj) for obj in objects or []), key=lambda obj: json.dumps(obj, sort_keys=True))


@adapter("tekton", SINK, "TestHandleEvent_Error")
def not_handled(row: Row) -> None:
    given = documents(row.fields["testResources"])
    try:
        listener = Listener(given, "test-el")
    except Invalid as error:
        assert row.value("wantStatusCode") == 500
        assert error.message in row.value("wantErrLogMsg"), error.message
        return
    assert listener.status(event(row)) == row.value("wantStatusCode")
    reasons = [trigger.reason for trigger in listener.handle(event(row)).triggers]
    assert any(row.value("wantErrLogMsg") in reason for reason in reasons), reasons


@adapter("tekton", SINK, "TestExtendBodyWithExtensions")
def extended(row: Row) -> None:
    found = extensions.extend_body(values.raw(row.fields.get("body")), row.value("extensions"))
    assert json.loads(found) == row.value("want")


@adapter("tekton", VALIDATE, "TestSink_IsValidPayload")
def valid(row: Row) -> None:
    assert status(row) == row.value("wantStatusCode")


@adapter("tekton", VALIDATE, "TestSink_IsValidPayload_PayloadValidation")
def not_validated(row: Row) -> None:
    assert status(row, {payload.ANNOTATION: "false"}) == row.value("wantStatusCode")


def status(row: Row, annotations: Mapping[str, str] | None = None) -> int:
    given = documents(row.fields["testResources"])
    for document in given:
        document.data["metadata"]["annotations"] = dict(annotations or {})
    return Listener(given).status(event(row))
