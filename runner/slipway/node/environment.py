# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment and the command line of a container.

Pure: what the cluster holds comes through `Lookup`. Source of the rules: Kubernetes 1.36
pkg/kubelet/kubelet_pods.go makeEnvironmentVariables, third_party/forked/golang/expansion.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.slipway.gitops.plugins.module_utils._core import quantity
from ansible_collections.slipway.gitops.plugins.module_utils._core.types import Manifest, deep_get

_REFERENCE = re.compile(r"\$(?:\$|\(([^()$]+)\))")
_KEYED = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName")


class ConfigError(Exception):
    """The container cannot be created as written: CreateContainerConfigError and its message."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the downward API tells. `node` is the node's allocatable, as quantities."""

    pod: Manifest
    pod_ip: str
    host_ip: str
    node: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where values come from: each returns the object in the pod's namespace, None when it is not there."""

    config_map: Callable[[str], Manifest | None]
    secret: Callable[[str], Manifest | None]


def expand(text: str, env: Mapping[str, str]) -> str:
    """Return `text` with $(NAME) replaced; $$ is a dollar sign, unknown names stay as they are."""

    def one(found: re.Match[str]) -> str:
        name = found.group(1)
        return "$" if name is None else env.get(name, found.group(0))

    return _REFERENCE.sub(one, text)


def variables(container: Manifest, base: Mapping[str, str], facts: Facts, lookup: Lookup) -> dict[str, str]:
    """Return the environment: `base` (image and node), envFrom, env, later ones over earlier ones."""
    env = dict(base)
    for source in container.get("envFrom") or []:
        env.update(_from(source, lookup, facts))
    for item in container.get("env") or []:
        value = _value(item, container, env, facts, lookup)
        if value is not None:
            env[item["name"]] = value
    return env


def command(
    container: Manifest, entrypoint: tuple[str, ...], cmd: tuple[str, ...], env: Mapping[str, str]
) -> list[str]:
    """Return the command line: command replaces ENTRYPOINT and drops CMD, args replace CMD."""
    own = container.get("command")
    args = container.get("args")
    head = list(own or entrypoint)
    tail = list(args or (() if own else cmd))
    whole = [expand(part, env) for part in (own or [])] or head
    whole += [expand(part, env) for part in tail] if args else tail
    if not whole:
        raise ConfigError("no command specified: neither the container nor the image names one")
    return whole


def _from(source: Manifest, lookup: Lookup, facts: Facts) -> dict[str, str]:
    prefix = source.get("prefix") or ""
    for field, find in (("configMapRef", lookup.config_map), ("secretRef", lookup.secret)):
        wanted = source.get(field)
        if wanted is None:
            continue
        found = find(wanted.get("name", ""))
        if found is None and not wanted.get("optional"):
            raise ConfigError(_missing(field, wanted.get("name", "")))
        return {prefix + key: value for key, value in texts(found or {}).items()}
    return {}


def texts(obj: Manifest) -> dict[str, str]:
    """Return the values of a ConfigMap or Secret as text."""
    return {key: value.decode(errors="surrogateescape") for key, value in contents(obj).items()}


def contents(obj: Manifest) -> dict[str, bytes]:
    """Return the values of a ConfigMap or Secret as bytes."""
    if obj.get("kind") == "Secret":
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
    plain = {key: str(value).encode() for key, value in (obj.get("data") or {}).items()}
    binary = {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}
    return {**plain, **binary}


def _missing(field: str, name: str) -> str:
    return f'{"secret" if field.startswith("secret") else "configmap"} "{name}" not found'


def _value(item: Manifest, container: Manifest, env: Mapping[str, str], facts: Facts, lookup: Lookup) -> str | None:
    source = item.get("valueFrom")
    if not source:
        return expand(str(item.get("value") or ""), env)
    if "fieldRef" in source:
        return field_value(source["fieldRef"].get("fieldPath", ""), facts)
    if "resourceFieldRef" in source:
        return resource_value(source["resourceFieldRef"], container, facts)
    for field, find in (("configMapKeyRef", lookup.config_map), ("secretKeyRef", lookup.secret)):
        if field in source:
            return _key(source[field], find, field, facts)
    raise ConfigError(
        f"env {item.get('name')}: valueFrom {', '.join(sorted(source))} is not supported by a process node"
    )


def _key(wanted: Manifest, find: Callable[[str], Manifest | None], field: str, facts: Facts) -> str | None:
    name, key = wanted.get("name", ""), wanted.get("key", "")
    found = find(name)
    if found is None:
        if wanted.get("optional"):
            return None
        raise ConfigError(_missing(field, name))
    value = texts(found).get(key)
    if value is None and not wanted.get("optional"):
        kind = "Secret" if field.startswith("secret") else "ConfigMap"
        space = deep_get(facts.pod, "metadata", "namespace", default="")
        raise ConfigError(f"couldn't find key {key} in {kind} {space}/{name}")
    return value


def field_value(path: str, facts: Facts) -> str:
    """Return what the downward API gives for a field path; ConfigError for one it does not know."""
    given = {"status.podIP": facts.pod_ip, "status.podIPs": facts.pod_ip, "status.hostIP": facts.host_ip}
    given["status.hostIPs"] = facts.host_ip
    if path in given:
        return given[path]
    if path in _FIELDS:
        return str(deep_get(facts.pod, *path.split("."), default=""))
    keyed = _KEYED.fullmatch(path)
    if keyed:
        return str(deep_get(facts.pod, "metadata", keyed.group(1), keyed.group(2), default=""))
    if path in ("metadata.labels", "metadata.annotations"):
        pairs: Mapping[str, str] = deep_get(facts.pod, *path.split("."), default={})
        return "\n".join(f'{key}="{_quoted(value)}"' for key, value in sorted(pairs.items()))
    raise ConfigError(f"unsupported fieldPath: {path}")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def resource_value(ref: Manifest, container: Manifest, facts: Facts) -> str:
    """Return a limit or request divided by the divisor, rounded up; without a limit the node's allocatable."""
    kind, _, name = str(ref.get("resource", "")).partition(".")
    named = ref.get("containerName")
    if named:
        spec = facts.pod.get("spec") or {}
        every = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
        container = next((item for item in every if item.get("name") == named), {})
    amount = deep_get(container, "resources", kind, name)
    if amount is None:
        amount = facts.node.get(name, "0") if kind == "limits" else "0"
    divisor = quantity.parse(ref.get("divisor") or "1") or quantity.parse("1")
    return str(math.ceil(quantity.parse(amount) / divisor))
