# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Health of any object: pending deletion first, then the checks for kinds of others, then Kubernetes' own kinds.

Source: argo-cd v3.6 gitops-engine/pkg/health/health.go (GetResourceHealth), util/lua/lua.go (which check is taken).
"""

from __future__ import annotations

from ..._core.types import Manifest
from ..decide import hooks
from .builtin import builtin
from .custom import custom
from .status import Health


def health(obj: Manifest) -> Health | None:
    """Return the health of an object; None when there is no rule for its kind, which counts as fine.

    A hook that is being deleted keeps its own health while our finalizer holds it: its result still counts.
    """
    meta = obj.get("metadata") or {}
    if meta.get("deletionTimestamp") and hooks.FINALIZER not in (meta.get("finalizers") or []):
        return Health("Progressing", "Pending deletion")
    return custom(obj) or builtin(obj)
