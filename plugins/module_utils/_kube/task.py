# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the tasks `apply` and `wait` do, for the action on the controller and the module on a remote host alike.

Knows the options of the tasks; must not know Ansible or where the manifests came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._core import events
from .._core.cancel import Cancel
from .._core.errors import Invalid, Permanent, SlipwayError, TimedOut
from .._core.events import Sink
from .._core.types import Manifest, ObjectRef
from . import report as words
from .apply import ApplyOptions, apply_batch
from .client import Client
from .inventory import Inventory, delete_batch, superfluous, with_prune
from .live import reference
from .ready import ready
from .report import ApplyReport, Outcome, shown
from .wait import Condition, wait_all


@dataclass
class TaskReport:
    """What a task came to. `diff` holds before/after records, `failure` an expected error."""

    changed: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    diff: list[dict[str, str]] = field(default_factory=list)
    failure: SlipwayError | None = None


@dataclass(frozen=True, slots=True)
class Mode:
    """How a task runs. `diff` asks for before/after texts, which cost time."""

    check: bool = False
    diff: bool = False
    sink: Sink = events.NULL
    cancel: Cancel = field(default_factory=Cancel)


def apply_task(client: Client, objects: Sequence[Manifest], options: Mapping[str, Any], mode: Mode) -> TaskReport:
    """Apply or delete the objects and wait. The options are those of `_spec/apply.py`, validated."""
    client.manager = options["field_manager"]
    if options["namespace"]:
        client.namespace = options["namespace"]
    if options["state"] == "absent":
        return _delete(client, objects, options, mode)
    if not objects:
        raise Invalid("src", "holds no objects", hint="state=absent with inventory deletes all that was applied")
    done = _apply(client, objects, options, mode)
    task = _result(done, mode)
    if task.failure is None and options["wait"] and not mode.check:
        task.failure = _wait(client, _unready(done), options["wait_timeout"], mode)
    return task


def _apply(client: Client, objects: Sequence[Manifest], options: Mapping[str, Any], mode: Mode) -> ApplyReport:
    chosen = ApplyOptions(dry_run=mode.check, force=options["force_conflicts"], timeout=options["wait_timeout"])
    chosen = replace(chosen, namespace=options["namespace"] or "")
    inventory = _inventory(client, options)
    known = inventory.read(client) if inventory else []
    done = apply_batch(client, objects, chosen, mode.sink, mode.cancel)
    if not inventory:
        return done
    return with_prune(client, inventory, objects, done, known, dry_run=mode.check, prune=options["prune"])


def _inventory(client: Client, options: Mapping[str, Any]) -> Inventory | None:
    return Inventory(options["inventory"], client.namespace) if options["inventory"] else None


def _delete(client: Client, objects: Sequence[Manifest], options: Mapping[str, Any], mode: Mode) -> TaskReport:
    """Delete the objects, or everything the inventory lists."""
    inventory = _inventory(client, options)
    refs = [reference(client, obj) for obj in objects]
    extra = superfluous(inventory.read(client), objects, client) if inventory else []
    done = delete_batch(client, [*refs, *extra], dry_run=mode.check)
    if inventory and not done.failed and not mode.check:
        client.delete(inventory.ref)
    task = _result(done, mode)
    if task.failure is None and options["wait"] and not mode.check:
        going = [Condition(outcome.ref, "deleted") for outcome in done.outcomes if outcome.before]
        task.failure = _wait(client, going, options["wait_timeout"], mode)
    return task


def _unready(done: ApplyReport) -> list[Condition]:
    """What the answers already show as ready needs no watch."""
    alive = (outcome for outcome in done.outcomes if outcome.action in _APPLIED)
    return [Condition(outcome.ref) for outcome in alive if not _is_ready(outcome)]


_APPLIED = frozenset({words.CREATED, words.CHANGED, words.UNCHANGED})


def _is_ready(outcome: Outcome) -> bool:
    return outcome.after is not None and ready(outcome.after).done


def _wait(client: Client, conditions: list[Condition], timeout: float, mode: Mode) -> SlipwayError | None:
    if not conditions:
        return None
    try:
        wait_all(client, conditions, timeout, cancel=mode.cancel, sink=mode.sink)
    except SlipwayError as error:
        return error
    return None


def _result(done: ApplyReport, mode: Mode) -> TaskReport:
    counts: dict[str, int] = {}
    for outcome in done.outcomes:
        counts[outcome.action] = counts.get(outcome.action, 0) + 1
    data = {"resources": [outcome.as_dict() for outcome in done.outcomes], "summary": counts}
    return TaskReport(done.changed, data, done.diff() if mode.diff else [], _failure(done))


def _failure(done: ApplyReport) -> SlipwayError | None:
    if not done.failed:
        return None
    first = done.failed[0]
    rest = f"; {len(done.failed) - 1} more of {len(done.outcomes)} failed" if len(done.failed) > 1 else ""
    hint = "force_conflicts: true takes the fields over" if "conflict with" in first.reason else ""
    return Permanent(f"{first.reason}{rest}", obj=str(first.ref), reason="ApplyFailed", hint=hint)


def wait_task(client: Client, objects: Sequence[Manifest], options: Mapping[str, Any], mode: Mode) -> TaskReport:
    """Wait for the objects. The options are those of `_spec/wait.py`, validated. A check only looks."""
    if options["namespace"]:
        client.namespace = options["namespace"]
    conditions = [_condition(ref, options) for ref in _refs(client, objects, options)]
    if not conditions:
        raise Invalid("objects", "names nothing to wait for")
    started = client.clock.monotonic()
    timeout = 0.0 if mode.check else options["wait_timeout"]
    try:
        found = wait_all(client, conditions, timeout, cancel=mode.cancel, sink=mode.sink)
    except TimedOut as error:
        data = {"met": False, "objects": [], "seconds": _since(client, started)}
        return TaskReport(data=data, failure=None if mode.check else error)
    shapes = [shown(obj) | {"status": obj.get("status", {})} for obj in found if obj]
    return TaskReport(data={"met": True, "objects": shapes, "seconds": _since(client, started)})


def _since(client: Client, started: float) -> float:
    return round(client.clock.monotonic() - started, 3)


def _refs(client: Client, objects: Sequence[Manifest], options: Mapping[str, Any]) -> list[ObjectRef]:
    named = [
        ObjectRef(entry["api_version"], entry["kind"], entry["name"], entry.get("namespace"))
        for entry in options.get("objects") or []
    ]
    return [*(reference(client, obj) for obj in objects), *named]


def _condition(ref: ObjectRef, options: Mapping[str, Any]) -> Condition:
    if options["until"] == "condition":
        wanted = options["condition"]
        return Condition(ref, "condition", wanted["type"], wanted["status"])
    if options["until"] == "field":
        return Condition(ref, "field", options["field"]["path"], options["field"]["value"])
    return Condition(ref, options["until"])
