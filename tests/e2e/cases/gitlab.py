# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitLab sends: the bodies of its hooks, filled in for a repository on loopback.

The push is the tutorial's own recorded body (TR-06); tag and merge request follow GitLab's webhook events
(docs: user/project/integrations/webhook_events, 16.x). Knows bodies and headers; must not know who receives them.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ZERO = "0" * 40
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hook:
    """One delivery: the name of its event type, its body, and the token that GitLab was given (none: "")."""

    kind: str
    body: Body
    token: str

    def headers(self) -> dict[str, str]:
        """Return the headers of a fresh delivery."""
        found = {"Content-Type": "application/json", "User-Agent": "GitLab/16.11.1", "X-Gitlab-Event": self.kind}
        found["X-Gitlab-Event-UUID"] = str(uuid.uuid4())
        return {**found, "X-Gitlab-Token": self.token} if self.token else found


@dataclass(frozen=True, slots=True)
class Project:
    """One project: its clone URL, the token of its hook, and the recorded push to start from."""

    url: str
    token: str
    recorded: Path

    def push(self, before: str, after: str, branch: str = "main", title: str = "A change") -> Hook:
        """A push of one commit to a branch."""
        body = self._located()
        one = {**body["commits"][-1], "id": after, "title": title, "message": f"{title}\n"}
        body.update(before=before, after=after, checkout_sha=after, ref=f"refs/heads/{branch}")
        return Hook("Push Hook", {**body, "commits": [one], "total_commits_count": 1}, self.token)

    def deletion(self, before: str, branch: str) -> Hook:
        """A branch goes away: a push to nothing, whose checkout_sha is null."""
        body = self._located()
        body.update(before=before, after=ZERO, checkout_sha=None, ref=f"refs/heads/{branch}", commits=[])
        return Hook("Push Hook", {**body, "total_commits_count": 0}, self.token)

    def tag_push(self, tag: str, tag_object: str, commit: str) -> Hook:
        """An annotated tag: `after` is the tag, `checkout_sha` its commit."""
        body = self._located()
        body.update(object_kind="tag_push", before=ZERO, after=tag_object, checkout_sha=commit, commits=[])
        return Hook("Tag Push Hook", {**body, "ref": f"refs/tags/{tag}", "total_commits_count": 0}, self.token)

    def merge_request(self, source: str, commit: str, number: int = 1) -> Hook:
        """A merge request is opened. Its body has neither checkout_sha nor repository.git_http_url."""
        located = self._located()
        project = located["project"]
        repository = {name: project[name] for name in ("name", "url", "description", "homepage")}
        attributes = {
            "iid": number, "action": "open", "state": "opened", "title": "A change", "target_branch": "main",
            "source_branch": source, "source": project, "target": project, "merge_status": "unchecked",
            "source_project_id": located["project_id"], "target_project_id": located["project_id"],
            "last_commit": {**located["commits"][-1], "id": commit},
        }  # fmt: skip
        user = {"id": 4, "name": located["user_name"], "username": located["user_username"]}
        body = {"object_kind": "merge_request", "event_type": "merge_request", "user": user, "project": project}
        rest = {"repository": repository, "object_attributes": attributes, "labels": [], "changes": {}}
        return Hook("Merge Request Hook", {**body, **rest}, self.token)

    def _located(self) -> Body:
        """The recorded push, whose repository is ours."""
        body: Body = copy.deepcopy(json.loads(self.recorded.read_text(encoding="utf-8")))
        name = self.url.rsplit("/", 1)[-1].removesuffix(".git")
        web = self.url.removesuffix(".git")
        _fill(
            body["project"], git_http_url=self.url, http_url=self.url, web_url=web, homepage=web, default_branch="main"
        )
        _fill(body["project"], name=name, path_with_namespace=f"root/{name}", namespace="Administrator")
        _fill(body["repository"], name=name, git_http_url=self.url, homepage=web)
        return body


def _fill(target: Body, **values: str) -> None:
    """Change what the recording has, add nothing to it."""
    unknown = values.keys() - target.keys()
    assert not unknown, f"the recorded body has no {unknown}"
    target.update(values)


def as_event(hook: Hook) -> Mapping[str, Any]:
    """Return the event that trigger_event takes."""
    return {"method": "POST", "path": "/", "headers": hook.headers(), "body": hook.body}
