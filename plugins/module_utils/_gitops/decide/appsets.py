# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an ApplicationSet's settings allow it to do with its Applications. Pure.

Source: argo-cd v3.6 pkg/apis/application/v1alpha1/applicationset_types.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def may_update(policy: str) -> bool:
    """Return whether a policy (create-only, create-update, create-delete, sync) allows to change Applications."""
    return policy in ("sync", "create-update")


def may_delete(policy: str) -> bool:
    """Return whether a policy allows to delete Applications."""
    return policy in ("sync", "create-delete")


def gitlab_shared_projects(generator: Mapping[str, Any]) -> bool:
    """Return whether a GitLab group's shared projects count too; they do unless it is said otherwise."""
    return generator.get("includeSharedProjects") is not False
