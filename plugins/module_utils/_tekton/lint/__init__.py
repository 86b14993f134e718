# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What Tekton takes and a careful reader would not: findings with their place and, where there is one, the cure.

Reads a parsed set of objects; runs nothing, refuses nothing. The rules are in the neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model.parse import Bundle
from . import images, injection, passing, sets, usage
from .finding import SEVERITIES, Finding

__all__ = ["SEVERITIES", "Finding", "lint"]
_RULES: tuple[Callable[[Bundle], Iterator[Finding]], ...] = (
    sets.check,
    injection.check,
    images.check,
    usage.check,
    passing.check,
)


def lint(bundle: Bundle) -> list[Finding]:
    """Return the findings of a set of objects, by file and line. Nothing is raised: the set has been parsed."""
    found = (finding for rule in _RULES for finding in rule(bundle))
    return sorted(found, key=lambda one: (one.file, one.line, one.field, one.rule))
