# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Runs a program as an ordinary process where sandboxes are refused: paths are rewritten.

The targets of mounts, wherever they stand in arguments, environment, working directory or a
script, become the host's paths. Programs that build such a path themselves are not caught; that
is what the one warning says.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence

from .._core.errors import Refused
from .spec import DEFAULT_PATH, Mount, ProcessSpec
from .view import is_complete, overlay

WARNING = (
    "steps run as plain processes without a sandbox ({why}): they see this machine's files, and paths such as "
    "/workspace are rewritten in commands, environment and scripts only; install bubblewrap and allow user namespaces"
)


def rewriter(mounts: Sequence[Mount]) -> Callable[[str], str]:
    """Return a function that replaces mount targets by their sources, longest first, in one pass.

    A target counts only as a whole path or as the beginning of one: /app is left alone in /apples and in
    /my/app, and replaced in dir:///app.
    """
    table = {mount.target.rstrip("/"): mount.source for mount in mounts if mount.target.rstrip("/")}
    if not table:
        return lambda text: text
    targets = "|".join(re.escape(target) for target in sorted(table, key=len, reverse=True))
    pattern = re.compile(rf"(?:(?<![\w./-])|(?<=://))({targets})(?![\w.-])")
    return lambda text: pattern.sub(lambda found: table[found.group(1)], text)


def all_mounts(mounts: Sequence[Mount], rootfs: str) -> list[Mount]:
    """Return the mounts and what the image adds; a complete image cannot run this way."""
    if rootfs and is_complete(rootfs):
        raise Refused(
            "this image brings its own root file system, which needs a sandbox",
            hint="install bubblewrap and allow user namespaces, or map the base image to the host",
            reason="NoSandbox",
        )
    return [*mounts, *(overlay(rootfs) if rootfs else [])]


def prepare(spec: ProcessSpec) -> tuple[list[str], dict[str, str], str, str]:
    """Return argv, environment, working directory and the private temporary directory, rewritten."""
    if not spec.share_net:
        raise Refused("a plain process cannot be cut off from the network", reason="NoSandbox")
    if spec.read_only_root:
        raise Refused("a plain process has no root file system of its own to make read-only", reason="NoSandbox")
    if spec.drop and os.geteuid() == 0 and not spec.uid:
        raise Refused("capabilities of a plain process of root cannot be dropped", reason="NoSandbox")
    turn = rewriter(all_mounts([*spec.mounts, *spec.tools], spec.rootfs))
    scratch = tempfile.mkdtemp(prefix="slipway-")
    if spec.uid is not None and os.geteuid() == 0:
        os.chmod(scratch, 0o777)
    env = {**{name: turn(value) for name, value in spec.env.items()}, "TMPDIR": scratch}
    env["HOME"] = _own(spec.env.get("HOME", ""), turn, scratch)
    env["PATH"] = turn(_search_path(spec)) + ":" + _toolbox(scratch)
    cwd = turn(spec.cwd or "/")
    if not os.path.isdir(cwd):
        cwd = cwd if cwd != spec.cwd else scratch + cwd
        os.makedirs(cwd, exist_ok=True)
    return [turn(part) for part in spec.argv], env, cwd, scratch


def _own(home: str, turn: Callable[[str], str], scratch: str) -> str:
    # A home that no mount provides would be a directory of this machine's user.
    return turn(home) if turn(home) != home else scratch


def _search_path(spec: ProcessSpec) -> str:
    folders = (spec.env.get("PATH") or DEFAULT_PATH).split(":")
    mine = [spec.rootfs + folder for folder in folders if spec.rootfs and os.path.isdir(spec.rootfs + folder)]
    return ":".join([*mine, *folders])


def _toolbox(scratch: str) -> str:
    folder = os.path.join(scratch, ".bin")
    os.mkdir(folder)
    python = shutil.which("python3", path=DEFAULT_PATH) or sys.executable
    for name in ("python", "python3"):
        if not shutil.which(name, path=DEFAULT_PATH):
            os.symlink(python, os.path.join(folder, name))
    return folder
