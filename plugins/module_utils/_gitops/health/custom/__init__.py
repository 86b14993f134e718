# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks of Argo CD for kinds that are not Kubernetes' own, by group and kind.

Source: argo-cd v3.6 resource_customizations (what the shipped checks answer; our rules are written as tables).
"""

from __future__ import annotations

from ...._core.types import Manifest, split_api_version
from ..status import Health
from .argo import RULES as ARGO
from .promoter import RULES as PROMOTER
from .rules import Check

RULES: dict[tuple[str, str], Check] = {**ARGO, **PROMOTER}


def custom(obj: Manifest) -> Health | None:
    """Return the health by the check for the kind, None when there is none."""
    group, _version = split_api_version(str(obj.get("apiVersion", "")))
    check = RULES.get((group, str(obj.get("kind", ""))))
    return check(obj) if check else None
