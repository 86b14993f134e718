# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A live copy of some objects, kept by list and watch.

Survives bookmarks, expired resource versions and broken connections. Knows no meaning of objects.
Source of the protocol: Kubernetes API concepts, "Efficient detection of changes" (1.36).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .._core.errors import SlipwayError, Temporary
from .._core.redact import current as redactor
from .._core.types import Manifest
from .client import Client
from .errors import Gone, from_response

_WATCH_SECONDS = 300
_PAUSE_FIRST, _PAUSE_MOST = 0.05, 2.0
_STOP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects: one kind, one namespace or all (None), label and field selectors."""

    api_version: str
    kind: str
    namespace: str | None = None
    labels: str = ""
    fields: str = ""


class Informer:
    """Keeps the objects of several selections. One thread per selection."""

    def __init__(self, client: Client, selections: Sequence[Selection]) -> None:
        self._client = client
        self._stores = {selection: _Store() for selection in selections}
        self._changed = threading.Condition()
        self._version, self._seen = 0, 0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connections: dict[Selection, list[Any]] = {selection: [] for selection in selections}
        self._failed: SlipwayError | None = None

    def start(self) -> Informer:
        """List everything, then watch. Returns when the first lists are in."""
        for selection in self._stores:
            version = self._list(selection)
            thread = threading.Thread(
                target=self._run, args=(selection, version), name=f"watch-{selection.kind}", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def close(self) -> None:
        """End the watches."""
        self._stop.set()
        for holder in self._connections.values():
            for connection in holder:
                _hang_up(connection)
        for thread in self._threads:
            thread.join(_STOP_SECONDS)

    def __enter__(self) -> Informer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def items(self, selection: Selection) -> list[Manifest]:
        """Return the objects as they are known now. Raises what ended a watch for good."""
        if self._failed:
            raise self._failed
        with self._changed:
            return list(self._stores[selection].objects.values())

    def get(self, selection: Selection, name: str, namespace: str = "") -> Manifest | None:
        """Return one object."""
        with self._changed:
            return self._stores[selection].objects.get((namespace, name))

    def observe(self, obj: Manifest) -> None:
        """Take the answer of an own write, so that the next look sees it. The newer resourceVersion wins."""
        with self._changed:
            for selection, store in self._stores.items():
                if _covers(selection, obj):
                    store.put(obj)

    def forget(self, obj: Manifest) -> None:
        """Take an own deletion."""
        with self._changed:
            for selection, store in self._stores.items():
                if _covers(selection, obj):
                    store.objects.pop(_key(obj), None)

    def poke(self) -> None:
        """Wake who waits in `changed`: something else than an object has changed."""
        with self._changed:
            self._notify()

    def changed(self, timeout: float) -> bool:
        """Wait until something changed since the last call; False after `timeout` seconds."""
        with self._changed:
            if self._version == self._seen and not self._failed:
                self._changed.wait(timeout)
            different = self._version != self._seen or self._failed is not None
            self._seen = self._version
            return different

    def _list(self, selection: Selection) -> str:
        objects, version = self._client.list_at(
            selection.api_version, selection.kind, selection.namespace, labels=selection.labels, fields=selection.fields
        )
        with self._changed:
            if self._stores[selection].replace(objects):
                self._notify()
        return version

    def _run(self, selection: Selection, version: str) -> None:
        pause = _PAUSE_FIRST
        while not self._stop.is_set():
            try:
                version = self._watch(selection, version)
                pause = _PAUSE_FIRST
            except (Temporary, Gone):
                self._stop.wait(pause)
                pause = min(pause * 2, _PAUSE_MOST)
                version = self._relist(selection, version)
            except SlipwayError as error:
                with self._changed:
                    self._failed = error
                    self._changed.notify_all()
                return

    def _relist(self, selection: Selection, version: str) -> str:
        """After a gap the server may have forgotten changes: list again."""
        if self._stop.is_set():
            return version
        try:
            return self._list(selection)
        except (Temporary, SlipwayError):
            return version

    def _watch(self, selection: Selection, version: str) -> str:
        kind = self._client.kind(selection.api_version, selection.kind)
        query = {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
        query["timeoutSeconds"] = str(_WATCH_SECONDS)
        if selection.labels:
            query["labelSelector"] = selection.labels
        if selection.fields:
            query["fieldSelector"] = selection.fields
        holder = self._connections[selection]
        path = kind.path(selection.namespace)
        for line in self._client.session.lines(path, query, _WATCH_SECONDS + 30.0, holder):
            version = self._take(selection, _event(line), version)
            if self._stop.is_set():
                break
        return version

    def _take(self, selection: Selection, event: dict[str, Any], version: str) -> str:
        kind, obj = event.get("type"), event.get("object") or {}
        if kind == "ERROR":
            raise from_response(int(obj.get("code", 500)), json.dumps(obj).encode(), selection.kind)
        version = str(obj["metadata"].get("resourceVersion", version))
        if kind == "BOOKMARK":
            return version
        obj["apiVersion"], obj["kind"] = selection.api_version, selection.kind
        if selection.kind == "Secret":
            redactor.register_secret(obj)
        with self._changed:
            store = self._stores[selection]
            different = store.drop(obj) if kind == "DELETED" else store.put(obj)
            if different:
                self._notify()
        return version

    def _notify(self) -> None:
        self._version += 1
        self._changed.notify_all()


def _event(line: bytes) -> dict[str, Any]:
    """A connection that breaks may leave half a line."""
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise Temporary("watch was interrupted within an event", reason="Unreachable") from error
    return event


class _Store:
    """Objects by (namespace, name)."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Manifest] = {}

    def put(self, obj: Manifest) -> bool:
        known = self.objects.get(_key(obj))
        if known is not None and not _newer(obj, known):
            return False
        self.objects[_key(obj)] = obj
        return True

    def drop(self, obj: Manifest) -> bool:
        known = self.objects.get(_key(obj))
        if known is None or known["metadata"].get("uid") != obj["metadata"].get("uid"):
            return False
        del self.objects[_key(obj)]
        return True

    def replace(self, objects: list[Manifest]) -> bool:
        fresh = {_key(obj): obj for obj in objects}
        different = _versions(fresh) != _versions(self.objects)
        self.objects = fresh
        return different


def _versions(objects: dict[tuple[str, str], Manifest]) -> dict[tuple[str, str], str]:
    return {key: str(obj["metadata"].get("resourceVersion")) for key, obj in objects.items()}


def _key(obj: Manifest) -> tuple[str, str]:
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def _newer(obj: Manifest, known: Manifest) -> bool:
    """Resource versions of one object are comparable as numbers (KEP-5504, GA in 1.35; true of etcd before)."""
    if obj["metadata"].get("uid") != known["metadata"].get("uid"):
        return True
    try:
        return int(obj["metadata"]["resourceVersion"]) > int(known["metadata"]["resourceVersion"])
    except (KeyError, ValueError):
        return True


def _covers(selection: Selection, obj: Manifest) -> bool:
    if (selection.api_version, selection.kind) != (obj.get("apiVersion"), obj.get("kind")):
        return False
    if selection.namespace is not None and obj["metadata"].get("namespace") != selection.namespace:
        return False
    return not selection.labels or _matches(selection.labels, obj["metadata"].get("labels") or {})


def _matches(selector: str, labels: dict[str, str]) -> bool:
    """Equality selectors only; others are left to the server, so such objects are not fed back."""
    for part in selector.split(","):
        name, separator, value = part.partition("=")
        if not separator or name.endswith("!") or labels.get(name) != value.lstrip("="):
            return False
    return True


def _hang_up(connection: Any) -> None:
    import socket

    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except (OSError, AttributeError):
        pass
