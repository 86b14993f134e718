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
from slipway.serve import filters
from slipway.serve.filters import Filters
from slipway.serve.limits import Rate
from slipway.serve.tls import Files

_TOP = (
    "listen", "body_limit", "header_limit", "slow_seconds", "rate_limit", "tls", "keep_days", "strict", "projects",
)  # fmt: skip
_FILTERS = ("branches", "paths", "events", "actions")
_PROJECT = (
    "name", "manifests", "listener", "config", "applications", *_FILTERS, "policy", "status", "http_proxy", "step_env",
    "image_map", "vars",
)  # fmt: skip
_VARIABLES = {"config": "deliver_config", "applications": "deliver_applications", "http_proxy": "deliver_http_proxy",
              "step_env": "deliver_step_env", "image_map": "deliver_image_map"}  # fmt: skip
BODY_LIMIT, HEADER_LIMIT, SLOW_SECONDS, KEEP_DAYS = 5 << 20, 32 << 10, 10.0, 30.0
_GITHUB = "https://api.github.com"


@dataclass(frozen=True, slots=True)
class Reporting:
    """Where the state of runs goes: `provider` is gitlab or github, `token_file` holds the token and nothing else."""

    provider: str
    url: str
    token_file: str
    name: str


@dataclass(frozen=True, slots=True)
class Project:
    """One project: manifests with its EventListener, and what the role deliver gets."""

    name: str
    manifests: Sequence[str]
    listener: str = ""
    branches: Sequence[str] = ()
    policy: str = "queue"
    variables: Mapping[str, Any] = field(default_factory=dict)
    paths: Sequence[str] = ()
    events: Sequence[str] = ()
    actions: Sequence[str] = ()
    status: Reporting | None = None

    @property
    def filters(self) -> Filters:
        return Filters(self.branches, self.paths, self.events, self.actions)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything. `strict`: a refused event is answered 403 instead of upstream's 202. Limits in bytes."""

    host: str
    port: int
    projects: Sequence[Project]
    body_limit: int = BODY_LIMIT
    strict: bool = False
    header_limit: int = HEADER_LIMIT
    slow_seconds: float = SLOW_SECONDS
    keep_days: float = KEEP_DAYS
    rate: Rate = field(default_factory=Rate)
    tls: Files | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A mapping of the file, where it stands, and the folder that relative paths start from."""

    document: Document
    data: Mapping[str, Any]
    path: str
    folder: Path

    def wrong(self, name: str, message: str, hint: str = "") -> Invalid:
        field_path = f"{self.path}.{name}".strip(".")
        at = self.document.place(field_path) or self.document.place(self.path)
        return Invalid(field_path, message, at=at, hint=hint)

    def only(self, allowed: Sequence[str]) -> None:
        for name in self.data:
            if name not in allowed:
                near = difflib.get_close_matches(str(name), allowed, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(allowed)}"
                raise self.wrong(str(name), "is not known", hint)

    def need(self, names: Sequence[str]) -> None:
        for name in names:
            if not self.data.get(name):
                raise Invalid(f"{self.path}.{name}", "is missing", at=self.document.place(self.path))

    def one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.data.get(name, default)
        if value not in allowed:
            raise self.wrong(name, f"is {value!r}", " or ".join(allowed))
        return str(value)

    def number(self, name: str, default: float) -> float:
        value = self.data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self.wrong(name, f"is {value!r}", "a number above 0")
        return float(value)

    def texts(self, name: str) -> list[str]:
        value = self.data.get(name) or []
        if not isinstance(value, list):
            raise self.wrong(name, f"is {value!r}", "a list")
        return [str(item) for item in value]

    def flag(self, name: str, default: bool) -> bool:
        value = self.data.get(name, default)
        if not isinstance(value, bool):
            raise self.wrong(name, f"is {value!r}", "true or false")
        return value

    def file(self, name: str) -> str:
        return str((self.folder / str(self.data[name])).absolute())

    def inner(self, name: str, allowed: Sequence[str]) -> _Entry | None:
        """Return a mapping inside this one, None when it is not given."""
        value = self.data.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong(name, "must be a mapping", ", ".join(allowed))
        inner = _Entry(self.document, value, f"{self.path}.{name}".strip("."), self.folder)
        inner.only(allowed)
        return inner


def load(path: str, listen: str = "") -> Config:
    """Read the file; Invalid with file, line and field."""
    documents = yaml.load_path(path)
    if len(documents) != 1 or not isinstance(documents[0].data, dict):
        raise Invalid(
            "", "must hold one mapping", at=documents[0].place() if documents else None, hint="listen and projects"
        )
    document = documents[0]
    top = _Entry(document, document.data, "", Path(path).parent)
    top.only(_TOP)
    host, port = _address(document, listen or str(document.data.get("listen") or "127.0.0.1:8080"))
    entries = document.data.get("projects") or []
    if not entries:
        raise Invalid("projects", "are missing", at=document.place("projects"), hint="a list with name and manifests")
    projects = [_project(document, entry, index, top.folder) for index, entry in enumerate(entries)]
    _distinct(top, projects)
    return Config(
        host,
        port,
        projects,
        body_limit=int(top.number("body_limit", BODY_LIMIT)),
        strict=top.flag("strict", False),
        header_limit=int(top.number("header_limit", HEADER_LIMIT)),
        slow_seconds=top.number("slow_seconds", SLOW_SECONDS),
        keep_days=top.number("keep_days", KEEP_DAYS),
        rate=_rate(top),
        tls=_tls(top),
    )


def _distinct(top: _Entry, projects: Sequence[Project]) -> None:
    names = [project.name for project in projects]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise top.wrong(f"projects[{index}].name", f"names a project twice: {name!r}")


def _rate(top: _Entry) -> Rate:
    entry = top.inner("rate_limit", ("per_second", "burst", "loopback"))
    if entry is None:
        return Rate()
    each = entry.number("per_second", Rate().per_second)
    return Rate(each, int(entry.number("burst", max(1.0, 2 * each))), entry.flag("loopback", True))


def _tls(top: _Entry) -> Files | None:
    entry = top.inner("tls", ("certificate", "key"))
    if entry is None:
        return None
    entry.need(("certificate", "key"))
    return Files(entry.file("certificate"), entry.file("key"))


def _address(document: Document, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise Invalid("listen", f"is no HOST:PORT: {text!r}", at=document.place("listen"))
    return host or "127.0.0.1", int(port)


def _project(document: Document, data: Any, index: int, folder: Path) -> Project:
    path = f"projects[{index}]"
    if not isinstance(data, dict):
        raise Invalid(path, "must be a mapping", at=document.place(path))
    entry = _Entry(document, data, path, folder)
    entry.only(_PROJECT)
    entry.need(("name", "manifests"))
    manifests = [item if "://" in item else str((folder / item).absolute()) for item in entry.texts("manifests")]
    _patterns(entry)
    variables = {variable: data[name] for name, variable in _VARIABLES.items() if data.get(name)}
    return Project(
        name=str(data["name"]),
        manifests=manifests,
        listener=str(data.get("listener") or ""),
        policy=entry.one_of("policy", ("queue", "supersede"), "queue"),
        variables={**(data.get("vars") or {}), **variables},
        status=_reporting(entry, str(data["name"])),
        **{name: entry.texts(name) for name in _FILTERS},
    )


def _patterns(entry: _Entry) -> None:
    for name in _FILTERS:
        for index, pattern in enumerate(entry.texts(name)):
            if not filters.valid(pattern):
                raise entry.wrong(f"{name}[{index}]", f"is no pattern: {pattern!r}", "*, **, ?, [abc], !excluded")


def _reporting(project: _Entry, name: str) -> Reporting | None:
    entry = project.inner("status", ("provider", "url", "token_file", "name"))
    if entry is None:
        return None
    entry.need(("provider", "token_file"))
    provider = entry.one_of("provider", ("gitlab", "github"), "")
    if provider == "gitlab":
        entry.need(("url",))
    url = str(entry.data.get("url") or _GITHUB).rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise entry.wrong("url", f"is {url!r}", "https://gitlab.example.com")
    return Reporting(provider, url, entry.file("token_file"), str(entry.data.get("name") or f"slipway/{name}"))
