# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an image name means for a local process: which host tools stand in for it.

The first entry of the map whose pattern matches wins. An image that nothing maps is refused, never guessed.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._sandbox.process import Mount, python_mounts


@dataclass(frozen=True, slots=True)
class Toolset:
    """How a step of such an image is started. `shell` is the program behind /bin/sh, "" for the host's; `cwd` its WORKDIR."""

    pattern: str
    entrypoint: tuple[str, ...] = ()
    shell: str = ""
    tools: tuple[Mount, ...] = ()
    cwd: str = "/"


_KANIKO = "/kaniko/executor"
# An image without an entry point starts its command, as Tekton's look-up does (pkg/pod/entrypoint_lookup.go).
_SH, _BASH = ("/bin/sh",), ("bash",)
# The bash image takes options for bash itself, and anything else for a program with its arguments.
_BASH_IMAGE = ("bash", "-c", 'case "${1-}" in ""|-*) exec bash "$@";; *) exec "$@";; esac', "bash")
_BUILTIN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("*/kaniko-project/executor*", "kaniko", (_KANIKO,)),
    ("*alpine/git*", "busybox", ("git",)),
    ("*alpine*", "busybox", _SH),
    ("*busybox*", "busybox", _SH),
    ("*bash*", "", _BASH_IMAGE),
    ("*python*", "", ("python3",)),
    ("*ubuntu*", "", _BASH),
    ("*debian*", "", _BASH),
    ("*node*", "", ("node",)),
    ("*maven*", "", ("mvn",)),
    ("*golang*", "", _BASH),
    ("*perl*", "", ("perl",)),
    ("*admin-box*", "", ()),
    ("*kubectl*", "busybox", ("kubectl",)),
)


def toolsets(user: Sequence[Mapping[str, Any]], tools: str) -> list[Toolset]:
    """Return the whole map: the user's entries ({image, toolset, entrypoint}), then ours.

    `tools` is a directory of the run in which the programs that we bring are laid.
    """
    own = [_own(entry, index, tools) for index, entry in enumerate(user)]
    return own + [_make(pattern, name, entrypoint, tools) for pattern, name, entrypoint in _BUILTIN]


def _own(entry: Mapping[str, Any], index: int, tools: str) -> Toolset:
    name = entry.get("toolset", "host")
    if not entry.get("image"):
        raise Invalid(f"image_map[{index}].image", "is missing")
    if name not in ("host", "busybox", "kaniko"):
        raise Invalid(f"image_map[{index}].toolset", f"is {name!r}", hint="host, busybox or kaniko")
    entrypoint = entry.get("entrypoint") or ([_KANIKO] if name == "kaniko" else [])
    return _make(str(entry["image"]), "" if name == "host" else name, tuple(entrypoint), tools)


def _make(pattern: str, name: str, entrypoint: tuple[str, ...], tools: str) -> Toolset:
    if name == "kaniko":
        return Toolset(pattern, entrypoint, "", _kaniko(tools), "/workspace")
    return Toolset(pattern, entrypoint, name)


def _kaniko(tools: str) -> tuple[Mount, ...]:
    """kaniko's program is our own builder, run by this Python."""
    launcher = os.path.join(tools, "executor")
    if not os.path.exists(launcher):
        os.makedirs(tools, mode=0o700, exist_ok=True)
        program = os.path.join(_package_root(), "_oci", "kaniko.py")
        with open(launcher, "w", encoding="utf-8") as stream:
            stream.write(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
        os.chmod(launcher, 0o755)
    return (Mount(launcher, _KANIKO, read_only=True),)


def find(image: str, known: Sequence[Toolset], field: str, obj: str) -> Toolset:
    """Return the toolset of an image; Refused when the map has none."""
    bare = image.split("@", maxsplit=1)[0]
    for toolset in known:
        if fnmatch.fnmatchcase(bare, toolset.pattern):
            return toolset
    patterns = ", ".join(toolset.pattern for toolset in known)
    raise Refused(
        f"{field}: image {image!r} has no meaning for local processes",
        hint=f"add it to image_map, such as {{image: '{bare}', toolset: host}}; mapped now: {patterns}",
        obj=obj,
    )


def extra_mounts(toolset: Toolset) -> list[Mount]:
    """Return the mounts that a toolset needs beside the host's tools."""
    mounts = list(toolset.tools)
    if toolset.tools:
        mounts += python_mounts()
        root = _package_root()
        mounts.append(Mount(root, root, read_only=True))
    busybox = shutil.which("busybox") if toolset.shell == "busybox" else None
    if busybox:
        mounts.append(Mount(os.path.realpath(busybox), "/bin/sh", read_only=True))
    return mounts


def _package_root() -> str:
    """Return the folder of module_utils that runs now, as it is on the disk."""
    return os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
