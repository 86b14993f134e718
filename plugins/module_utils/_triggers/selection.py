# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which Triggers an EventListener runs: its own, those it names, those its selectors find.

Source: tektoncd/triggers pkg/sink/sink.go, selectTriggers and merge (v0.37).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._core import label_selectors
from .._core.types import Manifest
from .objects import Objects, missing, name_of

EVERY_NAMESPACE = ["*"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A trigger to run. `label` is the value of its label on the created objects; `problem` says why it cannot run."""

    name: str
    namespace: str
    spec: Mapping[str, Any]
    label: str = ""
    problem: str = ""


def chosen(spec: Mapping[str, Any], objects: Objects, home: str) -> list[Chosen]:
    """Return the triggers of an EventListener's spec, without those of its groups."""
    return [*selected(spec, objects, home), *_listed(spec, objects, home)]


def selected(selector: Mapping[str, Any], objects: Objects, home: str) -> list[Chosen]:
    """Return the Triggers that namespaceSelector and labelSelector find; without any selector there are none.

    A label selector alone looks in the listener's own namespace (`home`). Invalid for a wrong operator.
    """
    names = (selector.get("namespaceSelector") or {}).get("matchNames") or []
    labels = selector.get("labelSelector")
    if not names and labels is None:
        return []
    namespaces = names or [home]
    return [
        _chosen(found, objects)
        for found in objects.of_kind("Trigger")
        if (names == EVERY_NAMESPACE or objects.namespace(found) in namespaces)
        and label_selectors.matches(labels or {}, (found.get("metadata") or {}).get("labels"))
    ]


def _listed(spec: Mapping[str, Any], objects: Objects, home: str) -> Iterator[Chosen]:
    for index, entry in enumerate(spec.get("triggers") or []):
        reference = entry.get("triggerRef")
        if reference and not entry.get("template"):
            found = objects.get("Trigger", home, str(reference))
            yield _chosen(found, objects) if found else _unknown(str(reference), objects, home)
        else:
            name = str(entry.get("name") or "")
            problem = "" if entry.get("template") else "EventListenerTrigger not defined"
            yield Chosen(name or f"trigger-{index}", home, entry, name, problem)


def _unknown(name: str, objects: Objects, home: str) -> Chosen:
    there = ", ".join(sorted(name_of(found) for found in objects.of_kind("Trigger"))) or "none"
    text = f"Error getting Trigger {name} in Namespace {home}: {missing('Trigger', name)}"
    return Chosen(name, home, {}, name, f"{text} (given: {there})")


def _chosen(trigger: Manifest, objects: Objects) -> Chosen:
    name = name_of(trigger)
    return Chosen(name, objects.namespace(trigger), trigger.get("spec") or {}, name)
