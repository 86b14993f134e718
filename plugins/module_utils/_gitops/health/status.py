# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a health is, and which of two is worse. Source: argo-cd v3.6 gitops-engine/pkg/health/health.go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.types import Manifest

ORDER = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")


@dataclass(frozen=True, slots=True)
class Health:
    """Status and message."""

    status: str
    message: str = ""


def worst(statuses: Sequence[str]) -> str:
    """Return the worst of some statuses, Healthy for none."""
    return max(statuses, key=ORDER.index, default="Healthy")


def status_of(obj: Manifest) -> Mapping[str, Any]:
    """Return the status of an object, empty when there is none."""
    found = obj.get("status")
    return found if isinstance(found, dict) else {}


def conditions(obj: Manifest) -> Sequence[Mapping[str, Any]]:
    """Return the conditions of an object in their order."""
    found = status_of(obj).get("conditions")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
