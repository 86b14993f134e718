# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which events a project wants, beside what its triggers say: by branch, changed file, type and action.

Pure; knows the payloads of GitLab, GitHub and Bitbucket. Must not know triggers or runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_EVENT_HEADERS = ("X-Gitlab-Event", "X-Github-Event", "X-Event-Key")
_ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class Filters:
    """Lists of patterns; an empty list lets everything pass. `*` stops at a slash, `**` does not, `!` excludes."""

    branches: Sequence[str] = ()
    paths: Sequence[str] = ()
    events: Sequence[str] = ()
    actions: Sequence[str] = ()

    def refused(self, headers: Mapping[str, Sequence[str]], body: bytes) -> str:
        """Return why the event is kept out, or an empty text."""
        if not (self.branches or self.paths or self.events or self.actions):
            return ""
        data = _object(body)
        return (
            self._event(headers, data) or self._action(data) or self._branch(data) or self._path(data)
        )  # the first reason is enough

    def _event(self, headers: Mapping[str, Sequence[str]], data: Mapping[str, Any]) -> str:
        if not self.events:
            return ""
        names = [headers[name][0] for name in _EVENT_HEADERS if headers.get(name)]
        names += [str(data["object_kind"])] if data.get("object_kind") else []
        if any(matches(self.events, name) for name in names):
            return ""
        return f"event {(names or [''])[0]!r} is not among {', '.join(self.events)}"

    def _action(self, data: Mapping[str, Any]) -> str:
        if not self.actions:
            return ""
        action = data.get("action") or _inner(data, "object_attributes").get("action")
        if action is None or matches(self.actions, str(action)):
            return ""  # a push has no action
        return f"action {str(action)!r} is not among {', '.join(self.actions)}"

    def _branch(self, data: Mapping[str, Any]) -> str:
        if not self.branches:
            return ""
        name = branch(data)
        return "" if matches(self.branches, name) else f"branch {name!r} is not among {', '.join(self.branches)}"

    def _path(self, data: Mapping[str, Any]) -> str:
        if not self.paths:
            return ""
        files = changed_files(data)
        if files is None or any(matches(self.paths, name) for name in files):
            return ""
        return f"none of {len(files)} changed files is among {', '.join(self.paths)}"


def branch(data: Mapping[str, Any]) -> str:
    """Return the branch an event is about: the pushed one, or where a merge or pull request wants to go."""
    target = _inner(data, "object_attributes").get("target_branch")
    base = _inner(_inner(data, "pull_request"), "base").get("ref")
    pushed = data.get("ref")
    if not pushed:
        changes = _inner(data, "push").get("changes") or [{}]
        pushed = _inner(changes[-1], "new").get("name") if isinstance(changes[-1], Mapping) else ""
    return str(target or base or pushed or "").removeprefix("refs/heads/")


def changed_files(data: Mapping[str, Any]) -> set[str] | None:
    """Return what the commits of a push added, changed and removed; None when the event does not say all of it.

    GitLab lists 20 commits and GitHub 2,048 at most, a new branch and a request to merge list none: such an event
    passes, because a missed delivery is worse than one too many.
    """
    commits = data.get("commits")
    if not isinstance(commits, list) or not commits:
        return None
    total = data.get("total_commits_count")
    if (isinstance(total, int) and total > len(commits)) or data.get("before") == _ZERO:
        return None
    entries = [commit for commit in commits if isinstance(commit, Mapping)]
    return {
        str(name) for commit in entries for kind in ("added", "modified", "removed") for name in commit.get(kind) or ()
    }


def matches(patterns: Iterable[str], name: str) -> bool:
    """Return whether the last pattern that fits `name` lets it in; only exclusions let in all else."""
    patterns = list(patterns)
    allowed = all(pattern.startswith("!") for pattern in patterns)
    for pattern in patterns:
        if _pattern(pattern.removeprefix("!")).fullmatch(name):
            allowed = not pattern.startswith("!")
    return allowed


def valid(pattern: str) -> bool:
    """Return whether a pattern can be read."""
    try:
        return bool(_pattern(pattern.removeprefix("!")).pattern)
    except re.error:
        return False


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", glob)
    return re.compile("".join(_PARTS.get(part) or _part(part) for part in parts), re.DOTALL)


_PARTS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _part(part: str) -> str:
    if part.startswith("[") and part.endswith("]") and len(part) > 2:
        inner = part[1:-1].replace("\\", "\\\\")
        return f"[^{inner[1:]}]" if inner[0] == "!" else f"[{inner}]"
    return re.escape(part)


def _inner(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
