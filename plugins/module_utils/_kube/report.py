# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a batch came to, object by object, and as before and after texts. Talks to nobody."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from .._core import yaml
from .._core.redact import current as redactor
from .._core.types import Manifest, ObjectRef

CREATED, CHANGED, UNCHANGED, PRUNED = "created", "changed", "unchanged", "pruned"
DELETED, WOULD_CREATE, FAILED, KEPT = "deleted", "would_create", "failed", "kept"
CHANGES = frozenset({CREATED, CHANGED, PRUNED, DELETED, WOULD_CREATE})
_SERVER_FIELDS = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One object's fate. `before` and `after` are the objects as the cluster had and has them (None: not there)."""

    ref: ObjectRef
    action: str
    reason: str = ""
    before: Manifest | None = None
    after: Manifest | None = None

    def __str__(self) -> str:
        return f"{self.ref}: {self.reason or self.action}"

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of a task result."""
        return {
            "api_version": self.ref.api_version,
            "kind": self.ref.kind,
            "namespace": self.ref.namespace or "",
            "name": self.ref.name,
            "action": self.action,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """All outcomes, in the order of the work; in a dry run what would be pruned comes first."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.action == FAILED]

    @property
    def changed(self) -> bool:
        return any(outcome.action in CHANGES for outcome in self.outcomes)

    def count(self, action: str) -> int:
        return sum(outcome.action == action for outcome in self.outcomes)

    def diff(self) -> list[dict[str, str]]:
        """Return before and after of what changed, as YAML without the server's own fields, Secrets masked."""
        return [diff(outcome) for outcome in self.outcomes if outcome.action in CHANGES]


def diff(outcome: Outcome) -> dict[str, str]:
    """Return one before/after record in Ansible's form."""
    before, after = _masked(outcome.before, outcome.after)
    header = str(outcome.ref)
    return {"before": before, "after": after, "before_header": header, "after_header": header}


def _masked(before: Manifest | None, after: Manifest | None) -> tuple[str, str]:
    """A Secret's changed value must show as a change, without being shown."""
    old, new = shown(before), shown(after)
    if "Secret" in ((before or {}).get("kind"), (after or {}).get("kind")):
        old, new = _note_changes(old, new), _note_changes(new, old, " (changed)")
    return (yaml.dump(old) if old else ""), (yaml.dump(new) if new else "")


def _note_changes(obj: Manifest, other: Manifest, note: str = "") -> Manifest:
    masked: Manifest = redactor.scrub_data(obj)
    for part in ("data", "stringData"):
        values, others = obj.get(part) or {}, other.get(part) or {}
        for key in values:
            masked[part][key] += note if other and values[key] != others.get(key) else ""
    return masked


def shown(obj: Manifest | None) -> Manifest:
    """Return the object without what the server keeps for itself, and without status."""
    if not obj:
        return {}
    meta = {key: value for key, value in obj.get("metadata", {}).items() if key not in _SERVER_FIELDS}
    if _LAST_APPLIED in (meta.get("annotations") or {}):
        meta["annotations"] = {key: value for key, value in meta["annotations"].items() if key != _LAST_APPLIED}
    parts = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    return copy.deepcopy({**parts, "metadata": meta})
