# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is wrong with an object, as values: the message, where it stands, and words for a person.

Knows how upstream builds and merges paths; must not know Tekton's kinds.
Source: knative.dev/pkg apis/field_error.go (FieldError, ViaField, ErrMissingField and their like).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_ESCAPES = {
    **dict(zip("\a\b\f\n\r\t\v", (r"\a", r"\b", r"\f", r"\n", r"\r", r"\t", r"\v"), strict=True)),
    "\\": "\\\\",
    '"': '\\"',
}
_INDEX = re.compile(r"\[.*\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `paths` are upstream's; one without paths belongs to the whole object, whatever its prefix.

    For people: `at` is the place in the object, also where upstream has no path or a shorter one; `plain` a sentence
    that fits behind it, and `hint` what to do, where upstream's message says too little.
    """

    message: str
    paths: tuple[str, ...] = ()
    details: str = ""
    at: str = ""
    plain: str = ""
    hint: str = ""

    def via(self, *prefix: str, at: str | None = None) -> Problem:
        """Return the problem as seen from further up: `prefix` before every path, and the place unless `at` is."""
        above = prefix if at is None else (at,)
        place = flatten(*above, self.at or next(iter(self.paths), ""))
        return replace(self, paths=tuple(flatten(*prefix, path) for path in self.paths), at=place)


Problems = tuple[Problem, ...]


def flatten(*parts: str) -> str:
    """Join parts to a path: empty ones vanish, [0] and [key] stand behind what they index."""
    out: list[str] = []
    for part in (piece for text in parts for piece in text.split(".")):
        if part and out and _INDEX.fullmatch(part):
            out[-1] += part
        elif part:
            out.append(part)
    return ".".join(out)


def via(problems: Iterable[Problem], *prefix: str, at: str | None = None) -> Problems:
    """Return the problems with `prefix` before their paths; `at` stands before their places where those differ."""
    return tuple(problem.via(*prefix, at=at) for problem in problems)


def at_index(index: int | str) -> str:
    """Return the part of a path for a list's element or a key: [2], [name]."""
    return f"[{index}]"


def merged(problems: Iterable[Problem]) -> dict[tuple[str, str], list[str]]:
    """Return the paths by (message, details), sorted and each once: what upstream shows as one error."""
    found: dict[tuple[str, str], set[str]] = {}
    for problem in problems:
        found.setdefault((problem.message, problem.details), set()).update(problem.paths)
    return {key: sorted(paths) for key, paths in sorted(found.items())}


def text(problems: Iterable[Problem]) -> str:
    """Return what upstream's webhook would print: a line for each error, details on a line below."""
    lines = []
    for (message, details), paths in merged(problems).items():
        lines.append(f"{message}: {', '.join(paths)}" + (f"\n{details}" if details else ""))
    return "\n".join(lines)


def quoted(value: str) -> str:
    """Return `value` as Go's %q prints it."""
    return '"' + "".join(_ESCAPES.get(char, char if char.isprintable() else _code(char)) for char in value) + '"'


def _code(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x80 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def generic(message: str, *paths: str) -> Problem:
    """Any message; with no paths it has no place upstream. Source: ErrGeneric."""
    return Problem(message, paths)


def missing(*paths: str) -> Problem:
    """Fields that must be there. Source: ErrMissingField."""
    return Problem("missing field(s)", paths)


def neither(*paths: str) -> Problem:
    """Fields of which one must be there. Source: ErrMissingOneOf."""
    return Problem("expected exactly one, got neither", paths)


def both(*paths: str) -> Problem:
    """Fields that exclude each other, or one that comes twice. Source: ErrMultipleOneOf."""
    return Problem("expected exactly one, got both", paths)


def invalid(value: object, path: str, details: str = "") -> Problem:
    """A value, or what is wrong with it. Source: ErrInvalidValue."""
    return Problem(f"invalid value: {value}", (path,), details)


def invalid_key(key: str, path: str, details: str) -> Problem:
    """A name that is none. Source: ErrInvalidKeyName."""
    return Problem(f"invalid key name {quoted(key)}", (path,), details)


def disallowed(*paths: str) -> Problem:
    """Fields that must not be there. Source: ErrDisallowedFields."""
    return Problem("must not set the field(s)", paths)


def out_of_bounds(value: int, least: int, most: int, path: str) -> Problem:
    """A number outside its bounds. Source: ErrOutOfBoundsValue."""
    return Problem(f"expected {least} <= {value} <= {most}", (path,))
