# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which Applications a push is about: by repository, revision and changed files. Pure; reads no payload.

Source: argo-cd v3.6 util/webhook/webhook.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._core.errors import Invalid
from ..._lang import gourl, semver

_USER = r"[\w.][\w.-]{0,30}[\w.$-]?"
_PREFIXES = ("refs/heads/", "refs/tags/")


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
