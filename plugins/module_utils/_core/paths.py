# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Paths as text: what lies below what. Looks at no file."""

from __future__ import annotations

import posixpath
import re

from .errors import Invalid


def join(*parts: str) -> str:
    """Return the parts joined and cleaned as Go's path.Join does: one slash at the most begins the path."""
    path = posixpath.normpath("/".join(part for part in parts if part))
    return path[1:] if path.startswith("//") else path


def is_within(root: str, path: str) -> bool:
    """Return whether a path lies in `root` or below, once both are cleaned; links are not followed."""
    base, found = join(root), join(path)
    return base == "/" or found == base or found.startswith(f"{base}/")


def enforce_within(root: str, path: str) -> str:
    """Return the cleaned path of a file below `root`. Invalid for one that lies elsewhere.

    Source: argo-cd v3.6 util/security/path_traversal.go.
    """
    folder, name = posixpath.normpath(posixpath.dirname(path)), posixpath.basename(path)
    if not is_within(root, folder):
        where = posixpath.normpath(root)
        raise Invalid("", f"requested path {path} should be on or under current directory {where}")
    return posixpath.join(folder, name)


def masked(root: str, text: str, mask: str) -> str:
    """Return a text with every folder right below `root` masked: its name is nobody's business.

    Source: argo-cd v3.6 reposerver/repository/repository.go getRepoSanitizerRegex.
    """
    return re.sub(f"{re.escape(root)}/[^ /]*", lambda _found: mask, text)
