# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Secrets, ConfigMaps, projected volumes and facts of the pod as files.

Source: Kubernetes 1.36 pkg/volume/{secret,configmap,projected,downwardapi}.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core import redact
from ..._core.errors import Invalid, Refused
from ..._core.types import Manifest
from . import files
from .environment import Facts

Find = Callable[[str, str, str], Manifest]
_KINDS = (("Secret", "secret"), ("ConfigMap", "configMap"))
_MODE = 0o644
_DOCKER = ".dockerconfigjson"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a volume."""

    content: bytes
    mode: int


def contents(volume: Mapping[str, Any], field: str, find: Find, facts: Facts) -> dict[str, File]:
    """Return the files of a secret, configMap, downwardAPI or projected volume, by path.

    `find` returns an object by kind, name and field, or raises Invalid; that of an optional source is no error.
    """
    if "projected" not in volume:
        return _source(volume, field, find, facts, _MODE)
    projected = volume["projected"] or {}
    mode = int(projected.get("defaultMode") or _MODE)
    found: dict[str, File] = {}
    for index, source in enumerate(projected.get("sources") or []):
        found.update(_source(source, f"{field}.projected.sources[{index}]", find, facts, mode))
    return found


def _source(source: Mapping[str, Any], field: str, find: Find, facts: Facts, mode: int) -> dict[str, File]:
    for kind, key in _KINDS:
        if key in source:
            return _of_object(kind, source[key] or {}, f"{field}.{key}", find, mode)
    if "downwardAPI" in source:
        entry = source["downwardAPI"] or {}
        mode = int(entry.get("defaultMode") or mode)
        return dict(_facts(entry.get("items") or [], f"{field}.downwardAPI", facts, mode))
    what = ", ".join(name for name in source if name != "name") or "nothing"
    raise Refused(f"{field}: {what} cannot be given to a local process", hint="use a secret, configMap or downwardAPI")


def _of_object(kind: str, entry: Mapping[str, Any], field: str, find: Find, mode: int) -> dict[str, File]:
    name = str(entry.get("secretName") or entry.get("name"))
    try:
        content = values(find(kind, name, field))
    except Invalid:
        if entry.get("optional"):
            return {}
        raise
    mode = int(entry.get("defaultMode") or mode)
    if not entry.get("items"):
        return {key: File(value, mode) for key, value in content.items()}
    found = {}
    for item in entry["items"]:
        if item["key"] in content:
            found[str(item["path"])] = File(content[item["key"]], int(item.get("mode") or mode))
        elif not entry.get("optional"):
            there = ", ".join(sorted(content)) or "none"
            raise Invalid(f"{field}.items", f"{kind} {name!r} has no key {item['key']!r}", hint=f"its keys: {there}")
    return found


def _facts(items: list[Mapping[str, Any]], field: str, facts: Facts, mode: int) -> Iterator[tuple[str, File]]:
    for item in items:
        path = str((item.get("fieldRef") or {}).get("fieldPath"))
        value = facts.of(path)
        if value is None:
            raise Refused(f"{field}: {path} has no value for a local process", hint="use metadata.name and the like")
        yield str(item["path"]), File(value.encode(), int(item.get("mode") or mode))


def write(folder: str, found: Mapping[str, File]) -> None:
    """Write the files below a directory that only we write to."""
    for path, file in found.items():
        target = os.path.normpath(os.path.join(folder, path))
        if not target.startswith(folder + "/"):
            raise Invalid("items", f"has a path that leads out of its volume: {path!r}")
        files.make(os.path.dirname(target), mode=0o755)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(file.content)
            os.fchmod(stream.fileno(), file.mode & 0o777)


def with_docker_config(found: dict[str, File]) -> dict[str, File]:
    """Return the files of a registry Secret so that tools find them: they look for config.json."""
    if _DOCKER not in found or "config.json" in found:
        return found
    return {**found, "config.json": found[_DOCKER]}


def values(obj: Manifest) -> dict[str, bytes]:
    """Return the decoded content of a Secret or ConfigMap; Secret values are registered for redaction."""
    data = obj.get("data") or {}
    if obj["kind"] == "ConfigMap":
        plain = {name: str(value).encode() for name, value in data.items()}
        return {**plain, **{name: base64.b64decode(value) for name, value in (obj.get("binaryData") or {}).items()}}
    redact.current.register_secret(obj)
    decoded = {name: base64.b64decode(value) for name, value in data.items()}
    found = {**decoded, **{name: str(value).encode() for name, value in (obj.get("stringData") or {}).items()}}
    for name, value in found.items():
        if name in (_DOCKER, ".dockercfg", "config.json"):
            _register_docker(value)
    return found


def _register_docker(value: bytes) -> None:
    """Register the passwords inside a registry's configuration, too: they may be shown apart from it."""
    with contextlib.suppress(ValueError, AttributeError):
        data = json.loads(value)
        for entry in (data.get("auths") or data).values():
            for name in ("password", "auth", "identitytoken", "registrytoken"):
                redact.current.register(str(entry.get(name) or ""))
            _user, _colon, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
            redact.current.register(password)
