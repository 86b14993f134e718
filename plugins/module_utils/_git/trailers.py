# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Trailers of a commit's message that tell of the commit it was made from. Pure.

Source: argo-cd v3.6 util/git/client.go GetReferences.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from email.utils import parseaddr

from .._lang import gourl

_PREFIX = "Argocd-reference-commit-"
_SHA = re.compile(r"[0-9a-f]{5,40}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Origin:
    """The commit that another one was made from; what is not told is empty. `date` is RFC 3339."""

    sha: str = ""
    repo: str = ""
    author_name: str = ""
    author_email: str = ""
    date: str = ""
    subject: str = ""
    body: str = ""


def read(message: str) -> tuple[Origin, str]:
    """Return the origin that trailers tell of, and the message without them. A trailer that cannot be read stays."""
    origin, rest = Origin(), ""
    if not message:
        return origin, rest
    for line in message.removesuffix("\n").split("\n"):
        changed = _changed(origin, line)
        if changed is None:
            rest += f"{line}\n"
        else:
            origin = changed
    return origin, rest


def _changed(origin: Origin, line: str) -> Origin | None:
    name, mark, value = line.partition(": ")
    if not name.startswith(_PREFIX) or not mark:
        return None
    match name.removeprefix(_PREFIX):
        case "sha" if _SHA.fullmatch(value):
            return replace(origin, sha=value)
        case "repourl" if gourl.is_url(value):
            return replace(origin, repo=value)
        case "author":
            person, address = parseaddr(value)
            return replace(origin, author_name=person, author_email=address) if "@" in address else None
        case "date" if _DATE.fullmatch(value):
            return replace(origin, date=value)
        case "subject":
            return replace(origin, subject=value)
        case "body":
            return _with_body(origin, value)
    return None


def _with_body(origin: Origin, value: str) -> Origin | None:
    """The body is one line of JSON text."""
    try:
        body = json.loads(value)
    except ValueError:
        return None
    return replace(origin, body=body) if isinstance(body, str) else None
