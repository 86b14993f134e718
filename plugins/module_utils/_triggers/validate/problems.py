# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a validation finds, as Kubernetes admission reports it: a message, the fields, details.

Source: knative.dev/pkg apis/field_error.go (messages, paths, merging).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `paths` are fields such as spec.triggers[0].name; an empty path is the object itself."""

    message: str
    paths: tuple[str, ...] = ()
    details: str = ""

    def __str__(self) -> str:
        text = f"{self.message}: {', '.join(self.paths)}"
        return f"{text}\n{self.details}" if self.details else text


Problems = list[Problem]


def missing(*paths: str) -> Problem:
    """A field that must be set is not."""
    return Problem("missing field(s)", paths)


def missing_one_of(*paths: str) -> Problem:
    """None of the fields is set, and exactly one must be."""
    return Problem("expected exactly one, got neither", paths)


def multiple_one_of(*paths: str) -> Problem:
    """More than one of the fields is set."""
    return Problem("expected exactly one, got both", paths)


def disallowed(*paths: str) -> Problem:
    """A field is set that must not be."""
    return Problem("must not set the field(s)", paths)


def invalid(value: object, path: str, details: str = "") -> Problem:
    """A field has a value that it cannot have."""
    return Problem(f"invalid value: {value}", (path,), details)


def via(field: str, problems: Iterable[Problem]) -> Problems:
    """Return the problems of what stands under `field`, with that field before their paths."""
    return [Problem(p.message, tuple(_joined(field, path) for path in p.paths), p.details) for p in problems]


def _joined(field: str, path: str) -> str:
    if not path or not field:
        return path or field
    return field + path if path.startswith("[") else f"{field}.{path}"


def merged(problems: Sequence[Problem]) -> Problems:
    """Return one problem per message and details, with all their paths, in the order upstream prints them."""
    paths: dict[tuple[str, str], set[str]] = {}
    for problem in problems:
        paths.setdefault((problem.message, problem.details), set()).update(problem.paths)
    return [Problem(message, tuple(sorted(found)), details) for (message, details), found in sorted(paths.items())]


def text(problems: Sequence[Problem]) -> str:
    """Return the message of all problems, or an empty text when there are none."""
    return "\n".join(map(str, merged(problems)))
