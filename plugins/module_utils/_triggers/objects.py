# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The Kubernetes objects a listener works with, found by kind, namespace and name.

An object without a namespace is where the EventListener is, as when all are applied with one command.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._core import redact
from .._core.errors import Invalid
from .._core.types import Manifest
from .._core.yaml import Document

CLUSTER_KINDS = ("ClusterTriggerBinding", "ClusterInterceptor")
_GROUP = "triggers.tekton.dev"


def name_of(obj: Manifest) -> str:
    """Return metadata.name, or an empty text."""
    return str((obj.get("metadata") or {}).get("name", ""))


class Objects:
    """The given documents. `secrets` finds a Secret that is not among them; `home` is the listener's namespace."""

    def __init__(self, documents: Sequence[Document], home: str, secrets: Callable[[str], Manifest | None]) -> None:
        self.home, self._secrets = home, secrets
        self._found = {self._key(d.data): d.data for d in documents if isinstance(d.data, dict)}

    def _key(self, obj: Manifest) -> tuple[str, str, str]:
        kind = str(obj.get("kind"))
        namespace = "" if kind in CLUSTER_KINDS else self.namespace(obj)
        return kind, namespace, name_of(obj)

    def namespace(self, obj: Manifest) -> str:
        """Return the namespace of an object."""
        return str((obj.get("metadata") or {}).get("namespace") or self.home)

    def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """Return an object, or None."""
        return self._found.get((kind, "" if kind in CLUSTER_KINDS else namespace, name))

    def of_kind(self, kind: str) -> list[Manifest]:
        """Return the objects of a kind, in the order given."""
        return [obj for (found, _namespace, _name), obj in self._found.items() if found == kind]

    def need(self, kind: str, namespace: str, name: str) -> Manifest:
        """Return an object. Invalid, with what is there, when it is not given."""
        found = self.get(kind, namespace, name)
        if found is None:
            there = sorted(name_of(obj) for obj in self.of_kind(kind))
            raise Invalid("", f"error getting {kind} {name}: {missing(kind, name)}", hint=_there(there))
        return found

    def secret(self, namespace: str, reference: Mapping[str, Any]) -> bytes:
        """Return the value a secretRef names, registered for redaction. Invalid when there is none."""
        name, key = str(reference.get("secretName")), str(reference.get("secretKey"))
        found = self.get("Secret", namespace, name) or self._secrets(name)
        if found is None:
            raise Invalid("secretRef", f'secrets "{name}" not found', hint="add it to the manifests")
        redact.current.register_secret(found)
        if key in (found.get("stringData") or {}):
            return str(found["stringData"][key]).encode()
        if key not in (found.get("data") or {}):
            raise Invalid("secretRef.secretKey", f"cannot find {key} key in secret {namespace}/{name}")
        try:
            return base64.b64decode(found["data"][key], validate=True)
        except (binascii.Error, TypeError):
            raise Invalid(
                "secretRef.secretKey", f"the value of {key} in secret {namespace}/{name} is no base64"
            ) from None


def missing(kind: str, name: str) -> str:
    """Return how Kubernetes says that an object of Tekton Triggers is not there."""
    return f'{kind.lower()}.{_GROUP} "{name}" not found'


def _there(names: Sequence[str]) -> str:
    return f"given: {', '.join(names) or 'none'}"
