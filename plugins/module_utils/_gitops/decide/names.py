# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Names of an Application in different mouths: qualified, in tracking values, in access rules. Pure.

Source: argo-cd v3.6 util/argo/argo.go, util/security/{rbac,application_namespaces}.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._lang import globs


@dataclass(frozen=True, slots=True)
class AppName:
    """Name and namespace of an Application."""

    name: str
    namespace: str


def from_qualified(text: str, default: str) -> AppName:
    """Return the parts of namespace/name; a bare name lies in `default`."""
    return _parts(text, default, "/")


def from_instance(text: str, default: str) -> AppName:
    """Return the parts of namespace_name; a bare name lies in `default`."""
    return _parts(text, default, "_")


def _parts(text: str, default: str, mark: str) -> AppName:
    namespace, found, name = text.partition(mark)
    return AppName(name, namespace) if found else AppName(text, default)


def instance(name: str, namespace: str, default: str) -> str:
    """Return the name for tracking values: namespace_name, the bare name in the default namespace."""
    return name if namespace in ("", default) else f"{namespace}_{name}"


def instance_of_qualified(text: str, default: str) -> str:
    """Return the name for tracking values of a qualified name."""
    app = from_qualified(text, default)
    return instance(app.name, app.namespace, default)


def rbac(default: str, project: str, namespace: str, name: str) -> str:
    """Return the object of access rules: project/namespace/name, without namespace in the default one."""
    if default and namespace and namespace != default:
        return f"{project}/{namespace}/{name}"
    return f"{project}/{name}"


def namespace_enabled(namespace: str, control: str, enabled: Sequence[str]) -> bool:
    """Return whether Applications of a namespace are looked at: the control plane's own, and those in the list."""
    return namespace == control or globs.in_list(enabled, namespace, "regexp")
