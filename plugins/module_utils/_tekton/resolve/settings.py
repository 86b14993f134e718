# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What resolvers may do and their defaults: the option `resolvers`, and upstream's ConfigMaps where they are given.

The keys of each resolver are those of Tekton's own ConfigMaps. Knows names and values; must not know how to fetch.
Source: tektoncd/pipeline config/resolvers/*.yaml, v1.15.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core import duration, yaml
from ..._core.errors import Invalid

CACHE_MODES = ("always", "never", "auto")
LONGEST = 60.0
_CONFIG_MAPS = {
    "git": "git-resolver-config",
    "http": "http-resolver-config",
    "hub": "hubresolver-config",
    "bundles": "bundleresolver-config",
    "cluster": "cluster-resolver-config",
}
_SHIPPED: Mapping[str, Mapping[str, Any]] = {
    "git": {
        "fetch-timeout": "1m", "default-url": "", "default-revision": "main", "scm-type": "github", "server-url": "",
        "api-token-secret-name": "", "api-token-secret-key": "", "default-org": "",
    },
    "http": {"fetch-timeout": "1m"},
    "hub": {
        "default-tekton-hub-catalog": "Tekton", "default-artifact-hub-task-catalog": "tekton-catalog-tasks",
        "default-artifact-hub-pipeline-catalog": "tekton-catalog-pipelines", "default-kind": "task",
        "default-type": "artifact", "artifact-hub-urls": "https://artifacthub.io", "tekton-hub-urls": "",
    },
    "bundles": {"default-kind": "task"},
    "cluster": {
        "default-kind": "task", "default-namespace": "", "allowed-namespaces": "", "blocked-namespaces": "",
        "kubeconfig": None, "context": None,
    },
}  # fmt: skip
_EVERY = ("default-cache-mode",)
_OWN = ("network", "map", "cache_dir", "plain_http")


@dataclass(frozen=True, slots=True)
class Mapped:
    """One entry of the map: references with this resolver and at least these params are the file at `path`."""

    resolver: str
    params: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The option, read. `plain_http` are hosts (with port) that are spoken to without TLS, loopback is one always."""

    network: bool = True
    entries: Sequence[Mapped] = ()
    cache_dir: str = ""
    plain_http: Sequence[str] = ()
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, resolver: str, key: str = "") -> dict[str, Any]:
        """Return a resolver's configuration; with `key` the one of that name (git's configKey)."""
        given = self.config.get(resolver) or {}
        shipped = dict(_SHIPPED.get(resolver, {}))
        if key in ("", "default"):
            plain = {name: value for name, value in given.items() if "." not in name}
            named = {name.removeprefix("default."): v for name, v in given.items() if name.startswith("default.")}
            return {**shipped, **plain, **named}
        return {name.removeprefix(f"{key}."): v for name, v in given.items() if name.startswith(f"{key}.")}

    def texts(self, resolver: str, key: str = "") -> dict[str, str]:
        """Return the configuration as text, as a ConfigMap has it."""
        return {name: "" if value is None else str(value) for name, value in self.of(resolver, key).items()}


def read(option: Mapping[str, Any], find: Callable[[str], Mapping[str, Any] | None] = lambda name: None) -> Settings:
    """Return the settings. `find` returns the data of a given ConfigMap by name; the option is over it.

    Invalid names an unknown key or a value of the wrong kind.
    """
    unknown = sorted(set(option) - {*_OWN, *_SHIPPED})
    if unknown:
        raise Invalid(f"resolvers.{unknown[0]}", "is unknown", hint=f"known: {', '.join([*_OWN, *_SHIPPED])}")
    config = {name: {**(find(_CONFIG_MAPS[name]) or {}), **_section(option, name)} for name in _SHIPPED}
    network = option.get("network", True)
    if not isinstance(network, bool):
        raise Invalid("resolvers.network", f"must be true or false, not {network!r}")
    for name, values in config.items():
        _check_cache(str(values.get("default-cache-mode") or "auto"), f"resolvers.{name}.default-cache-mode")
    return Settings(
        network=network,
        entries=[_mapped(entry, f"resolvers.map[{index}]") for index, entry in enumerate(option.get("map") or [])],
        cache_dir=os.path.expanduser(str(option.get("cache_dir") or _cache_dir())),
        plain_http=[str(host) for host in option.get("plain_http") or []],
        config=config,
    )


def addresses(value: Any, path: str) -> list[str]:
    """Return a list of URLs: a list, or its YAML text as ConfigMaps hold it; without slashes at their ends."""
    found = yaml.load_all(value)[0].data if isinstance(value, str) and value.strip() else value or []
    items = [found] if isinstance(found, str) else found
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise Invalid(path, "must be a list of URLs")
    return [item.strip().rstrip("/") for item in items]


def seconds(text: str, path: str) -> float:
    """Return a time-out such as 20s, at most a minute."""
    try:
        return min(duration.parse_go(text), LONGEST)
    except Invalid as error:
        raise Invalid(path, error.message, hint=error.hint) from error


def _section(option: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = option.get(name) or {}
    if not isinstance(given, Mapping):
        raise Invalid(f"resolvers.{name}", "must be a dictionary")
    known = {*_SHIPPED[name], *_EVERY}
    for key in given:
        if key.rpartition(".")[2] not in known or ("." in key and name != "git"):
            raise Invalid(f"resolvers.{name}.{key}", "is unknown", hint=f"known: {', '.join(sorted(known))}")
    return given


def _mapped(entry: Any, path: str) -> Mapped:
    if not isinstance(entry, Mapping) or not entry.get("resolver") or not entry.get("path"):
        hint = "{resolver: git, params: {pathInRepo: task.yaml}, path: task.yaml}"
        raise Invalid(path, "needs resolver and path", hint=hint)
    params = entry.get("params") or {}
    if isinstance(params, list):
        params = {str(param["name"]): param.get("value") for param in params}
    return Mapped(str(entry["resolver"]), params, os.path.expanduser(str(entry["path"])))


def _check_cache(mode: str, path: str) -> None:
    if mode not in CACHE_MODES:
        raise Invalid(path, f"invalid cache mode '{mode}', must be one of: [{' '.join(CACHE_MODES)}]")


def _cache_dir() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "slipway", "resolvers")
