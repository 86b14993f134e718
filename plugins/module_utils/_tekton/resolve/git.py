# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The git resolver: a file of a repository, fetched by git itself or over the API of its host.

Source: tektoncd/pipeline pkg/resolution/resolver/git/{resolver,repository}.go, v1.15.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ..._core.cancel import Linked
from ..._core.errors import Cancelled, Permanent, SlipwayError
from ..._git.command import Credentials, Git
from ..model.reference import Source
from . import scm
from .resolver import Address, Context, Params, Resolved, Resolver, address, is_sha, texts, wrong
from .settings import Settings, seconds

_URL = re.compile(r"^(/|[^@]+@[^:]+|(git|https?|ssh|file)://)")
_HEADER = re.compile(rb"[0-9a-f]{40,64} (blob|tree) ([0-9]+)")
_TOKEN = "token"
_FORGOTTEN = 600.0


def check(params: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Return the params with the defaults of the configuration. Source: PopulateDefaultParams.

    Addresses of the forms file:// and ssh:// are taken too.
    """
    given = texts(params)
    if not given:
        raise wrong("no params")
    conf = settings.texts("git", given.get("configKey", ""))
    if not conf:
        raise wrong(f"cannot get git resolver configuration for configKey {given['configKey']}")
    given.setdefault("revision", conf.get("default-revision", ""))
    if given.get("url") and given.get("repo"):
        raise wrong("cannot specify both 'url' and 'repo'")
    if not given.get("url") and not given.get("repo"):
        if not conf.get("default-url"):
            raise wrong("must specify one of 'url' or 'repo'")
        given["url"] = conf["default-url"]
    if given.get("repo") and "org" not in given:
        if not conf.get("default-org"):
            raise wrong("'org' is required when 'repo' is specified")
        given["org"] = conf["default-org"]
    missing = [name for name in ("revision", "pathInRepo") if not given.get(name)]
    if missing:
        raise wrong(f"missing required git resolver params: {', '.join(missing)}")
    if given.get("url") and not _URL.match(given["url"]):
        raise wrong(f"invalid git repository url: {given['url']}")
    if given["revision"].startswith("-"):
        raise wrong(f"invalid revision {given['revision']}")
    return given


def fetch(params: Params, context: Context) -> Resolved:
    """Return the file at the commit that the revision means now."""
    if not params.get("url"):
        return scm.fetch(params, context)
    conf = context.settings.texts("git", params.get("configKey", ""))
    limit = seconds(conf.get("fetch-timeout") or "1m", "resolvers.git.fetch-timeout")
    context = context.within(limit)
    place = address(params["url"])
    git = Git(_credentials(place, params, context), cancel=_Deadline(context))
    folder = _scratch(os.path.join(context.settings.cache_dir, "work"))
    try:
        return _from_repository(git, folder, place.url, params)
    except Cancelled:
        context.left()
        raise
    except SlipwayError as error:
        raise Permanent(f"error resolving repository: {error.message}", hint=error.hint) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _scratch(work: str) -> str:
    """Return a new folder; what runs that were killed have left there is removed."""
    os.makedirs(work, mode=0o700, exist_ok=True)
    for entry in os.scandir(work):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(entry.path, ignore_errors=True)
    return tempfile.mkdtemp(dir=work)


class _Deadline(Linked):
    """Asks git to stop when the resolution's time is over."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.cancel)
        self._context = context

    def is_set(self) -> bool:
        try:
            self._context.left()
        except SlipwayError as error:
            self.set(error.message)
        return super().is_set()


def _credentials(place: Address, params: Params, context: Context) -> Credentials:
    """Return the token of the param gitToken, or the login in the address; without both git's configuration decides."""
    if not params.get("gitToken"):
        return Credentials(place.username, place.password, place.url)
    token = context.secret_text(params["gitToken"], params.get("gitTokenKey") or _TOKEN)
    return Credentials("git", token, place.url)


def _from_repository(git: Git, folder: str, url: str, params: Params) -> Resolved:
    """Fetch one commit without its history and read one file of it; nothing is checked out.

    Where the server can, not even the other files are fetched: git asks for the one when it is read.
    """
    path = _clean(params["pathInRepo"])
    git.run("init", "--quiet", "--bare", folder)
    git.run("-C", folder, "remote", "add", "--", "origin", url)
    wanted = ("--quiet", "--no-tags", "--depth=1", "--filter=blob:none", "--", "origin", params["revision"])
    git.run("-C", folder, "fetch", *wanted)
    commit = git.run("-C", folder, "rev-parse", "--verify", "FETCH_HEAD^{commit}")
    question = f"{commit}:{path}\n".encode()
    answer = git.raw("-C", folder, "cat-file", "--batch", "--follow-symlinks", data=question)
    source = Source(f"git+{url}", {"sha1": commit}, params["pathInRepo"])
    return Resolved(_content(answer, params["pathInRepo"]), source)


def _clean(path: str) -> str:
    found = posixpath.normpath(path.lstrip("/"))
    if found == ".." or found.startswith("../") or "\n" in found:
        raise _escape(path)
    return found


def _content(answer: bytes, path: str) -> bytes:
    """Return the file in the answer of cat-file: its header, then as many bytes as that says."""
    head, _, rest = answer.partition(b"\n")
    found = _HEADER.fullmatch(head)
    if found and found[1] == b"blob":
        return rest[: int(found[2])]
    if head.startswith(b"symlink "):
        raise _escape(path)
    raise Permanent(f'error opening file "{path}": {"is a directory" if found else "file does not exist"}')


def _escape(path: str) -> Permanent:
    text = f'path "{path}" attempts to escape the repository directory (possible path traversal attack)'
    return Permanent(f'error opening file "{path}": {text}')


def _is_local(params: Params) -> bool:
    return params.get("url", "").startswith(("/", "file://"))


RESOLVER = Resolver("Git", check, fetch, pinned=lambda params: is_sha(params["revision"]), local=_is_local)
