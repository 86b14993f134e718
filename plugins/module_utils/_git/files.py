# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which files of a repository a pattern names. Pure: works on the list of their names.

Source: argo-cd v3.6 util/git/client.go LsFiles, git's glob pathspecs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from .._lang import globs


def matching(files: Sequence[str], pattern: str, *, stars: bool) -> list[str]:
    """Return the files that a pattern names, in their order.

    With `stars` a star stays within a folder and ** crosses them; otherwise, as in git, every star crosses folders and
    the name of a folder stands for all below.
    """
    if stars:
        return [name for name in files if globs.doublestar(pattern, name)]
    return [name for name in files if _pathspec(pattern).fullmatch(name)]


@lru_cache(maxsize=256)
def _pathspec(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|.", pattern, re.DOTALL)
    return re.compile("".join(_translated(part) for part in parts) + "(?:/.*)?", re.DOTALL)


def _translated(part: str) -> str:
    if part.startswith("*"):
        return ".*"
    if part == "?":
        return "."
    if len(part) > 1 and part.startswith("["):
        return "[^" + part[2:] if part[1] == "!" else part
    return re.escape(part.removeprefix("\\") if len(part) > 1 else part)
