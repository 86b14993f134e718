# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which commit a revision means, from the list of a repository's references. Pure; knows no git.

Source: argo-cd v3.6 util/git/client.go lsRemote, util/versions/tags.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .._core.errors import Invalid
from .._lang import semver

_SHA = re.compile(r"^[0-9a-fA-F]{40}$")
_SHORT = re.compile(r"^[0-9a-fA-F]{7,40}$")
_PEELED = "^{}"
_FOLDERS = ("refs/tags/", "refs/heads/", "refs/remotes/", "refs/")


@dataclass(frozen=True, slots=True)
class Refs:
    """References in listing order with the commits they lead to (tags peeled), and symbolic ones with their targets."""

    commits: Mapping[str, str] = field(default_factory=dict)
    symbolic: Mapping[str, str] = field(default_factory=dict)

    def branches(self) -> list[str]:
        return sorted(name.removeprefix("refs/heads/") for name in self.commits if name.startswith("refs/heads/"))

    def tags(self) -> list[str]:
        return [name.removeprefix("refs/tags/") for name in self.commits if name.startswith("refs/tags/")]


def is_commit(revision: str) -> bool:
    """True for 40 hexadecimal digits: such a revision is taken as it is, without a look at the repository."""
    return _SHA.match(revision) is not None


def is_short_commit(revision: str) -> bool:
    """True for what may be the beginning of a commit's hash."""
    return _SHORT.match(revision) is not None


def is_short_ref(revision: str) -> bool:
    """True for a revision that is no full reference (refs/...): a branch, a tag, a hash or nothing."""
    return not revision.startswith("refs/")


def read(listing: str) -> Refs:
    """Return the references of `git ls-remote --symref`."""
    commits: dict[str, str] = {}
    symbolic: dict[str, str] = {}
    for line in listing.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            symbolic[name] = value.removeprefix("ref: ")
        elif name.endswith(_PEELED):
            commits[name.removesuffix(_PEELED)] = value
        elif name:
            commits[name] = value
    return Refs(commits, symbolic)


def resolve(refs: Refs, revision: str, prefix: str = "") -> str:
    """Return the commit of a branch, tag, reference or version constraint; empty means HEAD.

    The answer is empty for what may only be the beginning of a hash. A constraint picks the highest tag that fits it;
    with `prefix` only tags that begin with it count. Invalid, with the branches there are, for anything else.
    """
    if is_commit(revision):
        return revision
    wanted = _tag(refs, revision or "HEAD", prefix) or revision or "HEAD"
    for name in _candidates(refs, wanted):
        target = refs.symbolic.get(name, name)
        if target in refs.commits:
            return refs.commits[target]
    if is_short_commit(revision):
        return ""
    branches = ", ".join(refs.branches()[:20]) or "none"
    raise Invalid("targetRevision", f"{wanted!r} is no branch, tag or commit", hint=f"branches: {branches}")


def _tag(refs: Refs, revision: str, prefix: str) -> str:
    if not prefix and not semver.is_constraint(revision):
        return ""
    found = semver.highest(revision, refs.tags(), prefix)
    if found is None:
        tags = ", ".join(refs.tags()[-10:]) or "none"
        raise Invalid("targetRevision", f"no tag fits the constraint {revision!r}", hint=f"tags: {tags}")
    return f"refs/tags/{found}"


def _candidates(refs: Refs, wanted: str) -> Iterator[str]:
    """Names in listing order whose short or full form is wanted: a branch comes before a tag of its name."""
    for name in refs.commits:
        if wanted in (name, short(name)):
            yield name


def short(name: str) -> str:
    """Return refs/heads/main as main, refs/pull/1/head as pull/1/head."""
    return next((name.removeprefix(folder) for folder in _FOLDERS if name.startswith(folder)), name)
