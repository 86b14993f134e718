# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an image name means for a local process: which host tools stand in for it.

The first entry of the map whose pattern matches wins. An image that nothing maps is refused, never guessed.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._sandbox.process import Mount, python_mounts


@dataclass(frozen=True, slots=True)
class Toolset:
    """How a step of such an image is started. `shell` is the program behind /bin/sh, "" for the host's.

    `tools` are programs that we bring, `mounts` what else these steps see: their shell, and what the user shows them.
    """

    pattern: str
    entrypoint: tuple[str, ...] = ()
    shell: str = ""
    tools: tuple[Mount, ...] = ()
    mounts: tuple[Mount, ...] = ()


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
# What a program of the host cannot start without, where distributions keep it outside of /usr.
_CONFIGURATION = {"mvn": ("/etc/maven", "/etc/java-*")}


def toolsets(user: Sequence[Mapping[str, Any]], tools: str) -> list[Toolset]:
    """Return the whole map: the user's entries ({image, toolset, entrypoint, mounts}), then ours.

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
    made = _make(str(entry["image"]), "" if name == "host" else name, tuple(entrypoint), tools)
    return replace(made, mounts=(*made.mounts, *_mounts(entry.get("mounts") or {}, f"image_map[{index}].mounts")))


def _mounts(wanted: Mapping[str, str], field: str) -> tuple[Mount, ...]:
    """Return the files and directories of this machine that the steps see, read-only. `wanted`: {path inside: path here}."""
    for target, source in wanted.items():
        if not str(target).startswith("/"):
            raise Invalid(f"{field}.{target}", "is no absolute path", hint="{/path/in/the/step: /path/of/this/machine}")
        if not os.path.exists(os.path.expanduser(str(source))):
            raise Invalid(f"{field}.{target}", f"names what is not on this machine: {str(source)!r}")
    return tuple(
        Mount(os.path.realpath(os.path.expanduser(str(source))), str(target), read_only=True)
        for target, source in wanted.items()
    )


def _make(pattern: str, name: str, entrypoint: tuple[str, ...], tools: str) -> Toolset:
    shell = "busybox" if name == "busybox" else ""
    mounts = (*_shell(shell, tools), *_configuration(entrypoint[0] if entrypoint else ""))
    return Toolset(pattern, entrypoint, shell, _kaniko(tools) if name == "kaniko" else (), mounts)


def _configuration(program: str) -> tuple[Mount, ...]:
    found = (path for pattern in _CONFIGURATION.get(program, ()) for path in sorted(glob.glob(pattern)))
    return tuple(Mount(path, path, read_only=True) for path in found)


def _shell(name: str, tools: str) -> tuple[Mount, ...]:
    """Show busybox as /bin/sh. By a link named sh: where paths are only rewritten, busybox goes by the name it is called."""
    program = shutil.which(name) if name else None
    if program is None:
        return ()
    link = os.path.join(tools, "sh")
    if not os.path.lexists(link):
        os.makedirs(tools, mode=0o700, exist_ok=True)
        os.symlink(os.path.realpath(program), link)
    return (Mount(link, "/bin/sh", read_only=True),)


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
    mounts = [*toolset.tools, *toolset.mounts]
    if toolset.tools:
        mounts += python_mounts()
        root = _package_root()
        mounts.append(Mount(root, root, read_only=True))
    return mounts


def _package_root() -> str:
    """Return the folder of module_utils that runs now, as it is on the disk."""
    return os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
