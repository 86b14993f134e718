# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The verbs on objects of one cluster. Every engine talks to Kubernetes through this and nothing else."""

from __future__ import annotations

import builtins
from types import TracebackType
from typing import Any

from .._core.clock import Clock, RealClock
from .._core.errors import Invalid
from .._core.redact import current as redactor
from .._core.types import Manifest, ObjectRef, ref
from .config import ClusterConfig
from .errors import NotFound, UnknownKind
from .kinds import Kind, KindTable
from .session import Session

_PATCH = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
_APPLY = "application/apply-patch+yaml"
_PAGE = 1000


class Client:
    """A cluster. `manager` is the field manager of what we write."""

    def __init__(self, config: ClusterConfig, *, clock: Clock | None = None, manager: str = "slipway") -> None:
        self.clock = clock or RealClock()
        self.config = config
        self.manager = manager
        self.namespace = config.namespace
        self.session = Session(config, self.clock)
        self.kinds = KindTable(self.session)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def kind(self, api_version: str, kind: str) -> Kind:
        """Return where the kind lives; UnknownKind when it is not served."""
        return self.kinds.find(api_version, kind)

    def knows(self, api_version: str, kind: str) -> bool:
        """True when the cluster serves the kind."""
        try:
            self.kinds.find(api_version, kind)
        except UnknownKind:
            return False
        return True

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Manifest | None:
        """Return the object, None when it does not exist."""
        found = self.kind(api_version, kind)
        path = found.path(self._space(found, namespace), name)
        try:
            return self._seen(self.session.json("GET", path, what=f"{kind} {name}"))
        except NotFound:
            return None

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> builtins.list[Manifest]:
        """Return the objects; `namespace` None means all namespaces. Items carry apiVersion and kind."""
        return self.list_at(api_version, kind, namespace, labels=labels, fields=fields)[0]

    def list_at(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> tuple[builtins.list[Manifest], str]:
        """Return the objects and the resourceVersion to watch from."""
        found = self.kind(api_version, kind)
        query = {"limit": str(_PAGE), **({"labelSelector": labels} if labels else {})}
        if fields:
            query["fieldSelector"] = fields
        items: builtins.list[Manifest] = []
        while True:
            page = self.session.json("GET", found.path(namespace), query=query, what=f"{kind} list")
            for item in page.get("items") or []:
                item["apiVersion"], item["kind"] = api_version, kind
                items.append(self._seen(item))
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                return items, str(page["metadata"].get("resourceVersion", ""))

    def create(self, obj: Manifest, *, dry_run: bool = False) -> Manifest:
        """Create; Conflict (AlreadyExists) when it is there. generateName works."""
        found, space = self._place(obj)
        query = self._query(dry_run=dry_run)
        return self._seen(self.session.json("POST", found.path(space), query=query, body=obj, what=ref(obj)))

    def replace(self, obj: Manifest, *, subresource: str = "") -> Manifest:
        """Write the whole object; Conflict when its resourceVersion is old."""
        found, space = self._place(obj)
        path = found.path(space, obj["metadata"]["name"], subresource)
        return self._seen(self.session.json("PUT", path, query=self._query(), body=obj, what=ref(obj)))

    def patch(
        self, target: ObjectRef, body: Any, *, how: str = "merge", subresource: str = "", dry_run: bool = False
    ) -> Manifest:
        """Patch; `how` is merge, json or strategic."""
        found = self.kind(target.api_version, target.kind)
        path = found.path(self._space(found, target.namespace), target.name, subresource)
        query = self._query(dry_run=dry_run)
        answer = self.session.json("PATCH", path, query=query, body=body, content_type=_PATCH[how], what=str(target))
        return self._seen(answer)

    def apply(
        self, obj: Manifest, *, manager: str | None = None, force: bool = True, dry_run: bool = False,
        subresource: str = "", field_validation: str = "Strict",
    ) -> Manifest:  # fmt: skip
        """Apply server-side as `manager`; Conflict names the other owner when `force` is off."""
        found, space = self._place(obj)
        path = found.path(space, obj["metadata"]["name"], subresource)
        query = self._query(dry_run=dry_run, manager=manager)
        query.update(force="true" if force else "false", fieldValidation=field_validation)
        return self._seen(self.session.json("PATCH", path, query=query, body=obj, content_type=_APPLY, what=ref(obj)))

    def delete(
        self, target: ObjectRef, *, propagation: str = "Background", uid: str = "", grace: int | None = None
    ) -> bool:
        """Delete; False when it was not there. `uid` guards against deleting a successor, `grace` is in seconds."""
        found = self.kind(target.api_version, target.kind)
        body: dict[str, Any] = {"propagationPolicy": propagation}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        if uid:
            body["preconditions"] = {"uid": uid}
        path = found.path(self._space(found, target.namespace), target.name)
        try:
            self.session.json("DELETE", path, body=body, what=str(target))
        except NotFound:
            return False
        return True

    def logs(self, namespace: str, pod: str, container: str = "") -> str:
        """Return the log of a container."""
        query = {"container": container} if container else {}
        return self.session.text(f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query=query, what=f"log of {pod}")

    def evict(self, namespace: str, pod: str) -> bool:
        """Evict a pod, honouring disruption budgets; False when it is gone already."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
        try:
            path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
            self.session.json("POST", path, body=body, what=f"Pod {namespace}/{pod}", retry=False)
        except NotFound:
            return False
        return True

    def server_version(self) -> str:
        """Return the API server's version, such as v1.36.3."""
        return str(self.session.json("GET", "/version")["gitVersion"])

    def close(self) -> None:
        self.session.close()

    def _place(self, obj: Manifest) -> tuple[Kind, str | None]:
        meta = obj.get("metadata") or {}
        if not obj.get("kind") or not obj.get("apiVersion"):
            raise Invalid("kind", "apiVersion and kind are needed", obj=ref(obj))
        found = self.kind(obj["apiVersion"], obj["kind"])
        if not meta.get("name") and not meta.get("generateName"):
            raise Invalid("metadata.name", "is missing", obj=ref(obj))
        return found, self._space(found, meta.get("namespace"))

    def _space(self, kind: Kind, namespace: str | None) -> str | None:
        return (namespace or self.namespace) if kind.namespaced else None

    def _query(self, *, dry_run: bool = False, manager: str | None = None) -> dict[str, str]:
        query = {"fieldManager": manager or self.manager}
        if dry_run:
            query["dryRun"] = "All"
        return query

    @staticmethod
    def _seen(obj: Any) -> Manifest:
        """Every Secret that passes is remembered, so that its values never leave."""
        if isinstance(obj, dict) and obj.get("kind") == "Secret":
            redactor.register_secret(obj)
        result: Manifest = obj
        return result
