# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files of repositories over the APIs of GitHub, GitLab and Gitea, with a token: no clone.

Knows three APIs; must not know how params are checked.
Source: tektoncd/pipeline pkg/resolution/resolver/git/resolver.go (ResolveAPIGit) and jenkins-x/go-scm scm/driver.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from ..._core.errors import Permanent, Refused
from ..._oci.transport import is_loopback
from ..model.reference import Source
from . import web
from .resolver import Context, Params, Resolved
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Api:
    """How one kind of host names things. The functions make paths below `base` of a server."""

    public: str
    base: str
    header: Callable[[str], dict[str, str]]
    repository: Callable[[str, str], str]
    commit: str
    file: str
    clone: str
    sha: str


def _slash(org: str, repo: str) -> str:
    return f"repos/{quote(org)}/{quote(repo)}"


def _project(org: str, repo: str) -> str:
    return f"projects/{quote(f'{org}/{repo}', safe='')}"


_APIS = {
    "github": Api(
        "https://github.com", "/api/v3", lambda token: {"Authorization": f"Bearer {token}"}, _slash,
        "commits/{ref}", "contents/{path}?ref={ref}", "clone_url", "sha",
    ),
    "gitlab": Api(
        "https://gitlab.com", "/api/v4", lambda token: {"PRIVATE-TOKEN": token}, _project,
        "repository/commits/{ref}", "repository/files/{whole}?ref={ref}", "http_url_to_repo", "id",
    ),
    "gitea": Api(
        "https://gitea.com", "/api/v1", lambda token: {"Authorization": f"token {token}"}, _slash,
        "git/commits/{ref}", "contents/{path}?ref={ref}", "clone_url", "sha",
    ),
}  # fmt: skip
_GITHUB_API = "https://api.github.com"


def fetch(params: Params, context: Context) -> Resolved:
    """Return the file at the commit that the revision means now."""
    conf = context.settings.texts("git", params.get("configKey", ""))
    kind = params.get("scmType") or conf.get("scm-type") or ""
    if kind not in _APIS:
        raise Refused(
            f"scmType {kind!r} is not supported by the git resolver here",
            hint=f"one of {', '.join(_APIS)}; or give url instead of repo, with gitToken",
        )
    api = _APIS[kind]
    server = _server(kind, api, params.get("serverURL") or conf.get("server-url") or "", context.settings)
    headers = api.header(_token(params, conf, context))
    at = f"{server}/{api.repository(params['org'], params['repo'])}"

    def ask(path: str, what: str) -> Any:
        return _json(f"{at}/{path}" if path else at, headers, context, what)

    revision = params["revision"]
    commit = str(ask(api.commit.format(ref=quote(revision, safe="")), _no_commit(revision))[api.sha])
    path = params["pathInRepo"].lstrip("/")
    place = api.file.format(path=quote(path), whole=quote(path, safe=""), ref=commit)
    content = ask(place, "couldn't fetch resource content")
    clone = str(ask("", "couldn't fetch repository")[api.clone])
    return Resolved(_decoded(content, params, path), Source(f"git+{clone}", {"sha1": commit}, path))


def _no_commit(revision: str) -> str:
    return f"couldn't fetch the commit sha for the ref {revision} in the repo"


def _server(kind: str, api: Api, url: str, settings: Settings) -> str:
    """Return the address of the API; Refused for one that would carry the token in plain text."""
    url = (url or api.public).rstrip("/")
    url = url if "://" in url else f"https://{url}"
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.netloc) and parts.netloc not in settings.plain_http:
        raise Refused(
            f"serverURL {url} would send the token in plain text", hint=f"resolvers.plain_http: [{parts.netloc}]"
        )
    if kind == "github" and parts.hostname in ("github.com", "api.github.com"):
        return _GITHUB_API
    return url if parts.path.endswith(api.base) else f"{url}{api.base}"


def _token(params: Params, conf: Mapping[str, str], context: Context) -> str:
    """Source: getAPIToken."""
    if params.get("token"):
        return context.secret_text(params["token"], params.get("tokenKey") or "token")
    for name in ("api-token-secret-name", "api-token-secret-key"):
        if not conf.get(name):
            text = f"cannot get API token, required when specifying 'repo' param, '{name}' not specified in config"
            raise Permanent(text, hint="give the param token with the name of a Secret")
    return context.secret_text(conf["api-token-secret-name"], conf["api-token-secret-key"])


def _json(url: str, headers: Mapping[str, str], context: Context, what: str) -> Any:
    answer = web.get(url, context, {**headers, "Accept": "application/json"})
    if answer.status != 200:
        hint = "check the token and its rights" if answer.status in (401, 403) else "check org, repo and revision"
        raise Permanent(f"{what}: {url} answered {answer.status}", hint=hint)
    return answer.data()


def _decoded(content: Any, params: Params, path: str) -> bytes:
    data = base64.b64decode(content.get("content") or "") if isinstance(content, dict) else b""
    if not data:
        raise Permanent(f"no content for resource in {params['org']}/{params['repo']} {path}")
    return data
