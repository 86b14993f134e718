# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The order in which the objects of a batch reach the cluster. Knows kinds, talks to nobody."""

from __future__ import annotations

from collections.abc import Sequence

from .._core.types import Manifest, split_api_version

NAMESPACES, DEFINITIONS, CONFIG, WORKLOADS, WEBHOOKS, CUSTOM = range(6)

_CONFIG = frozenset(
    [
        "PriorityClass",
        "StorageClass",
        "IngressClass",
        "RuntimeClass",
        "CSIDriver",
        "ResourceQuota",
        "LimitRange",
        "NetworkPolicy",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "ConfigMap",
        "Secret",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
    ]
)
_WEBHOOKS = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
_POLICIES = frozenset({"ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"})
_OWN_GROUPS = frozenset({"", "apps", "batch", "autoscaling", "policy", "extensions"})


def wave(obj: Manifest) -> int:
    """Return the wave of an object: namespaces, CRDs, configuration and RBAC, workloads, webhooks, custom resources."""
    group, kind = split_api_version(obj.get("apiVersion", ""))[0], obj.get("kind", "")
    builtin = group in _OWN_GROUPS or group.endswith(".k8s.io")
    if not group and kind == "Namespace":
        return NAMESPACES
    if group == "apiextensions.k8s.io":
        return DEFINITIONS
    if not builtin:
        return CUSTOM
    if kind in _WEBHOOKS or kind in _POLICIES:
        return WEBHOOKS
    return CONFIG if kind in _CONFIG else WORKLOADS


def waves(objects: Sequence[Manifest]) -> list[list[Manifest]]:
    """Return the objects by wave, in the given order inside each; empty waves are left out."""
    split: list[list[Manifest]] = [[] for _ in range(CUSTOM + 1)]
    for obj in objects:
        split[wave(obj)].append(obj)
    return [part for part in split if part]
