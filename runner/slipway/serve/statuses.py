# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells GitLab or GitHub at the commit what a run does.

Source: GitLab API, commit statuses (POST /projects/:id/statuses/:sha); GitHub REST API 2022-11-28, commit statuses.
Knows payloads of pushes and requests to merge; must not know the journal.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from slipway.core import redact
from slipway.runs.model import Run, Status
from slipway.serve.config import Reporting

_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_PROJECT = re.compile(r"[0-9]+|(?!.*\.\.)[\w.-]+(/[\w.-]+)+")
_SECONDS, _TRIES = 10.0, 3
_LONGEST = 140  # GitHub's limit of a description; GitLab takes 255


class State(Enum):
    """What is told: GitLab's word and GitHub's."""

    PENDING = ("pending", "pending")
    RUNNING = ("running", "pending")
    SUCCESS = ("success", "success")
    FAILED = ("failed", "failure")
    CANCELED = ("canceled", "error")

    @classmethod
    def of(cls, run: Run) -> State:
        """Return what to tell about a run as it stands."""
        return _STATES.get(run.status, cls.FAILED)


_STATES = {
    Status.QUEUED: State.PENDING,
    Status.RUNNING: State.RUNNING,
    Status.SUCCEEDED: State.SUCCESS,
    Status.CHANGES_PENDING: State.SUCCESS,
    Status.CANCELLED: State.CANCELED,
}


@dataclass(frozen=True, slots=True)
class Commit:
    """Which commit an event is about. `project` is GitLab's number or path, or GitHub's owner/name."""

    sha: str
    project: str
    ref: str


def commit_of(body: bytes) -> Commit | None:
    """Return the commit of a push or of a request to merge, None when the event names none."""
    try:
        data = json.loads(body)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    attributes, request = _inner(data, "object_attributes"), _inner(data, "pull_request")
    head = _inner(request, "head")
    sha = (
        data.get("checkout_sha") or data.get("after") or _inner(attributes, "last_commit").get("id") or head.get("sha")
    )
    source = _inner(data, "project")
    project = source.get("id") or data.get("project_id") or source.get("path_with_namespace")
    project = project or _inner(data, "repository").get("full_name")
    ref = data.get("ref") or attributes.get("source_branch") or head.get("ref") or ""
    if not _PROJECT.fullmatch(str(project)) or not _SHA.fullmatch(str(sha)) or set(str(sha)) == {"0"}:
        return None
    return Commit(str(sha), str(project), str(ref).removeprefix("refs/heads/").removeprefix("refs/tags/"))


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told: `index` counts the runs of one event."""

    commit: Commit
    run: Run
    state: State
    index: int = 0


class Reporter:
    """Sends states to one provider. The token is read for each call, so that it can be exchanged, and never told."""

    def __init__(self, to: Reporting) -> None:
        self._to = to

    def tell(self, told: Told) -> str:
        """Send one state; return why it was not taken, or an empty text. Tries again when the server is in trouble."""
        problem = ""
        try:
            token = Path(self._to.token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            return f"the token cannot be read: {error}"
        redact.current.register(token)
        if not token or not token.isascii() or not token.isprintable():
            return f"{self._to.token_file} must hold a token and nothing else"
        path, headers, data = self._call(told, token)
        for _try in range(_TRIES):
            try:
                status, text = _post(self._to.url, path, headers, data)
            except (OSError, http.client.HTTPException) as error:
                problem = f"{self._to.url}: {error}"
                continue
            if status < 300:
                return ""
            problem = f"{self._to.url}{path} answered {status}: {text}"
            if status == 400 and "Cannot transition status" in text:  # GitLab has that state already
                return ""
            if status < 500:
                break
        return problem

    def _call(self, told: Told, token: str) -> tuple[str, dict[str, str], dict[str, Any]]:
        commit, run, state = told.commit, told.run, told.state
        name = self._to.name + (f"-{told.index}" if told.index else "")
        text = f"{run.id}: {run.why}" if run.why else f"{run.id} {run.status.value.lower()}"
        description = redact.current.scrub(text)[:_LONGEST]
        if self._to.provider == "gitlab":
            project = quote(commit.project, safe="")
            data = {"state": state.value[0], "name": name, "description": description}
            path = f"/api/v4/projects/{project}/statuses/{commit.sha}"
            return path, {"PRIVATE-TOKEN": token}, {**data, "ref": commit.ref} if commit.ref else data
        data = {"state": state.value[1], "context": name, "description": description}
        accept = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        path = f"/repos/{quote(commit.project)}/statuses/{commit.sha}"
        return path, {"Authorization": f"Bearer {token}", **accept}, data


def _post(url: str, path: str, headers: Mapping[str, str], data: Mapping[str, Any]) -> tuple[int, str]:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.netloc, timeout=_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    try:
        sent = {"Content-Type": "application/json", "User-Agent": "slipway", **headers}
        connection.request("POST", parts.path.rstrip("/") + path, json.dumps(data), sent)
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode("utf-8", "replace")[:300]
    finally:
        connection.close()


def _inner(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}
