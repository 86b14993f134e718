# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reads Dockerfiles: lines to instructions, variables in words, flags and JSON forms.

Knows the language, not what instructions do. Source of the rules: docs.docker.com/reference/dockerfile
and github.com/moby/buildkit frontend/dockerfile/{parser,shell} (v0.12).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._core.errors import Invalid, Place

_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*$", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*[A-Za-z][A-Za-z0-9]*\s*=")
_VARIABLE = re.compile(
    r"\\(?P<quoted>.)|\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<op>:?[-+?])?(?P<word>[^}]*)\})"
)
_HEREDOC = re.compile(r"(?:^|\s)<<-?[\"']?[A-Za-z_]")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in capitals, flags, and the rest of the (joined) line."""

    name: str
    rest: str
    flags: Mapping[str, str]
    place: Place

    def __str__(self) -> str:
        return f"{self.name} {self.rest}".strip()

    def wrong(self, message: str, hint: str = "") -> Invalid:
        """Return the error that names this instruction."""
        return Invalid(self.name, message, hint=hint, at=self.place)

    def json_form(self) -> tuple[str, ...] | None:
        """Return the words of the JSON form, None when it is the shell form."""
        if not self.rest.startswith("["):
            return None
        try:
            words = json.loads(self.rest)
        except ValueError:
            return None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            return None
        return tuple(words)


def parse(text: str, file: str = "Dockerfile") -> list[Instruction]:
    """Return the instructions of a Dockerfile; Invalid (file and line) for what is none."""
    escape, lines = _directives(text.removeprefix("\ufeff").splitlines())
    found: list[Instruction] = []
    joined, started = "", 0
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if bare.startswith("#") or (not bare and not joined):
            continue
        started = started or number
        going_on = line.rstrip().endswith(escape)
        joined += line.rstrip()[:-1] if going_on else line.rstrip()
        if not going_on:
            found.append(_instruction(joined.strip(), Place(file, started)))
            joined, started = "", 0
    if joined.strip():
        found.append(_instruction(joined.strip(), Place(file, started)))
    if not found:
        raise Invalid("FROM", "the file holds no instruction", at=Place(file, 1))
    return found


def _directives(lines: list[str]) -> tuple[str, list[str]]:
    for line in lines:
        if not _DIRECTIVE.match(line.strip()):
            break
        chosen = _ESCAPE.match(line.strip())
        if chosen:
            return chosen.group(1), lines
    return "\\", lines


def _instruction(line: str, place: Place) -> Instruction:
    word, _, rest = line.partition(" ") if " " in line else line.partition("\t")
    name = word.upper()
    if not word.isalpha():
        raise Invalid(word, "is not a Dockerfile instruction", at=place)
    if _HEREDOC.search(rest) and name in ("RUN", "COPY", "ADD"):
        raise Invalid(name, "here-documents are not supported", hint="put the text into a file and COPY it", at=place)
    flags: dict[str, str] = {}
    rest = rest.strip()
    while rest.startswith("--") and name in ("FROM", "COPY", "ADD", "RUN", "HEALTHCHECK"):
        flag, _, rest = rest.partition(" ")
        key, _, value = flag[2:].partition("=")
        flags[key] = value
        rest = rest.strip()
    return Instruction(name, rest, flags, place)


def expand(text: str, variables: Mapping[str, str], instruction: Instruction) -> str:
    """Return `text` with $NAME, ${NAME}, ${NAME:-default}, ${NAME:+other} and ${NAME:?message} replaced.

    Unknown variables become empty. A backslash keeps the next character; single quotes are not special here.
    """

    def one(found: re.Match[str]) -> str:
        if found["quoted"] is not None:
            return found["quoted"] if found["quoted"] == "$" else found[0]
        name = found["name"] or found["braced"]
        return _choose(variables.get(name), found["op"] or "", found["word"] or "", name)

    def _choose(value: str | None, op: str, word: str, name: str) -> str:
        missing = not value if op.startswith(":") else value is None
        if op.endswith("-"):
            return expand(word, variables, instruction) if missing else value or ""
        if op.endswith("+"):
            return "" if missing else expand(word, variables, instruction)
        if op.endswith("?") and missing:
            raise instruction.wrong(f"the variable {name} is not set: {word}".rstrip(": "))
        if not op and word:
            raise instruction.wrong(f"unsupported expansion of {name}: '{word}'")
        return value or ""

    return _VARIABLE.sub(one, text)


def words(instruction: Instruction, variables: Mapping[str, str]) -> list[str]:
    """Return the words of a line, variables replaced, quotes removed."""
    listed = instruction.json_form()
    if listed is not None:
        return [expand(word, variables, instruction) for word in listed]
    try:
        split = shlex.split(expand(instruction.rest, variables, instruction))
    except ValueError as error:
        raise instruction.wrong(f"cannot be read: {error}") from error
    return split


def pairs(instruction: Instruction, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the NAME=value pairs of ENV, LABEL; also the old form `ENV NAME value`."""
    first = instruction.rest.split(None, 1)
    if first and "=" not in first[0]:
        if len(first) < 2:
            raise instruction.wrong("a name needs a value", hint=f"{instruction.name} NAME=value")
        return [(first[0], expand(first[1], variables, instruction))]
    found = []
    for word in _quoted_words(instruction):
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise instruction.wrong(f"'{word}' is not NAME=value")
        found.append((_unquote(expand(name, variables, instruction)), _value(value, variables, instruction)))
    if not found:
        raise instruction.wrong("needs at least one NAME=value")
    return found


def _quoted_words(instruction: Instruction) -> Sequence[str]:
    found = re.findall(r"(?:[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*')+", instruction.rest)
    if "".join(found) != re.sub(r"\s+", "", instruction.rest) and len("".join(found).split()) == 0:
        raise instruction.wrong("has an unfinished quotation")
    return found


def _value(text: str, variables: Mapping[str, str], instruction: Instruction) -> str:
    # Single quotes keep the text as it is, double quotes and bare words are expanded.
    pieces = re.findall(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|(?:[^'\"\\]|\\.)+", text)
    done = []
    for piece in pieces:
        if piece.startswith("'"):
            done.append(piece[1:-1])
        elif piece.startswith('"'):
            done.append(re.sub(r'\\(["\\])', r"\1", expand(piece[1:-1], variables, instruction)))
        else:
            done.append(re.sub(r"\\(.)", r"\1", expand(piece, variables, instruction)))
    return "".join(done)


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
