# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The few calls of GitHub's REST API that the github interceptor makes. The token goes only to that host.

Source: google/go-github v31 (paths, Enterprise base /api/v3/, pagination by the Link header).
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlsplit

from ..._core import gojson_scan
from ..._core.errors import Permanent
from .protocol import Call, Fetch, Reply

_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_MOST_PAGES = 100


class NotThere(Permanent):
    """GitHub answered 404."""


class GitHub:
    """One host: api.github.com, or the Enterprise server that sent the event."""

    def __init__(self, fetch: Fetch, token: str = "", enterprise_host: str = "") -> None:
        self._fetch, self._token = fetch, token
        self.base = f"https://{enterprise_host}/api/v3/" if enterprise_host else "https://api.github.com/"

    def pull_request_files(self, owner: str, repository: str, number: int) -> list[str]:
        """Return the names of the files that a pull request changes."""
        found = self._pages(f"repos/{owner}/{repository}/pulls/{number}/files?per_page=100")
        return [str(file["filename"]) for file in found]

    def public_members(self, organization: str) -> list[str]:
        """Return the logins of the public members; a user account has none."""
        try:
            return [str(user["login"]) for user in self._get(f"orgs/{organization}/public_members")[0] or []]
        except NotThere:
            return []

    def collaborators(self, owner: str, repository: str) -> list[str]:
        """Return the logins of a repository's collaborators (first page, as upstream)."""
        return [str(user["login"]) for user in self._get(f"repos/{owner}/{repository}/collaborators")[0] or []]

    def text(self, owner: str, repository: str, path: str) -> str:
        """Return a file's text. NotThere when there is none; Permanent for a directory or an unknown encoding."""
        data, _reply = self._get(f"repos/{owner}/{repository}/contents/{path}")
        if isinstance(data, list):
            raise Permanent(f"referenced file inside the Github Repository {path} is a directory")
        if not isinstance(data, dict):
            raise Permanent("unmarshalling failed for both file and directory content")
        content, encoding = str(data.get("content") or ""), str(data.get("encoding") or "")
        if encoding == "base64":
            return base64.b64decode(content).decode("utf-8", "replace")
        if encoding:
            raise Permanent(f"unsupported content encoding: {encoding}")
        return content

    def _pages(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            data, reply = self._get(path)
            found += data or []
            following = _NEXT.search(",".join(reply.headers.get("Link") or []))
            if not following:
                return found
            path = self._same_host(following[1])
        raise Permanent(f"more than {_MOST_PAGES} pages at {self.base}")

    def _same_host(self, url: str) -> str:
        if urlsplit(url).netloc != urlsplit(self.base).netloc:
            raise Permanent("the next page is on another host")
        return url.removeprefix(self.base)

    def _get(self, path: str) -> tuple[Any, Reply]:
        headers = {"Accept": ["application/vnd.github+json"], "User-Agent": ["slipway"]}
        if self._token:
            headers["Authorization"] = [f"Bearer {self._token}"]
        reply = self._fetch(Call("GET", self.base + path, headers))
        if reply.status == 404:
            raise NotThere(f"GET {self.base}{path}: 404")
        if not 200 <= reply.status < 300:
            raise Permanent(f"GET {self.base}{path}: {reply.status}")
        return gojson_scan.decode(reply.body or b"null"), reply
