# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which Applications a push is about: by repository, revision and changed files. Pure; reads no payload.

Source: argo-cd v3.6 util/webhook/webhook.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid
from ..._core.paths import is_within
from ..._lang import globs, gourl, semver

_USER = r"[\w.][\w.-]{0,30}[\w.$-]?"
_PREFIXES = ("refs/heads/", "refs/tags/")


@dataclass(frozen=True, slots=True)
class Push:
    """What a webhook tells: web pages of the repository, branch or tag, whether it is the default one, changed files."""

    web_urls: Sequence[str]
    revision: str
    touched_head: bool
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A source of an Application, and the paths (relative to the repository) whose change matters; none for all."""

    source: Mapping[str, Any]
    paths: Sequence[str] = ()
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """Whether an Application is looked at again, and whether its dry source is rendered."""

    refresh: bool
    hydrate: bool


def short_revision(reference: str) -> str:
    """Return refs/heads/env/test as env/test: what stands behind the second slash."""
    return reference.split("/", 2)[-1]


def repository_pattern(web_url: str) -> re.Pattern[str]:
    """Return what matches every address of the repository with this web page, over http, https or ssh.

    Invalid for a page without an address that can be read.
    """
    host, path = _parts(web_url)
    start = rf"((https?|ssh)://)?({_USER}@)?((alt)?ssh\.)?"
    return re.compile(rf"{start}{host}(:\d+)?[:/]{path}(\.git)?", re.IGNORECASE | re.ASCII)


def api_pattern(api_url: str) -> re.Pattern[str]:
    """Return what matches the addresses of a host's API over http and https. Invalid as above."""
    host, _ = _parts(api_url)
    return re.compile(rf"(https?://)?({_USER}@)?{host}(:\d+)?/?", re.IGNORECASE | re.ASCII)


def _parts(url: str) -> tuple[str, str]:
    try:
        parsed = gourl.parse(url)
    except Invalid:
        raise Invalid("", f"failed to parse URL '{url}'") from None
    return re.escape(parsed.hostname), re.escape(parsed.path.removeprefix("/"))


def concerns(pattern: re.Pattern[str], repo: str) -> bool:
    """Return whether a repository's address belongs to a page."""
    return pattern.fullmatch(repo) is not None


def revision_changed(source: Mapping[str, Any], revision: str, *, touched_head: bool) -> bool:
    """Return whether a push to a branch or tag may change what a source means.

    An empty target and HEAD follow the default branch; a constraint is met by the versions that it fits.
    """
    target = str(source.get("targetRevision") or "")
    if short_revision(target) in ("HEAD", ""):
        return touched_head
    return _same(revision, short_revision(target) if target.startswith(_PREFIXES) else target)


def _same(revision: str, target: str) -> bool:
    if revision == target:
        return True
    try:
        return semver.check(semver.constraints(target), semver.parse(revision))
    except Invalid:
        return False


def files_changed(paths: Sequence[str], files: Sequence[str]) -> bool:
    """Return whether one of the changed files lies at, below or in the glob of one of the paths.

    Without paths, or without a list of files (some payloads have none), a change is assumed.
    """
    if not paths or not files:
        return True
    wanted = [f"/{path.lstrip('/')}" for path in paths]
    changed = [f"/{name.lstrip('/')}" for name in files]
    return any(_touches(path, name) for path in wanted for name in changed)


def _touches(path: str, name: str) -> bool:
    return name == path or is_within(path, posixpath.dirname(name)) or globs.path_match(path, name)


def refresh(push: Push, sources: Sequence[Watched]) -> Refresh:
    """Return what a push asks of an Application. `sources` are all it watches, of a hydrated one the dry source last.

    The first source whose files changed decides: a dry source asks for a rendering as well.
    """
    patterns = [repository_pattern(url) for url in push.web_urls]
    for watched in sources:
        repo = str(watched.source.get("repoURL") or "")
        if not any(concerns(pattern, repo) for pattern in patterns):
            continue
        changed = revision_changed(watched.source, push.revision, touched_head=push.touched_head)
        if changed and files_changed(watched.paths, push.files):
            return Refresh(refresh=True, hydrate=watched.dry)
    return Refresh(refresh=False, hydrate=False)
