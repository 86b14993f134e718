# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Removes what a batch no longer holds, by an inventory of earlier batches, and deletes batches.

The inventory is a ConfigMap. Nothing is deleted that our manager does not own a field of.
Source of the idea: cli-utils inventory (v0.37); the format is our own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .._core.errors import Invalid, SlipwayError
from .._core.types import Manifest, ObjectRef, deep_get, split_api_version
from . import order, report
from .client import Client
from .errors import UnknownKind
from .live import reference
from .report import ApplyReport, Outcome

LABEL = "slipway.dev/inventory"
KEEP = "slipway.dev/prune"
_PREFIX = "slipway-inventory-"
_DATA = "objects.json"


@dataclass(frozen=True, slots=True)
class Inventory:
    """The list of what was applied under a name. It lives in a namespace that the batch must not create or prune."""

    name: str
    namespace: str

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("v1", "ConfigMap", _PREFIX + self.name, self.namespace)

    def read(self, client: Client) -> list[ObjectRef]:
        """Return what is listed; nothing for a new inventory. Invalid when the ConfigMap is somebody else's."""
        live = client.get("v1", "ConfigMap", self.ref.name, self.namespace)
        if live is None:
            return []
        if deep_get(live, "metadata", "labels", LABEL) != self.name:
            raise Invalid("inventory", f"is not an inventory: it has no label {LABEL}={self.name}", obj=str(self.ref))
        entries = json.loads(deep_get(live, "data", _DATA, default="[]"))
        return [ObjectRef(e["apiVersion"], e["kind"], e["name"], e.get("namespace")) for e in entries]

    def write(self, client: Client, refs: Sequence[ObjectRef]) -> None:
        """Store the list."""
        meta = {"name": self.ref.name, "namespace": self.namespace, "labels": {LABEL: self.name}}
        data = {_DATA: json.dumps([_entry(ref) for ref in refs], indent=1)}
        client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})


def _entry(ref: ObjectRef) -> dict[str, str | None]:
    return {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name, "namespace": ref.namespace}


def _identity(ref: ObjectRef) -> tuple[str, str, str | None, str]:
    """The same object in another version of its API is the same object."""
    return split_api_version(ref.api_version)[0], ref.kind, ref.namespace, ref.name


def superfluous(known: Sequence[ObjectRef], objects: Sequence[Manifest], client: Client) -> list[ObjectRef]:
    """Return what is listed and no longer among `objects`, last applied first."""
    kept = {_identity(reference(client, obj)) for obj in objects}
    gone = [ref for ref in known if _identity(ref) not in kept]
    gone.reverse()
    return sorted(gone, key=_wave, reverse=True)


def delete_batch(
    client: Client, refs: Sequence[ObjectRef], *, dry_run: bool = False, action: str = report.DELETED, manager: str = ""
) -> ApplyReport:
    """Delete objects, custom resources first and namespaces last. With `manager`, only what that manager applied."""
    outcomes = [
        _delete(client, ref, dry_run=dry_run, action=action, manager=manager)
        for ref in sorted(refs, key=_wave, reverse=True)
    ]
    if any(ref.kind == "CustomResourceDefinition" for ref in refs):
        client.kinds.forget()
    return ApplyReport(outcomes)


def _wave(ref: ObjectRef) -> int:
    return order.wave({"apiVersion": ref.api_version, "kind": ref.kind})


def _delete(client: Client, ref: ObjectRef, *, dry_run: bool, action: str, manager: str) -> Outcome:
    try:
        live = client.get(ref.api_version, ref.kind, ref.name, ref.namespace)
        kept = _why_keep(live, manager) if live and manager else ""
        if live is None or kept:
            return Outcome(ref, report.KEPT if kept else report.UNCHANGED, kept or "is not there", live, live)
        if live["metadata"].get("deletionTimestamp"):
            return Outcome(ref, report.UNCHANGED, "is being deleted already", live, None)
        if not dry_run:
            client.delete(ref, uid=live["metadata"]["uid"])
        return Outcome(ref, action, "", live, None)
    except UnknownKind:
        return Outcome(ref, report.UNCHANGED, "its kind is not served any more")
    except SlipwayError as error:
        return Outcome(ref, report.FAILED, error.message)


def _why_keep(live: Manifest, manager: str) -> str:
    if deep_get(live, "metadata", "annotations", KEEP) == "false":
        return f"annotation {KEEP} says so"
    entries = deep_get(live, "metadata", "managedFields", default=[])
    if not any(entry.get("manager") == manager for entry in entries):
        return f"field manager {manager} owns nothing of it"
    return ""


def with_prune(
    client: Client, inventory: Inventory, objects: Sequence[Manifest], report_of: ApplyReport, known: list[ObjectRef],
    *, dry_run: bool = False, prune: bool = True, manager: str = "",
) -> ApplyReport:  # fmt: skip
    """Return the report with what was, or would be, pruned. Nothing is pruned after a failure.

    The inventory then lists this batch, and what an earlier batch applied and is still there.
    """
    gone = superfluous(known, objects, client)
    if report_of.failed or not prune:
        pruned = ApplyReport()
    else:
        pruned = delete_batch(client, gone, dry_run=dry_run, action=report.PRUNED, manager=manager or client.manager)
    if not dry_run:
        applied = [
            outcome.ref for outcome in report_of.outcomes if outcome.action != report.FAILED or _known(outcome, known)
        ]
        left = [ref for ref in gone if not any(o.ref == ref and _is_gone(o) for o in pruned.outcomes)]
        wanted = [*applied, *left]
        if wanted != known:
            inventory.write(client, wanted)
    first, second = (pruned, report_of) if dry_run else (report_of, pruned)
    return replace(report_of, outcomes=[*first.outcomes, *second.outcomes])


def _known(outcome: Outcome, known: Sequence[ObjectRef]) -> bool:
    return outcome.ref in known


def _is_gone(outcome: Outcome) -> bool:
    return outcome.action in (report.PRUNED, report.UNCHANGED)
