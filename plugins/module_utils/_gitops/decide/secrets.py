# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Hides the values of Secrets and still shows which of them differ.

Source: argo-cd v3.6 gitops-engine/pkg/diff/diff.go, HideSecretData.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..._core.types import Manifest
from . import three_way

_FIRST, _MORE = "+" * 8, "+" * 4


def hide(
    target: Manifest | None, live: Manifest | None, annotations: Iterable[str] = ()
) -> tuple[Manifest | None, Manifest | None]:
    """Return both sides with plus signs for values: as many where values are equal, other numbers where not.

    The same goes for what was applied last, which the live side carries as an annotation; a text that cannot be read
    is hidden whole. `annotations` names further annotations to hide.
    """
    sides: list[Any] = [three_way.normalise(copy.deepcopy(side)) if side else None for side in (target, live)]
    text = _metadata(sides[1]).get(three_way.LAST_APPLIED)
    applied, readable = _read(text)
    sides.append(three_way.normalise(applied) if applied else None)
    _mask([(side or {}).get("data") for side in sides], _FIRST)
    _mask([_metadata(side) for side in sides], _FIRST, set(annotations))
    if text is not None:
        _metadata(sides[1])[three_way.LAST_APPLIED] = json.dumps(sides[2]) if readable else _FIRST
    return sides[0], sides[1]


def _metadata(obj: Manifest | None) -> dict[str, Any]:
    found = ((obj or {}).get("metadata") or {}).get("annotations")
    return found if isinstance(found, dict) else {}


def _read(text: str | None) -> tuple[Manifest | None, bool]:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None, False
    return (found, True) if isinstance(found, dict) else (None, False)


def _mask(maps: Sequence[dict[str, Any] | None], first: str, only: set[str] | None = None) -> None:
    present = [found for found in maps if isinstance(found, dict)]
    keys = {key for found in present for key in found} if only is None else only
    for key in keys:
        marks: dict[str, str] = {}
        for found in present:
            if key in found:
                found[key] = marks.setdefault(str(found[key] or ""), first + _MORE * len(marks))
