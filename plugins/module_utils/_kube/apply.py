# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Applies a batch of manifests server-side: ordered, in parallel, skipping what is proven unchanged.

Ownership is the API server's business. Must not know Ansible, files or any engine.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from .._core import events
from .._core.cancel import Cancel
from .._core.errors import Invalid, SlipwayError, Temporary
from .._core.events import Sink, Subject
from .._core.types import Manifest, ObjectRef, deep_get, ref, split_api_version
from . import order, report
from .client import Client
from .errors import Conflict, NotFound, UnknownKind
from .live import Key, key, read, reference
from .report import ApplyReport, Outcome, shown
from .unchanged import is_unchanged

_OWNERS = "Apply failed with"
_WEBHOOK = "failed calling webhook"
_PAUSE_FIRST, _PAUSE_MOST = 0.2, 3.0
_ESTABLISH_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """`timeout` (seconds) bounds all retries together and the wait for CRDs; `manager` empty means the client's."""

    dry_run: bool = False
    manager: str = ""
    force: bool = True
    namespace: str = ""
    workers: int = 8
    timeout: float = 60.0
    skip: bool = True
    validation: str = "Strict"


def apply_batch(
    client: Client, objects: Sequence[Manifest], options: ApplyOptions | None = None,
    sink: Sink = events.NULL, cancel: Cancel | None = None,
) -> ApplyReport:  # fmt: skip
    """Apply all objects and report on each. Raises only for input that is no object, twice the same one, or a cancel.

    Namespaces come first, then CRDs (until they are established), configuration, workloads, webhooks, custom
    resources. A failed object does not stop its wave; after a failed namespace or CRD the rest is tried all the same,
    because what does not depend on it should arrive.
    """
    chosen = options or ApplyOptions()
    checked = [_checked(obj, chosen, client) for obj in objects]
    return _Batch(client, checked, chosen, sink, cancel or Cancel()).run()


def _checked(obj: Any, options: ApplyOptions, client: Client) -> Manifest:
    """Return the manifest with the default namespace, where it belongs to one and names none."""
    if not isinstance(obj, dict) or not obj.get("apiVersion") or not obj.get("kind"):
        raise Invalid("", "is not a Kubernetes object", hint="a mapping with apiVersion and kind")
    meta = obj.get("metadata") or {}
    if not meta.get("name"):
        hint = "server-side apply needs a name; generateName does not work with it" if meta.get("generateName") else ""
        raise Invalid("metadata.name", "is missing", obj=ref(obj), hint=hint)
    if not options.namespace or meta.get("namespace") or not _namespaced(client, obj):
        return obj
    return {**obj, "metadata": {**meta, "namespace": options.namespace}}


def _namespaced(client: Client, obj: Manifest) -> bool:
    """An unknown kind is taken as namespaced: its CRD may be in this batch, and the API ignores what is too much."""
    try:
        return client.kind(obj["apiVersion"], obj["kind"]).namespaced
    except UnknownKind:
        return True


class _Batch:
    """One run over a batch."""

    def __init__(
        self, client: Client, objects: list[Manifest], options: ApplyOptions, sink: Sink, cancel: Cancel
    ) -> None:
        self._client, self._objects, self._options = client, objects, options
        self._sink, self._cancel = sink, cancel
        self._manager = options.manager or client.manager
        self._deadline = client.clock.monotonic() + options.timeout
        self._scopes = _declared_scopes(objects)
        self._live: dict[Key, Manifest] = {}

    def run(self) -> ApplyReport:
        _refuse_twins(self._client, self._objects)
        outcomes: list[Outcome] = []
        unread = self._objects
        with ThreadPoolExecutor(self._options.workers, thread_name_prefix="apply") as pool:
            for wave in order.waves(self._objects):
                self._cancel.check()
                if unread:
                    self._live.update(read(self._client, unread, pool))
                    unread = [obj for obj in unread if not self._client.knows(obj["apiVersion"], obj["kind"])]
                done = self._wave(wave, pool)
                outcomes += done
                if order.wave(wave[0]) == order.DEFINITIONS and not self._options.dry_run:
                    outcomes[-len(done) :] = self._established(done)
        return ApplyReport(outcomes)

    def _wave(self, wave: list[Manifest], pool: ThreadPoolExecutor) -> list[Outcome]:
        """Decide what can be decided from the list, send the rest. Order of the answer is the order of the wave."""
        outcomes: list[Outcome | None] = [self._skip(obj) if self._options.skip else None for obj in wave]
        open_ones = [index for index, outcome in enumerate(outcomes) if outcome is None]
        for index, outcome in zip(open_ones, pool.map(lambda index: self._one(wave[index]), open_ones), strict=True):
            outcomes[index] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _skip(self, obj: Manifest) -> Outcome | None:
        try:
            before = self._live.get(key(self._client, obj))
        except UnknownKind:
            return None
        if before is None or not is_unchanged(obj, before, self._manager):
            return None
        return Outcome(reference(self._client, obj), report.UNCHANGED, "", before, before)

    def _one(self, obj: Manifest) -> Outcome:
        """Send one object; the answer is an outcome in every case but a cancel."""
        target = reference(self._client, obj)
        subject = Subject(target.kind, target.namespace or "", target.name)
        try:
            outcome = self._send(obj, target)
        except SlipwayError as error:
            outcome = self._failed(obj, target, error)
        if outcome.action == report.FAILED:
            self._sink.emit(subject, "Failed", reason=outcome.action, message=outcome.reason)
        elif outcome.action in report.CHANGES and not self._options.dry_run:
            self._sink.emit(subject, "Changed", reason=outcome.action, message=outcome.action)
        return outcome

    def _send(self, obj: Manifest, target: ObjectRef) -> Outcome:
        before = self._live.get(key(self._client, obj))
        after = self._patch(obj)
        if before is None:
            action = report.WOULD_CREATE if self._options.dry_run else report.CREATED
            return Outcome(target, action, "", None, after)
        reason = difference(before, after, self._manager)
        return Outcome(target, report.CHANGED if reason else report.UNCHANGED, reason, before, after)

    def _patch(self, obj: Manifest) -> Manifest:
        """Apply, again while what stands in the way may pass by itself, until the batch's deadline."""
        pause = _PAUSE_FIRST
        while True:
            self._cancel.check()
            try:
                return self._client.apply(
                    obj,
                    manager=self._manager,
                    force=self._options.force,
                    dry_run=self._options.dry_run,
                    field_validation=self._options.validation,
                )
            except SlipwayError as error:
                left = self._deadline - self._client.clock.monotonic()
                if left <= 0 or not _passing(error, dry_run=self._options.dry_run):
                    raise
                self._client.clock.sleep(min(max(pause, getattr(error, "retry_after", 0.0)), left, _PAUSE_MOST))
                pause *= 2

    def _failed(self, obj: Manifest, target: ObjectRef, error: SlipwayError) -> Outcome:
        """In a dry run, what waits for an earlier object of the same batch is not a failure."""
        if self._options.dry_run and self._arrives_first(obj, error):
            if self._scopes.get((split_api_version(target.api_version)[0], target.kind)) == "Cluster":
                target = replace(target, namespace=None)
            return Outcome(target, report.WOULD_CREATE, f"not validated: {error.message}", None, obj)
        return Outcome(target, report.FAILED, str(_unnamed(error)))

    def _arrives_first(self, obj: Manifest, error: SlipwayError) -> bool:
        group = split_api_version(obj["apiVersion"])[0]
        if isinstance(error, UnknownKind):
            return (group, obj["kind"]) in self._scopes
        space = obj["metadata"].get("namespace") or self._client.namespace
        named = {other["metadata"]["name"] for other in self._objects if order.wave(other) == order.NAMESPACES}
        return isinstance(error, NotFound) and space in named

    def _established(self, done: list[Outcome]) -> list[Outcome]:
        """Wait until the API serves new kinds, then let the client look for them again."""
        out = [self._await(outcome) if outcome.ref.kind == "CustomResourceDefinition" else outcome for outcome in done]
        if any(outcome.action in report.CHANGES for outcome in out):
            self._client.kinds.forget()
        return out

    def _await(self, outcome: Outcome) -> Outcome:
        target, live = outcome.ref, outcome.after
        while outcome.action != report.FAILED and not _is_established(live):
            if self._client.clock.monotonic() > self._deadline:
                return replace(outcome, action=report.FAILED, reason=f"was not established: {_names_problem(live)}")
            self._cancel.check()
            self._client.clock.sleep(_ESTABLISH_PAUSE)
            live = self._client.get(target.api_version, target.kind, target.name)
        return outcome


def _unnamed(error: SlipwayError) -> SlipwayError:
    """The outcome names the object already: do not say it twice."""
    error.obj = ""
    return error


def difference(before: Manifest, after: Manifest, manager: str) -> str:
    """Return why two answers differ: empty, "content" or "ownership" of our manager. Status and times do not count."""
    if shown(before) != shown(after):
        return "content"
    return "ownership" if _owned(before, manager) != _owned(after, manager) else ""


def _owned(obj: Manifest, manager: str) -> builtins.list[Any]:
    entries = deep_get(obj, "metadata", "managedFields", default=[])
    mine = (e for e in entries if e.get("manager") == manager and e.get("operation") == "Apply")
    return [(e.get("apiVersion"), e.get("subresource", ""), e.get("fieldsV1")) for e in mine]


def _passing(error: SlipwayError, *, dry_run: bool) -> bool:
    """Conflicts of ownership do not pass; races, throttling, 5xx and webhooks that are starting do."""
    if isinstance(error, Conflict):
        return not error.message.startswith(_OWNERS)
    if isinstance(error, Temporary):
        return True
    if isinstance(error, NotFound) and not dry_run:
        return "could not find the requested resource" in error.message
    return _WEBHOOK in error.message and not dry_run


def _is_established(crd: Manifest | None) -> bool:
    conditions = deep_get(crd, "status", "conditions", default=[])
    return any(c.get("type") == "Established" and c.get("status") == "True" for c in conditions)


def _names_problem(crd: Manifest | None) -> str:
    conditions = deep_get(crd, "status", "conditions", default=[])
    return "; ".join(str(c.get("message")) for c in conditions if c.get("status") == "False") or "no answer yet"


def _declared_scopes(objects: Sequence[Manifest]) -> dict[tuple[str, str], str]:
    """Return (group, kind) -> scope of the CRDs in the batch."""
    scopes = {}
    for obj in objects:
        if order.wave(obj) == order.DEFINITIONS:
            name = deep_get(obj, "spec", "names", "kind", default="")
            scopes[(deep_get(obj, "spec", "group", default=""), name)] = deep_get(obj, "spec", "scope", default="")
    return scopes


def _refuse_twins(client: Client, objects: Sequence[Manifest]) -> None:
    """Two manifests for one object would race in their wave."""
    seen: set[ObjectRef] = set()
    for obj in objects:
        target = reference(client, obj)
        if target in seen:
            raise Invalid("", "is given twice", obj=str(target), hint="keep one of the manifests")
        seen.add(target)
