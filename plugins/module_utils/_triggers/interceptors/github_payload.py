# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the github interceptor reads from an event's body.

Source: tektoncd/triggers pkg/interceptors/github/github.go, parseBodyForChangedFiles and parseBodyForOwners (v0.37).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._core import gojson_scan
from ..._core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Change:
    """A pull request (its number) or a push (-1, and the files of its commits)."""

    number: int
    owner: str
    repository: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who wants a pull request tested, and the comment that says so (empty for the pull request itself)."""

    number: int
    owner: str
    repository: str
    sender: str
    comment: str = ""


def change(body: bytes, kind: str) -> Change:
    """Return what a pull_request or push event changed. Invalid with upstream's message for a missing field."""
    if not body:
        raise Invalid("body", "body is empty")
    data = gojson_scan.decode_object(body)
    number = _number(data, kind) if kind == "pull_request" or "number" in data else -1
    owner, repository = _repository(data)
    commits = data.get("commits")
    files = tuple(_files(commits)) if isinstance(commits, list) else ()
    return Change(number, owner, repository, files)


def proposal(body: bytes, kind: str) -> Proposal:
    """Return who proposes what in a pull_request or issue_comment event. Invalid for a missing field."""
    if not body:
        raise Invalid("body", "payload body is empty")
    data = gojson_scan.decode_object(body)
    number, comment = -1, ""
    if kind == "pull_request":
        number = _number(data, kind)
    elif kind == "issue_comment":
        number, comment = _comment(data)
    owner, repository = _repository(data)
    sender = data.get("sender")
    if not isinstance(sender, dict):
        raise Invalid("body", "payload body missing 'sender' field")
    return Proposal(number, owner, repository, str(sender.get("login") or ""), comment)


def _number(data: Mapping[str, Any], kind: str) -> int:
    if "number" not in data:
        raise Invalid("body", f"{kind} body missing 'number' field")
    return _whole(data["number"])


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("body", "the 'number' field is no number")
    return int(value)


def _comment(data: Mapping[str, Any]) -> tuple[int, str]:
    issue, comment = data.get("issue"), data.get("comment")
    if not isinstance(issue, dict):
        raise Invalid("body", "issue_comment body missing 'issue' section")
    if "number" not in issue:
        raise Invalid("body", "'number' field missing in the issue section of issue_comment body")
    if not isinstance(comment, dict):
        raise Invalid("body", "issue_comment body missing 'comment' section")
    if "body" not in comment:
        raise Invalid("body", "'body' field missing in the comment section of issue_comment body")
    return _whole(issue["number"]), str(comment["body"])


def _repository(data: Mapping[str, Any]) -> tuple[str, str]:
    repository = data.get("repository")
    if not isinstance(repository, dict):
        raise Invalid("body", "payload body missing 'repository' field")
    name = repository.get("full_name")
    if not isinstance(name, str):
        raise Invalid("body", "payload body missing 'repository.full_name' field")
    owner, separator, rest = name.partition("/")
    if not separator:
        raise Invalid("body", "payload body 'repository.full_name' field is not OWNER/REPOSITORY")
    return owner, rest.split("/")[0]


def _files(commits: list[Any]) -> Iterator[str]:
    for commit in commits:
        parts = {part: commit.get(part) if isinstance(commit, dict) else None for part in _PARTS}
        for part, files in parts.items():
            if not isinstance(files, list):
                raise Invalid("body", f"payload body missing 'commits.*.{part}' field")
        for files in parts.values():
            yield from map(str, files or [])


_PARTS = ("added", "modified", "removed")
