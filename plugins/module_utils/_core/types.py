# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The few shapes that every room uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Names one object. `namespace` is None for cluster-scoped kinds."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @classmethod
    def of(cls, obj: Manifest) -> ObjectRef:
        """Return the reference of a manifest."""
        meta = obj.get("metadata") or {}
        return cls(obj.get("apiVersion", ""), obj.get("kind", ""), meta.get("name", ""), meta.get("namespace"))


def ref(obj: Manifest) -> str:
    """Return "Kind namespace/name" for messages."""
    return str(ObjectRef.of(obj))


def deep_get(obj: Any, *path: str | int, default: Any = None) -> Any:
    """Return the value at `path`, or `default` when a part of it is missing or null."""
    for part in path:
        try:
            obj = obj[part]
        except (KeyError, IndexError, TypeError):
            return default
        if obj is None:
            return default
    return obj


def split_api_version(api_version: str) -> tuple[str, str]:
    """Return (group, version); the core group is empty."""
    group, _, version = api_version.rpartition("/")
    return group, version
