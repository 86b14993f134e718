# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Versions and constraints as the hub resolver reads them. Pure.

Source: hashicorp/go-version v1 {version,constraint}.go; tektoncd/pipeline pkg/remoteresolution/resolver/hub/resolve.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_VERSION = re.compile(
    r"v?([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z\-~]+(?:\.[0-9A-Za-z\-~]+)*))?(?:\+([0-9A-Za-z\-~]+(?:\.[0-9A-Za-z\-~]+)*))?"
)
_CONSTRAINT = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Version:
    """A version: its numbers (at least three), how many were written, and what follows a dash."""

    numbers: tuple[int, ...]
    written: int
    prerelease: str = ""

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers)) + (f"-{self.prerelease}" if self.prerelease else "")

    @property
    def rank(self) -> tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]:
        """What versions are ordered by: a prerelease comes before its version, numbers in it before words."""
        parts = tuple(
            (not part.isdigit(), int(part) if part.isdigit() else 0, part)
            for part in self.prerelease.split(".")
            if part
        )
        return self.numbers, not self.prerelease, parts


@dataclass(frozen=True, slots=True)
class Constraint:
    """One comparison."""

    operator: str
    version: Version


def parse(text: str) -> Version | None:
    """Return the version, None when `text` is none."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        return None
    numbers = tuple(int(part) for part in found[1].split("."))
    return Version(numbers + (0,) * (3 - len(numbers)), len(numbers), found[2] or "")


def constraints(text: str) -> list[Constraint] | None:
    """Return the comparisons of a text such as ">= 0.7, < 1"; None when it is no constraint. A version alone means itself."""
    out = []
    for part in text.split(","):
        found = _CONSTRAINT.fullmatch(part)
        version = parse(found[2]) if found else None
        if found is None or version is None:
            return None
        out.append(Constraint(found[1] or "=", version))
    return out


def highest(versions: Sequence[str], wanted: Sequence[Constraint]) -> str:
    """Return the highest version that fits all, as go-version prints it; empty when none does."""
    known = [version for version in map(parse, versions) if version is not None]
    fitting = [version for version in known if all(_fits(version, one) for one in wanted)]
    return str(max(fitting, key=lambda version: version.rank)) if fitting else ""


def _fits(version: Version, wanted: Constraint) -> bool:
    other, operator = wanted.version, wanted.operator
    if operator == "=":
        return version.rank == other.rank
    if operator == "!=":
        return version.rank != other.rank
    if not _prerelease_fits(version, other):
        return False
    if operator == "~>":
        kept = max(other.written - 1, 1)
        same = version.numbers[:kept] == other.numbers[:kept] if other.written > 1 else True
        return version.rank >= other.rank and same
    higher, equal = version.rank > other.rank, version.rank == other.rank
    return {">": higher, ">=": higher or equal, "<": not higher and not equal, "<=": not higher}[operator]


def _prerelease_fits(version: Version, other: Version) -> bool:
    """A prerelease fits only a constraint that names a prerelease of the same version."""
    if version.prerelease and other.prerelease:
        return version.numbers == other.numbers
    return not version.prerelease


def spelled(version: str, hub: str) -> str:
    """Return a version as the type of hub writes it: three numbers on Artifact Hub, two on a Tekton Hub."""
    parts = version.split(".")
    if hub == "artifact" and len(parts) == 2:
        return f"{version}.0"
    return ".".join(parts[:2]) if hub == "tekton" and len(parts) > 2 else version
