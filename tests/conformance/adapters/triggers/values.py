# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the rows of Tekton Triggers write bodies, Secrets and requests, as our types have them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core.errors import Invalid
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.interceptors.protocol import (
    Call,
    Help,
    Reply,
    Request,
    TriggerContext,
    canonical,
)
from ansible_collections.slipway.gitops.plugins.module_utils._triggers.objects import Objects


def raw(value: Any) -> bytes:
    """Return the bytes of a body: the exact text where the row has it, else JSON spaced as the tests write it.

    Signatures of the rows are over that spacing.
    """
    if value is None:
        return b""
    if isinstance(value, dict):
        if "$base64" in value:
            return base64.b64decode(value["$base64"])
        for mark in ("$bytes", "$rawjson"):
            if mark in value:
                return str(value[mark]).encode()
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, ensure_ascii=False).encode()


def resource(obj: Any) -> Any:
    """Return an object as its YAML would be: RawExtension is what it holds, Secret data is base64 text."""
    if isinstance(obj, dict):
        if "RawExtension" in obj:
            inner = resource(obj["RawExtension"])
            return json.loads(inner["$rawjson"]) if isinstance(inner, dict) and "$rawjson" in inner else inner
        if "$bytes" in obj or "$base64" in obj:
            return base64.b64encode(raw(obj)).decode()
        return {key: resource(value) for key, value in obj.items()}
    return [resource(value) for value in obj] if isinstance(obj, list) else obj


def objects(*manifests: Mapping[str, Any], home: str = "default") -> Objects:
    return Objects([Document(dict(manifest)) for manifest in manifests], home, lambda _name: None)


def helper(secret: Mapping[str, Any] | None, fetch: Any = None, home: str = "default") -> Help:
    """Return what interceptors may ask for: the row's Secret in `home`, and the answers of a fake server."""
    found = [] if secret is None else [{"kind": "Secret", **resource(secret)}]
    return Help(objects(*found, home=home).secret, fetch or nobody)


def nobody(call: Call) -> Reply:
    raise Invalid("", f"nothing should be called: {call.url}")


def context(namespace: str = "default") -> TriggerContext:
    return TriggerContext("https://testing.example.com", "abcde", f"namespaces/{namespace}/triggers/example-trigger")


def request(given: Mapping[str, Any]) -> Request:
    """Return a row's InterceptorRequest."""
    told = given.get("context")
    return Request(
        body=raw(given.get("body")),
        headers=canonical(given.get("header") or {}),
        params=given.get("interceptor_params") or {},
        extensions=given.get("extensions") or {},
        context=TriggerContext(told["event_url"], told["event_id"], told["trigger_id"]) if told else None,
    )
