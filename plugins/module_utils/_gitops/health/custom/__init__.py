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
from .clouds import AWS_CONTROLLERS, config_connector, managed
from .clouds import RULES as CLOUDS
from .cluster import RULES as CLUSTER
from .cluster import airlock
from .data import RULES as DATA
from .delivery import RULES as DELIVERY
from .kruise import RULES as KRUISE
from .messages import RULES as MESSAGES
from .operators import RULES as OPERATORS
from .operators import victoria_metrics
from .promoter import RULES as PROMOTER
from .rules import Check
from .services import RULES as SERVICES
from .services import grafana_org

RULES: dict[tuple[str, str], Check] = {
    **ARGO, **CLOUDS, **CLUSTER, **DATA, **DELIVERY, **KRUISE, **MESSAGES, **OPERATORS, **PROMOTER, **SERVICES
}  # fmt: skip


# Whole families of kinds: the end of the group's name, and the check for those kinds that have none of their own.
FAMILIES: tuple[tuple[str, Check], ...] = (
    (".crossplane.io", managed("crossplane")),
    (".upbound.io", managed("upbound")),
    (".cnrm.cloud.google.com", config_connector),
    (".services.k8s.aws", AWS_CONTROLLERS),
)
GROUPS: dict[str, Check] = {
    "grafana-org-operator.kubitus-project.gitlab.io": grafana_org,
    "microgateway.airlock.com": airlock,
    "operator.victoriametrics.com": victoria_metrics,
}


def custom(obj: Manifest) -> Health | None:
    """Return the health by the check for the kind, its group or its family of groups; None when there is none."""
    group, _version = split_api_version(str(obj.get("apiVersion", "")))
    check = RULES.get((group, str(obj.get("kind", "")))) or GROUPS.get(group)
    if check is None:
        check = next((found for ending, found in FAMILIES if group.endswith(ending)), None)
    return check(obj) if check else None
