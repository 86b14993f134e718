# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a reference with a resolver asks for, and what comes back: the object and where it came from.

Knows the shape of references; must not know how any resolver works.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..._core import gojson
from ..._core.yaml import Document


@dataclass(frozen=True, slots=True)
class Ask:
    """One reference: its resolver, its params by name, and the kind that is wanted (Task, Pipeline, StepAction).

    `name` is the name beside the resolver: an address, in the concise syntax.
    """

    resolver: str
    params: Mapping[str, Any]
    kind: str
    name: str = ""

    @property
    def key(self) -> str:
        """The same for references that mean the same: their params in any order, without `cache`."""
        params = {name: value for name, value in sorted(self.params.items()) if name != "cache"}
        text = gojson.dumps({"resolver": self.resolver, "params": params})
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def request(self, namespace: str, name: str) -> str:
        """Return namespace/name of the ResolutionRequest that Tekton would make for the run `name`; messages have it.

        Source: pkg/resolution/resource/name.go, GenerateDeterministicNameFromSpec (FNV-1a, 128 bits).
        """
        parts = [f"{namespace}/{name}"]
        for key, value in sorted(() if self.name else self.params.items()):
            parts += [key, value if isinstance(value, str) else gojson.dumps(value)]
        found = f"{_fnv(''.join([*parts, self.name])):032x}"
        return f"{namespace}/{self.resolver[: 62 - len(found)]}-{found}"

    @property
    def shown(self) -> str:
        """How messages name it. Source: pkg/resolution/resource/name.go, GenerateErrorLogString."""
        if self.name:
            return self.name
        lines = [f"resolver type {self.resolver}"]
        lines += [f"{name} = {value}" for name, value in self.params.items() if name in ("name", "url")]
        return "".join(f"{line}\n" for line in lines)

    @property
    def text(self) -> str:
        """How people read it: git url=https://host/r.git pathInRepo=task.yaml."""
        return " ".join([self.resolver, *(f"{name}={value}" for name, value in self.params.items())])


def _fnv(text: str) -> int:
    """Return the FNV-1a hash of 128 bits."""
    value = 0x6C62272E07BB014262B821756295C58D
    for byte in text.encode():
        value = ((value ^ byte) * 0x1000000000000000000013B) % (1 << 128)
    return value


@dataclass(frozen=True, slots=True)
class Source:
    """Where an object came from: status.provenance.refSource. `digest` maps an algorithm to a hexadecimal value."""

    uri: str = ""
    digest: Mapping[str, str] = field(default_factory=dict)
    entry_point: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it with the field names of Tekton, without empty ones."""
        named = {"uri": self.uri, "digest": dict(self.digest), "entryPoint": self.entry_point}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A resolved object, checked and as v1."""

    document: Document
    source: Source

    @property
    def name(self) -> str:
        """The name in its metadata."""
        return str(self.document.data["metadata"].get("name") or "")


class Remote(Protocol):
    """Finds what references with a resolver mean; called from several threads. `namespace` is that of the run."""

    namespace: str

    def start(self, ask: Ask) -> None:
        """Begin to look, without waiting."""

    def fetch(self, ask: Ask, task: str = "") -> Fetched:
        """Return the object; waits. `task` is the pipeline task that has the reference, for messages.

        Raises Refused, Permanent, Invalid and Cancelled.
        """

    def keep(self) -> None:
        """Keep what was found, now and from now on: the run begins, and goes on with the same bytes when it is interrupted."""

    def stop(self) -> None:
        """Stop what still goes on: nobody waits for it any more."""

    def resolved(self) -> list[dict[str, Any]]:
        """Return what was found so far: resolver, kind, name and refSource of each."""


def ask_of(reference: Mapping[str, Any], kind: str) -> Ask:
    """Return what a reference with a `resolver` asks for; an address in its `name` becomes the param `url`.

    `git+https://host/repository@revision#path` gives the params of the git resolver: the form of its refSource.
    Source: pkg/reconciler/taskrun/resources/taskref.go (concise syntax), v1.15.
    """
    resolver, name = str(reference["resolver"]), str(reference.get("name") or "")
    params = {str(entry["name"]): entry.get("value") for entry in reference.get("params") or []}
    if name and not params:
        params = _of_address(name)
    return Ask(resolver, params, kind, name)


def _of_address(name: str) -> dict[str, Any]:
    if not name.startswith("git+"):
        return {"url": name}
    address, _, path = name.removeprefix("git+").partition("#")
    before, at, revision = address.rpartition("@")
    in_path = at and "/" in before.removeprefix(f"{urlsplit(address).scheme}://")
    url, revision = (before, revision) if in_path else (address, "")
    found = {"url": url, "revision": revision, "pathInRepo": path}
    return {key: value for key, value in found.items() if value}
