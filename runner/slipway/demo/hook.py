# Copyright: (c) 2026, slipway contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""post-receive hook of the demo's code repository: sends what GitLab sends on a push.

Git runs it with lines "old new ref" on standard input, inside the bare repository. The address and
the token file come from the repository's own configuration (slipway.receiver, slipway.tokenfile).
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path
from typing import Any

ZERO = "0" * 40


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def payload(old: str, new: str, ref: str, url: str) -> dict[str, Any]:
    """Return the body of a GitLab push event. Source: GitLab webhook events, push events (16.x)."""
    name = url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": old,
        "after": new,
        "ref": ref,
        "checkout_sha": None if new == ZERO else new,
        "user_name": git("log", "-1", "--format=%an", new) if new != ZERO else "",
        "project": {"name": name, "path_with_namespace": f"demo/{name}", "git_http_url": url, "default_branch": "main"},
        "repository": {"name": name, "git_http_url": url},
        "commits": [] if new == ZERO else [commit(new)],
        "total_commits_count": 1,
    }


def commit(sha: str) -> dict[str, Any]:
    title, author, email, stamp = git("log", "-1", "--format=%s%x1f%an%x1f%ae%x1f%cI", sha).split("\x1f")
    files = git("show", "--name-only", "--format=", sha).splitlines()
    person = {"name": author, "email": email}
    return {"id": sha, "title": title, "message": title, "timestamp": stamp, "author": person, "modified": files}


def send(address: str, token: str, body: dict[str, Any]) -> int:
    headers = {
        "Content-Type": "application/json",
        "X-Gitlab-Event": "Push Hook",
        "X-Gitlab-Token": token,
        "X-Gitlab-Event-UUID": str(uuid.uuid4()),
    }
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def main() -> int:
    address, url = git("config", "slipway.receiver"), git("config", "slipway.url")
    token = Path(git("config", "slipway.tokenfile")).read_text().strip()
    for line in sys.stdin:
        old, new, ref = line.split()
        print(f"webhook: {send(address, token, payload(old, new, ref, url))} for {new[:8]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
