# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The environment of a container, as Kubernetes makes it: envFrom, env in order, values from elsewhere.

Source: Kubernetes 1.36 pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..._core import quantity
from ..._core.errors import Invalid, Refused
from ..decide.entrypoint import expand

Lookup = Callable[[str, str], Mapping[str, bytes]]
_KEYED = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_KINDS = (("Secret", "secret"), ("ConfigMap", "configMap"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a pod would know of itself. The address is this machine's own: its network is shared."""

    task_run: str
    namespace: str = "default"
    service_account: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""

    def of(self, path: str) -> str | None:
        """Return the value of a fieldPath, None for one that has no meaning here."""
        if match := _KEYED.fullmatch(path):
            return self._labels().get(match[2], "") if match[1] == "labels" else ""
        return {
            "metadata.name": f"{self.task_run}-pod",
            "metadata.namespace": self.namespace,
            "metadata.uid": self.uid or None,
            "metadata.labels": "\n".join(f'{key}="{value}"' for key, value in sorted(self._labels().items())),
            "metadata.annotations": "",
            "spec.nodeName": platform.node(),
            "spec.serviceAccountName": self.service_account,
            "status.podIP": "127.0.0.1",
            "status.podIPs": "127.0.0.1",
            "status.hostIP": "127.0.0.1",
            "status.hostIPs": "127.0.0.1",
        }.get(path)

    def _labels(self) -> dict[str, str]:
        own = {"app.kubernetes.io/managed-by": "tekton-pipelines", "tekton.dev/taskRun": self.task_run}
        return {**own, **self.labels}


def variables(container: Mapping[str, Any], base: Mapping[str, str], lookup: Lookup, facts: Facts) -> dict[str, str]:
    """Return `base` and the variables that a container declares. Invalid for a missing Secret, ConfigMap or key."""
    env = dict(base)
    for source in container.get("envFrom") or []:
        for kind, key in _KINDS:
            if f"{key}Ref" in source:
                found = _content(lookup, kind, source[f"{key}Ref"])
                env.update({str(source.get("prefix") or "") + k: v.decode() for k, v in (found or {}).items()})
    for entry in container.get("env") or []:
        value = _value(entry, container, env, lookup, facts)
        if value is not None:
            env[str(entry["name"])] = value
    return env


def _value(
    entry: Mapping[str, Any], container: Mapping[str, Any], env: Mapping[str, str], lookup: Lookup, facts: Facts
) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return expand(str(entry.get("value") or ""), env)
    for kind, key in _KINDS:
        if f"{key}KeyRef" in source:
            return _key(lookup, kind, source[f"{key}KeyRef"], str(entry["name"]))
    found = None
    if "fieldRef" in source:
        found = facts.of(str(source["fieldRef"].get("fieldPath")))
    if "resourceFieldRef" in source:
        found = resource(source["resourceFieldRef"], container)
    if found is None:
        what = ", ".join(f"{name} {given}" for name, given in source.items())
        raise Refused(f"env {entry['name']}: {what} has no value for a local process", hint="give a value")
    return found


def _content(lookup: Lookup, kind: str, reference: Mapping[str, Any]) -> Mapping[str, bytes] | None:
    """Return what a reference names; None for an optional one that is not there."""
    try:
        return lookup(kind, str(reference.get("name")))
    except Invalid:
        if reference.get("optional"):
            return None
        raise


def _key(lookup: Lookup, kind: str, reference: Mapping[str, Any], name: str) -> str | None:
    found = _content(lookup, kind, reference)
    if found is not None and reference["key"] in found:
        return found[reference["key"]].decode()
    if reference.get("optional"):
        return None
    there = ", ".join(sorted(found or {})) or "none"
    raise Invalid(
        f"env {name}", f"{kind} {reference.get('name')!r} has no key {reference['key']!r}", hint=f"its keys: {there}"
    )


def resource(reference: Mapping[str, Any], container: Mapping[str, Any]) -> str | None:
    """Return a container's own request or limit in units of the divisor, rounded up; None when it has none."""
    group, _dot, name = str(reference.get("resource")).partition(".")
    given = ((container.get("computeResources") or {}).get(group) or {}).get(name)
    if given is None or reference.get("containerName"):
        return None
    divisor = quantity.parse(reference.get("divisor") or 1) or Fraction(1)
    share = quantity.parse(given) / divisor
    return str(-(-share.numerator // share.denominator))
