# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What Tekton takes and a careful reader would not: findings with their place and, where there is one, the cure.

Reads a parsed set of objects; runs nothing, refuses nothing. The rules are in the neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from ..._core.types import Manifest
from ..model.parse import Bundle
from . import images, injection, passing, sets, usage
from .finding import RULES, SEVERITIES, Finding, named

__all__ = ["IGNORE", "RULES", "SEVERITIES", "Finding", "lint"]
IGNORE = "slipway.dev/lint-ignore"
_RULES: tuple[Callable[[Bundle], Iterator[Finding]], ...] = (
    sets.check,
    injection.check,
    images.check,
    usage.check,
    passing.check,
)


def lint(bundle: Bundle, ignore: Collection[str] = ()) -> list[Finding]:
    """Return the findings of a set of objects, by file and line. Nothing is raised: the set has been parsed.

    Rules in `ignore` are left out, and for an object those in its annotation slipway.dev/lint-ignore (names between
    commas).
    """
    documents = [*bundle.objects.values(), *bundle.replaced]
    quiet = {(document.file, named(document.data)): _ignored(document.data) for document in documents}
    found = (finding for rule in _RULES for finding in rule(bundle))
    told = [one for one in found if one.rule not in {*ignore, *quiet.get((one.file, one.obj), ())}]
    return sorted(told, key=lambda one: (one.file, one.line, one.field, one.rule))


def _ignored(obj: Manifest) -> list[str]:
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    return [name.strip() for name in str(annotations.get(IGNORE) or "").split(",")]
