# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An EventListener: one event in, an answer and created objects out.

Source: tektoncd/triggers pkg/sink/sink.go (v0.37). Knows no HTTP server and no cluster; interceptors that call
services do it through `fetch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core import ids
from .._core.errors import Invalid, SlipwayError
from .._core.types import Manifest
from .._core.yaml import Document
from . import bindings, chain, payload, resolve, selection, templates
from .act import http
from .event import Event
from .interceptors.protocol import Fetch, Help, Response, TriggerContext
from .objects import Objects, name_of
from .selection import Chosen

GROUPS = ("triggers.tekton.dev/v1beta1", "triggers.tekton.dev/v1alpha1")
ENTERPRISE_HOSTS = "slipway.dev/github-enterprise-hosts"


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """What one trigger made of the event. `warnings` are sentences about a trigger that fired."""

    name: str
    fired: bool
    reason: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventResult:
    """What a listener made of the event."""

    event_id: str
    triggers: list[TriggerResult] = field(default_factory=list)
    created: list[Manifest] = field(default_factory=list)


class Listener:
    """One EventListener over the given documents. `secrets` finds a Secret that is not among them."""

    def __init__(
        self,
        documents: Sequence[Document],
        name: str = "",
        secrets: Callable[[str], Manifest | None] = lambda _name: None,
        fetch: Fetch = http.fetch,
    ) -> None:
        self.document = _choose(documents, name)
        meta = self.document.data["metadata"]
        self.name = name_of(self.document.data)
        self.namespace = str(meta.get("namespace") or "default")
        self._spec: Mapping[str, Any] = self.document.data.get("spec") or {}
        self._objects = Objects(documents, self.namespace, secrets)
        hosts = str((meta.get("annotations") or {}).get(ENTERPRISE_HOSTS, "")).split(",")
        self._help = Help(self._objects.secret, fetch, tuple(host.strip() for host in hosts if host.strip()))

    @property
    def validated(self) -> bool:
        """Whether only JSON objects are events; the annotation tekton.dev/payload-validation can say no."""
        return payload.validated(self.document.data)

    def status(self, event: Event) -> int:
        """Return the HTTP status that answers the event, before any trigger runs."""
        return payload.status(self.document.data, event.body)

    def handle(self, event: Event, event_id: str = "") -> EventResult:
        """Apply every trigger, each on its own: a failing one has its reason and does not stop the others."""
        result = EventResult(event_id or ids.new_uid())
        for trigger in selection.chosen(self._spec, self._objects, self.namespace):
            self._apply(trigger, event, {}, result)
        for index, group in enumerate(self._spec.get("triggerGroups") or []):
            self._group(index, group, event, result)
        return result

    def _group(self, index: int, group: Mapping[str, Any], event: Event, result: EventResult) -> None:
        """Run a group's interceptors once; its triggers see their extensions and headers, but the body as it came."""
        name = str(group.get("name") or f"group-{index}")
        context = self._context(event, result, self.namespace, f"triggerGroups/{name}")
        try:
            passage = self._intercept(group, event, {}, context)
            found = selection.selected(group.get("triggerSelector") or {}, self._objects, self.namespace)
        except SlipwayError as error:
            result.triggers.append(TriggerResult(name, False, str(error)))
            return
        if passage.stopped:
            result.triggers.append(TriggerResult(name, False, _reason(passage.stopped)))
            return
        inner = Event(event.body, passage.headers, event.path, event.method, event.received)
        for trigger in found:
            self._apply(trigger, inner, passage.extensions, result)

    def _apply(self, trigger: Chosen, event: Event, extensions: Mapping[str, Any], result: EventResult) -> None:
        try:
            made, said = self._fire(trigger, event, extensions, result)
        except SlipwayError as error:
            made, said = [], TriggerResult(trigger.name, False, str(error))
        result.created.extend(made)
        result.triggers.append(said)

    def _fire(
        self, trigger: Chosen, event: Event, extensions: Mapping[str, Any], result: EventResult
    ) -> tuple[list[Manifest], TriggerResult]:
        if trigger.problem:
            return [], TriggerResult(trigger.name, False, trigger.problem)
        context = self._context(event, result, trigger.namespace, f"triggers/{trigger.label}")
        passage = self._intercept(trigger.spec, event, extensions, context)
        if passage.stopped:
            return [], TriggerResult(trigger.name, False, _reason(passage.stopped))
        resolved = resolve.trigger(trigger.spec, lambda kind, name: self._objects.need(kind, trigger.namespace, name))
        seen = Event(passage.body, passage.headers, event.path, event.method)
        inside = bindings.Context(seen, passage.extensions, result.event_id)
        params = bindings.params(resolved.params, inside, resolved.declared)
        made = [templates.parse(text) for text in templates.resolve(resolved.template, params, ids.new_uid())]
        said = TriggerResult(trigger.name, bool(made), "fired", tuple(bindings.nulls(resolved.params, inside, params)))
        return list(self._labelled(made, trigger, result.event_id)), said

    def _labelled(self, made: Sequence[Manifest], trigger: Chosen, event_id: str) -> Iterator[Manifest]:
        for obj in made:
            yield templates.label(
                obj, listener=self.name, trigger=trigger.label, event_id=event_id, namespace=trigger.namespace
            )

    def _context(self, event: Event, result: EventResult, namespace: str, what: str) -> TriggerContext:
        return TriggerContext(event.path, result.event_id, f"namespaces/{namespace}/{what}", event.received)

    def _intercept(
        self, spec: Mapping[str, Any], event: Event, extensions: Mapping[str, Any], context: TriggerContext
    ) -> chain.Passage:
        start = chain.Passage(event.body, event.headers, extensions)
        return chain.run(spec.get("interceptors") or [], start, context, self._objects, self._help)


def _reason(response: Response) -> str:
    return response.message or "interceptor stopped trigger processing"


def _choose(documents: Sequence[Document], name: str) -> Document:
    found = {
        name_of(d.data): d for d in documents if isinstance(d.data, dict) and d.data.get("kind") == "EventListener"
    }
    there = f"given: {', '.join(sorted(found)) or 'none'}"
    if name and name not in found:
        raise Invalid("listener", f'eventlistener.triggers.tekton.dev "{name}" not found', hint=there)
    if not name and len(found) != 1:
        raise Invalid("listener", f"is needed, because {len(found)} EventListeners are given", hint=there)
    document = found[name] if name else next(iter(found.values()))
    if document.data.get("apiVersion") not in GROUPS:
        raise Invalid(
            "apiVersion",
            f"is {document.data.get('apiVersion')!r}",
            at=document.place("apiVersion"),
            hint=" or ".join(GROUPS),
        )
    return document
