# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is remembered of an Application: in its own status where the object is in the cluster, else in a Secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ..._core.types import Manifest, ObjectRef
from ..._kube.client import Client
from ..model import policy
from ..model.application import API_VERSION, KIND, Application


class State:
    """Loads and saves the status of one Application."""

    def __init__(self, client: Client, app: Application, destination: str) -> None:
        self._client, self._app, self._destination = client, app, destination
        live = client.get(API_VERSION, KIND, app.name, app.namespace) if client.knows(API_VERSION, KIND) else None
        self.in_cluster = live is not None
        self.status: dict[str, Any] = (live or {}).get("status") or {} if live else self._from_secret()

    def resources(self) -> list[Mapping[str, Any]]:
        """Return what the last sync left: group, version, kind, namespace, name."""
        found: list[Mapping[str, Any]] = self.status.get("resources") or []
        return found

    def save(self, status: Mapping[str, Any]) -> None:
        """Write the status."""
        self.status = {**self.status, **status}
        if self.in_cluster:
            target = ObjectRef(API_VERSION, KIND, self._app.name, self._app.namespace)
            self._client.patch(target, {"status": self.status})
            return
        text = base64.b64encode(json.dumps(self.status).encode()).decode()
        secret: Manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self._name(),
                "namespace": self._destination,
                "labels": {"slipway.dev/state": "application"},
            },
            "data": {"status": text},
        }
        self._client.apply(secret)

    def history(self, revision: str, started: str, ended: str) -> list[dict[str, Any]]:
        """Return the history with one more deployment; the newest are kept, as many as the Application wants."""
        known: list[dict[str, Any]] = list(self.status.get("history") or [])
        number = max((int(entry.get("id", 0)) for entry in known), default=-1) + 1
        source = self._app.manifest["spec"]["source"]
        entry = {"id": number, "revision": revision, "deployStartedAt": started, "deployedAt": ended, "source": source}
        return policy.truncated([*known, entry], policy.history_limit(self._app.manifest["spec"]))

    def _name(self) -> str:
        return f"slipway-app-{self._app.name}"

    def _from_secret(self) -> dict[str, Any]:
        secret = self._client.get("v1", "Secret", self._name(), self._destination)
        if not secret or "status" not in (secret.get("data") or {}):
            return {}
        data: dict[str, Any] = json.loads(base64.b64decode(secret["data"]["status"]))
        return data
