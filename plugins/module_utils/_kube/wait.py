# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Waits for many objects together, by watch. Ends early when one can no longer get there.

Must not know who wants it; the rules of readiness are in ready.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .._core import events
from .._core.cancel import Cancel
from .._core.clock import Clock
from .._core.errors import Invalid, Permanent, TimedOut
from .._core.events import Sink, Subject
from .._core.types import Manifest, ObjectRef
from .._lang import jsonpath
from .client import Client
from .errors import UnknownKind
from .ready import READY, State, condition, ready, unobserved
from .watch import Informer, Selection

KINDS = ("ready", "exists", "deleted", "condition", "field")
_TICK = 0.5
_SINGLES = 5
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Condition:
    """What is awaited of one object.

    `kind` is one of KINDS. `name` is the type of the condition, or the JSONPath of the field; `value` its wanted value.
    """

    ref: ObjectRef
    kind: str = "ready"
    name: str = ""
    value: str = "True"

    def __str__(self) -> str:
        if self.kind in ("condition", "field"):
            return f"{self.ref}: {self.name}={self.value}"
        return f"{self.ref}: {self.kind}"


def evaluate(wanted: Condition, obj: Manifest | None) -> State:
    """Return how far an object is. None means that it does not exist."""
    if wanted.kind == "deleted":
        return READY if obj is None else State(False, _deleting(obj))
    if obj is None:
        return State(False, "does not exist")
    if wanted.kind == "exists":
        return READY
    if wanted.kind == "ready":
        return ready(obj)
    state = _condition(wanted, obj) if wanted.kind == "condition" else _field(wanted, obj)
    if not state.done:
        final = ready(obj)
        return final if final.failed else state
    return state


def _deleting(obj: Manifest) -> str:
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp"):
        return "still exists and nobody has asked to delete it"
    finalizers = ", ".join(meta.get("finalizers") or [])
    return f"is being deleted; finalizers: {finalizers}" if finalizers else "is being deleted"


def _condition(wanted: Condition, obj: Manifest) -> State:
    """A condition that was observed at an older generation says nothing of this one."""
    entry = condition(obj, wanted.name)
    if not entry:
        return State(False, f"has no condition {wanted.name}")
    seen, generation = entry.get("observedGeneration"), obj["metadata"].get("generation", 0)
    if seen is not None and seen < generation:
        return State(False, f"condition {wanted.name} is of generation {seen}, not {generation}")
    late = unobserved(obj) if seen is None else ""
    if late:
        return State(False, late)
    status = str(entry.get("status", ""))
    detail = ": ".join(str(entry[key]) for key in ("reason", "message") if entry.get(key))
    return State(
        status.lower() == wanted.value.lower(), f"{wanted.name} is {status}" + (f", {detail}" if detail else "")
    )


def _field(wanted: Condition, obj: Manifest) -> State:
    found = jsonpath.render(_template(wanted.name), obj, allow_missing=True)
    return State(found == wanted.value, f"{wanted.name} is {found or 'not set'}")


def _template(path: str) -> str:
    if path.startswith("{"):
        return path
    return "{" + (path if path.startswith((".", "[")) else f".{path}") + "}"


def wait_all(
    client: Client, conditions: Sequence[Condition], timeout: float, clock: Clock | None = None,
    cancel: Cancel | None = None, sink: Sink = events.NULL,
) -> list[Manifest | None]:  # fmt: skip
    """Wait until all conditions hold; return the objects in the order of `conditions` (None for deleted ones).

    `timeout` is in seconds, for everything together. TimedOut says what is still awaited and why, Permanent what
    can no longer be reached, Cancelled when asked to stop, Invalid for a condition nobody can read.
    """
    placed = [_placed(client, _checked(condition)) for condition in conditions]
    return _Wait(client, placed, timeout, clock or client.clock, cancel or Cancel(), sink).run()


def _checked(wanted: Condition) -> Condition:
    if wanted.kind not in KINDS:
        raise Invalid("until", f"is none of {', '.join(KINDS)}: {wanted.kind}", obj=str(wanted.ref))
    if wanted.kind in ("condition", "field") and not wanted.name:
        raise Invalid("until", "needs the name of a condition or field", obj=str(wanted.ref))
    if wanted.kind == "field":
        jsonpath.parse(_template(wanted.name))
    return wanted


def _placed(client: Client, wanted: Condition) -> Condition:
    """Return the condition with the object's real namespace, as far as the kind is known."""
    ref = wanted.ref
    try:
        namespaced = client.kind(ref.api_version, ref.kind).namespaced
    except UnknownKind:
        return wanted
    space = (ref.namespace or client.namespace) if namespaced else None
    return replace(wanted, ref=replace(ref, namespace=space))


class _Wait:
    """One wait. Objects that are there already cost a list, not a watch that outlives it."""

    def __init__(
        self, client: Client, conditions: list[Condition], timeout: float, clock: Clock, cancel: Cancel, sink: Sink
    ) -> None:
        self._client, self._conditions = client, conditions
        self._clock, self._cancel, self._sink = clock, cancel, sink
        self._timeout, self._deadline = timeout, clock.monotonic() + timeout
        self._told: dict[ObjectRef, str] = {}

    def run(self) -> list[Manifest | None]:
        while True:
            unknown = [wanted for wanted in self._conditions if not self._known(wanted)]
            found = self._watch(retry=bool(unknown))
            if found is not None:
                return found
            self._client.kinds.forget()
            self._conditions = [_placed(self._client, wanted) for wanted in self._conditions]

    def _known(self, wanted: Condition) -> bool:
        return self._client.knows(wanted.ref.api_version, wanted.ref.kind)

    def _watch(self, *, retry: bool) -> list[Manifest | None] | None:
        """Look until all is well; None after a while when kinds are missing and worth another discovery."""
        selections = _selections([wanted for wanted in self._conditions if self._known(wanted)])
        until = self._clock.monotonic() + 1.0
        with Informer(self._client, sorted(set(selections.values()), key=str)) as informer:
            while True:
                found = [self._find(informer, selections, wanted) for wanted in self._conditions]
                open_ones = self._look(found)
                if not open_ones:
                    return found
                self._cancel.check()
                left = self._deadline - self._clock.monotonic()
                if left <= 0:
                    raise self._timed_out(open_ones)
                if retry and self._clock.monotonic() > until:
                    return None
                informer.changed(min(left, _TICK))

    def _find(self, informer: Informer, selections: dict[ObjectRef, Selection], wanted: Condition) -> Manifest | None:
        selection = selections.get(wanted.ref)
        if selection is None:
            return None
        informer.items(selection)  # raises what ended the watch
        return informer.get(selection, wanted.ref.name, wanted.ref.namespace or "")

    def _look(self, found: list[Manifest | None]) -> list[tuple[Condition, State]]:
        """Return what is still open; raise when something of it can never close."""
        states = [(wanted, evaluate(wanted, obj)) for wanted, obj in zip(self._conditions, found, strict=True)]
        open_ones = [(wanted, state) for wanted, state in states if not state.done]
        lost = [(wanted, state) for wanted, state in open_ones if state.failed]
        if lost:
            wanted, state = lost[0]
            more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
            raise Permanent(
                f"{state.why}{more}", obj=str(wanted.ref), reason="NotReady", hint="see its events and logs"
            )
        for wanted, state in open_ones:
            self._tell(wanted, state)
        return open_ones

    def _tell(self, wanted: Condition, state: State) -> None:
        if self._told.get(wanted.ref) == state.why:
            return
        self._told[wanted.ref] = state.why
        ref = wanted.ref
        self._sink.emit(
            Subject(ref.kind, ref.namespace or "", ref.name), "Waiting", reason=wanted.kind, message=state.why
        )

    def _timed_out(self, open_ones: list[tuple[Condition, State]]) -> TimedOut:
        texts = [f"{wanted.ref}: {state.why}" for wanted, state in open_ones[:_SHOWN]]
        if len(open_ones) > _SHOWN:
            texts.append(f"and {len(open_ones) - _SHOWN} more")
        text = f"after {self._timeout:g} s, {len(open_ones)} of {len(self._conditions)} are still awaited: "
        return TimedOut(text + "; ".join(texts), obj=str(open_ones[0][0].ref), hint="raise wait_timeout, or see why")


def _selections(conditions: Sequence[Condition]) -> dict[ObjectRef, Selection]:
    """Return what to watch: a few objects of a kind one by one, many by their namespace."""
    groups: dict[tuple[str, str, str | None], set[ObjectRef]] = {}
    for wanted in conditions:
        ref = wanted.ref
        groups.setdefault((ref.api_version, ref.kind, ref.namespace), set()).add(ref)
    out: dict[ObjectRef, Selection] = {}
    for (api_version, kind, space), refs in groups.items():
        for ref in refs:
            fields = f"metadata.name={ref.name}" if len(refs) <= _SINGLES else ""
            out[ref] = Selection(api_version, kind, space, fields=fields)
    return out
