# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `slipway serve` is told: where to listen, and for each project what an event starts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.gitops.plugins.module_utils._core import yaml
from ansible_collections.slipway.gitops.plugins.module_utils._core.yaml import Document
from slipway.core import Invalid

_TOP = ("listen", "body_limit", "strict", "projects")
_PROJECT = (
    "name", "manifests", "listener", "config", "applications", "branches", "policy", "http_proxy", "step_env",
    "image_map", "vars",
)  # fmt: skip
BODY_LIMIT = 5 << 20


@dataclass(frozen=True, slots=True)
class Project:
    """One project: manifests with its EventListener, and what the role deliver gets."""

    name: str
    manifests: Sequence[str]
    listener: str = ""
    branches: Sequence[str] = ()
    policy: str = "queue"
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything. `strict`: a refused event is answered 403 instead of upstream's 202."""

    host: str
    port: int
    projects: Sequence[Project]
    body_limit: int = BODY_LIMIT
    strict: bool = False


def load(path: str, listen: str = "") -> Config:
    """Read the file; Invalid with file, line and field."""
    documents = yaml.load_path(path)
    if len(documents) != 1 or not isinstance(documents[0].data, dict):
        raise Invalid(
            "", "must hold one mapping", at=documents[0].place() if documents else None, hint="listen and projects"
        )
    document = documents[0]
    _known(document, document.data, _TOP, "")
    host, port = _address(document, listen or str(document.data.get("listen") or "127.0.0.1:8080"))
    entries = document.data.get("projects") or []
    if not entries:
        raise Invalid("projects", "are missing", at=document.place("projects"), hint="a list with name and manifests")
    projects = [_project(document, entry, index, Path(path).parent) for index, entry in enumerate(entries)]
    limit = int(document.data.get("body_limit") or BODY_LIMIT)
    return Config(host, port, projects, limit, bool(document.data.get("strict", False)))


def _address(document: Document, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise Invalid("listen", f"is no HOST:PORT: {text!r}", at=document.place("listen"))
    return host or "127.0.0.1", int(port)


def _project(document: Document, entry: Any, index: int, folder: Path) -> Project:
    path = f"projects[{index}]"
    if not isinstance(entry, dict):
        raise Invalid(path, "must be a mapping", at=document.place(path))
    _known(document, entry, _PROJECT, f"{path}.")
    for name in ("name", "manifests"):
        if not entry.get(name):
            raise Invalid(f"{path}.{name}", "is missing", at=document.place(path))
    policy = entry.get("policy", "queue")
    if policy not in ("queue", "supersede"):
        raise Invalid(
            f"{path}.policy", f"is {policy!r}", at=document.place(f"{path}.policy"), hint="queue or supersede"
        )
    manifests = [item if "://" in item else str((folder / item).absolute()) for item in entry["manifests"]]
    given = {"config": "deliver_config", "applications": "deliver_applications", "http_proxy": "deliver_http_proxy",
             "step_env": "deliver_step_env", "image_map": "deliver_image_map"}  # fmt: skip
    variables = {variable: entry[name] for name, variable in given.items() if entry.get(name)}
    return Project(
        name=str(entry["name"]),
        manifests=manifests,
        listener=str(entry.get("listener") or ""),
        branches=[str(branch) for branch in entry.get("branches") or []],
        policy=policy,
        variables={**(entry.get("vars") or {}), **variables},
    )


def _known(document: Document, entry: Mapping[str, Any], allowed: Sequence[str], prefix: str) -> None:
    for name in entry:
        if name not in allowed:
            near = difflib.get_close_matches(str(name), allowed, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(allowed)}"
            raise Invalid(f"{prefix}{name}", "is not known", at=document.place(f"{prefix}{name}"), hint=hint)
