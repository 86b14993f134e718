# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Generators of generators: matrix multiplies two, merge joins several by keys.

`run` makes the parameter sets of one child, with the parameters of the first for the second of a matrix.
Source: argo-cd v3.2 applicationset/generators/{matrix,merge,interface}.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core import duration, gojson
from ..._core.errors import Invalid
from . import params as sets
from .render import Params, Style

KINDS = (
    "list", "clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "matrix", "merge", "plugin",
)  # fmt: skip
REQUEUE, REQUEUE_MOST, REQUEUE_SCM = 180.0, 8760 * 3600.0, 1800.0
_POLLED = {"git": REQUEUE, "clusterDecisionResource": REQUEUE, "scmProvider": REQUEUE_SCM, "pullRequest": REQUEUE_SCM}

Generator = Mapping[str, Any]
Run = Callable[[Generator, Params], list[Params]]


def kinds_of(generator: Generator) -> list[str]:
    """Return which generators an entry names, in upstream's order."""
    return [kind for kind in KINDS if generator.get(kind) is not None]


def _one_kind(generator: Generator) -> None:
    kinds = kinds_of(generator)
    if not kinds:
        raise Invalid("generators", "child generator generated no parameters")
    if len(kinds) > 1:
        raise Invalid("generators", "found more than one generator in matrix.Generators")


def matrix(generators: Sequence[Generator], run: Run, style: Style) -> list[Params]:
    """Return each set of the first generator with each of the second. Invalid for another number of generators."""
    if len(generators) < 2:
        raise Invalid("matrix.generators", "found less than two generators, Matrix support only two")
    if len(generators) > 2:
        raise Invalid("matrix.generators", "found more than two generators, Matrix support only two")
    first = _child("error failed to get params for first generator in matrix generator", generators[0], run, {})
    out = []
    for left in first:
        where = "failed to get params for second generator in the matrix generator"
        for right in _child(where, generators[1], run, left):
            out.append(sets.merged(right, left) if style.go else sets.combine(left, right))
    return out


def _child(where: str, generator: Generator, run: Run, params: Params) -> list[Params]:
    try:
        _one_kind(generator)
        return run(generator, params)
    except Invalid as error:
        raise Invalid("generators", f"{where}: {error.message}") from error


def merge(keys: Sequence[str], generators: Sequence[Generator], run: Run, style: Style) -> list[Params]:
    """Return the sets of the first generator, overridden by those of the others that have the same merge keys."""
    if len(generators) < 2:
        raise Invalid("merge.generators", "found less than two generators, Merge requires two or more")
    base: dict[str, Params] = {}
    for index, generator in enumerate(generators):
        where = f"error getting param sets from generators: error getting params from generator {index + 1} of {len(generators)}"
        found = _child(where, generator, run, {})
        try:
            keyed = by_merge_key(keys, found)
        except Invalid as error:
            raise Invalid("merge", f"error getting param sets by merge key: {error.message}") from error
        if index == 0:
            base = keyed
            continue
        base = {key: sets.override(one, keyed[key], style) if key in keyed else one for key, one in base.items()}
    return list(base.values())


def by_merge_key(keys: Sequence[str], found: Sequence[Params]) -> dict[str, Params]:
    """Return the sets by their merge keys as JSON. Invalid without keys, and for two sets of the same."""
    if not keys:
        raise Invalid("merge.mergeKeys", "no merge keys were specified, Merge requires at least one")
    out: dict[str, Params] = {}
    for one in found:
        key = gojson.dumps({name: one.get(name) for name in keys})
        if key in out:
            text = (
                "the parameters from a generator were not unique by the given mergeKeys, Merge requires all param sets"
            )
            raise Invalid("merge.mergeKeys", f"{text} to be unique. Duplicate key was {key}")
        out[key] = one
    return out


def default_requeue(text: str) -> float:
    """Return the seconds between two looks at what a generator polls; an unusable setting gives three minutes."""
    try:
        seconds = duration.parse_go(text) if text else REQUEUE
    except Invalid:
        return REQUEUE
    return seconds if 1.0 <= seconds <= REQUEUE_MOST else REQUEUE


def requeue_after(generator: Generator) -> float | None:
    """Return the seconds after which a generator must look again, None when events tell it or it is told never to."""
    found = []
    for kind in kinds_of(generator):
        spec = generator[kind]
        if kind in ("matrix", "merge"):
            found += [after for child in spec.get("generators") or [] if (after := requeue_after(child)) is not None]
        elif spec.get("requeueAfterSeconds") is not None:
            found += [float(spec["requeueAfterSeconds"])] if spec["requeueAfterSeconds"] else []
        elif kind in _POLLED:
            found.append(_POLLED[kind])
    return min(found, default=None)
