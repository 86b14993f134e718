# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An EventListener: one event in, an answer and created objects out.

Source: tektoncd/triggers pkg/sink/sink.go (v0.37). Knows no HTTP server and no cluster.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core import ids, redact
from .._core.errors import Invalid, Refused, SlipwayError
from .._core.types import Manifest
from .._core.yaml import Document
from . import bindings, templates
from .event import Event
from .interceptors.builtin import BUILTIN

GROUPS = ("triggers.tekton.dev/v1beta1", "triggers.tekton.dev/v1alpha1")


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """What one trigger made of the event."""

    name: str
    fired: bool
    reason: str


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
    ) -> None:
        self._objects = {
            (str(d.data.get("kind")), str((d.data.get("metadata") or {}).get("name", ""))): d for d in documents
        }
        self._secrets = secrets
        self.document = self._choose(name)
        self.name = str(self.document.data["metadata"]["name"])
        self.namespace = str(self.document.data["metadata"].get("namespace") or "default")

    def handle(self, event: Event, event_id: str = "") -> EventResult:
        """Apply every trigger, each on its own: a failing one has its reason and does not stop the others."""
        result = EventResult(event_id or ids.new_uid())
        for name, trigger in self._triggers():
            try:
                made, reason = self._fire(name, trigger, event, result.event_id)
            except SlipwayError as error:
                made, reason = [], str(error)
            result.created.extend(made)
            result.triggers.append(TriggerResult(name, bool(made), reason))
        return result

    def _choose(self, name: str) -> Document:
        names = sorted(found for kind, found in self._objects if kind == "EventListener")
        if name and name not in names:
            raise Invalid(
                "listener",
                f"names an EventListener that is not given: {name!r}",
                hint=f"there: {', '.join(names) or 'none'}",
            )
        if not name and len(names) != 1:
            raise Invalid(
                "listener",
                f"is needed, because {len(names)} EventListeners are given",
                hint=f"there: {', '.join(names) or 'none'}",
            )
        document = self._objects[("EventListener", name or names[0])]
        if document.data.get("apiVersion") not in GROUPS:
            raise Invalid(
                "apiVersion",
                f"is {document.data.get('apiVersion')!r}",
                at=document.place("apiVersion"),
                hint=" or ".join(GROUPS),
            )
        return document

    def _triggers(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for index, entry in enumerate(self.document.data["spec"].get("triggers") or []):
            if entry.get("triggerRef"):
                yield (
                    str(entry["triggerRef"]),
                    self._need("Trigger", entry["triggerRef"], f"spec.triggers[{index}].triggerRef").data["spec"],
                )
            else:
                yield str(entry.get("name") or f"trigger-{index}"), entry
        if self.document.data["spec"].get("triggerGroups"):
            raise Refused("spec.triggerGroups are not executed yet", hint="list the triggers in spec.triggers")

    def _fire(self, name: str, trigger: Mapping[str, Any], event: Event, event_id: str) -> tuple[list[Manifest], str]:
        extensions: dict[str, Any] = {}
        for interceptor in trigger.get("interceptors") or []:
            kind, params = _interceptor(interceptor)
            if kind not in BUILTIN:
                raise Refused(
                    f"interceptor {kind!r} is not executed here yet", hint=f"executed: {', '.join(sorted(BUILTIN))}"
                )
            verdict = BUILTIN[kind](event, params, self._secret)
            if not verdict.passes:
                return [], verdict.reason
            extensions.update(verdict.extensions)
        context = bindings.Context(event, extensions, event_id)
        given = bindings.params(list(self._binding_params(trigger)), context)
        return self._create(name, trigger, given, event_id), "fired"

    def _binding_params(self, trigger: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for binding in trigger.get("bindings") or []:
            if binding.get("ref"):
                kind = str(binding.get("kind") or "TriggerBinding")
                yield from self._need(kind, binding["ref"], "bindings.ref").data["spec"].get("params") or []
            elif binding.get("name"):
                yield binding
            else:
                yield from (binding.get("spec") or {}).get("params") or []

    def _create(self, name: str, trigger: Mapping[str, Any], given: Mapping[str, str], event_id: str) -> list[Manifest]:
        template = trigger.get("template") or {}
        reference = template.get("ref") or template.get("name")
        spec = (
            self._need("TriggerTemplate", reference, "template.ref").data["spec"]
            if reference
            else template.get("spec") or {}
        )
        params, uid = templates.values(spec.get("params") or [], given), ids.new_uid()
        made = [templates.render(resource, params, uid) for resource in spec.get("resourcetemplates") or []]
        return [
            templates.label(obj, listener=self.name, trigger=name, event_id=event_id, namespace=self.namespace)
            for obj in made
        ]

    def _need(self, kind: str, name: str, path: str) -> Document:
        found = self._objects.get((kind, str(name)))
        if found is None:
            there = sorted(n for k, n in self._objects if k == kind)
            at = self.document.place(path)
            raise Invalid(
                path, f"names a {kind} that is not given: {name!r}", at=at, hint=f"there: {', '.join(there) or 'none'}"
            )
        return found

    def _secret(self, reference: Mapping[str, Any]) -> bytes:
        name, key = str(reference.get("secretName")), str(reference.get("secretKey"))
        document = self._objects.get(("Secret", name))
        secret = document.data if document else self._secrets(name)
        if secret is None:
            raise Invalid("secretRef", f"names a Secret that is not given: {name!r}", hint="add it to the manifests")
        redact.current.register_secret(secret)
        if key in (secret.get("stringData") or {}):
            return str(secret["stringData"][key]).encode()
        if key not in (secret.get("data") or {}):
            raise Invalid("secretRef.secretKey", f"{key!r} is not in the Secret {name!r}")
        return base64.b64decode(secret["data"][key])


def _interceptor(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the interceptor's name and params, in the form by reference or in the older one by key."""
    if entry.get("ref"):
        params = {param["name"]: param.get("value") for param in entry.get("params") or []}
        return str(entry["ref"].get("name")), params
    for name in (*BUILTIN, "cel", "slack", "webhook"):
        if entry.get(name) is not None:
            return name, entry[name]
    return str(entry.get("name", "unknown")), {}
