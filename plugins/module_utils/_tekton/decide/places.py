# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Named places inside an object: change what is there, or read it.

A place is written as upstream documents fields: `env[].valueFrom.secretKeyRef.name`; `[]` means every element of a
list, `*` every value of a map. Knows structure only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Place = tuple[str, ...]


def places(*paths: str) -> tuple[Place, ...]:
    """Return paths in the form that the functions below take."""
    return tuple(tuple(path.replace("[]", ".[]").split(".")) for path in paths)


def change(value: Mapping[str, Any], where: Sequence[Place], how: Callable[[str], str]) -> dict[str, Any]:
    """Return a copy of `value` with `how` applied to the texts at these places; what is absent stays absent."""
    out = dict(value)
    for place in where:
        if out.get(place[0]) is not None:  # most places of most objects are empty, and this is a hot path
            out = _change(out, place, how)
    return out


def _change(value: Any, place: Sequence[str], how: Callable[[str], str]) -> Any:
    if not place:
        return how(value) if isinstance(value, str) else value
    head, rest = place[0], place[1:]
    if head == "[]":
        return [_change(item, rest, how) for item in value] if isinstance(value, list) else value
    if head == "*":
        return {key: _change(item, rest, how) for key, item in value.items()} if isinstance(value, dict) else value
    if not isinstance(value, dict) or value.get(head) is None:
        return value
    return {**value, head: _change(value[head], rest, how)}


def read(value: Any, where: Sequence[Place]) -> Iterator[str]:
    """Yield the texts at these places."""
    for place in where:
        yield from _read(value, place)


def _read(value: Any, place: Sequence[str]) -> Iterator[str]:
    if not place:
        if isinstance(value, str):
            yield value
        return
    head, rest = place[0], place[1:]
    if head in ("[]", "*"):
        items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        for item in items:
            yield from _read(item, rest)
    elif isinstance(value, dict):
        yield from _read(value.get(head), rest)
