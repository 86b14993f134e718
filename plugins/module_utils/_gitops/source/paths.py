# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a source may lie: inside its repository, also through symbolic links. Source: argo-cd v3.6 util/app/path/path.go."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..._core.errors import Invalid


def application_path(root: str, path: str) -> str:
    """Return the folder of a source below `root`. Invalid when it is none, or lies elsewhere."""
    if os.path.isabs(path):
        raise Invalid("", f"{path}: app path is absolute")
    base, found = os.path.normpath(root), os.path.normpath(os.path.join(root, path))
    if found != base and not found.startswith(os.path.join(base, "")):
        raise Invalid("", f"{path}: app path outside root")
    if not os.path.exists(found):
        raise Invalid("", f"{path}: app path does not exist")
    if not os.path.isdir(found):
        raise Invalid("", f"{path}: app path is not a directory")
    return found


def check_links(base: str, skip: Sequence[str] = ()) -> None:
    """Invalid for the first link below `base` that is absolute or, at any part of its way, leaves `base`.

    `skip` names paths relative to `base` that nobody follows.
    """
    root = os.path.abspath(base)
    for folder, folders, files in os.walk(root):
        for name in sorted([*folders, *files]):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, root)
            if os.path.islink(path) and relative not in skip and _leaves(root, folder, os.readlink(path)):
                raise Invalid("", "out of bounds symlink found", hint=relative)


def _leaves(root: str, folder: str, target: str) -> bool:
    if os.path.isabs(target):
        return True
    for part in target.split(os.sep):
        folder = os.path.normpath(os.path.join(folder, part))
        if folder != root and not folder.startswith(os.path.join(root, "")):
            return True
    return False
