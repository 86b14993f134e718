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
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ..._core.errors import Invalid, Refused
from ..._sandbox.process import Mount, python_mounts


@dataclass(frozen=True, slots=True)
class Toolset:
    """How a step of such an image is started. `shell` is the program behind /bin/sh, "" for the host's.

    `env`, `cwd`, `uid` and `gid` are the image's own, `path` is looked through before the PATH of `env`. `rootfs` is an
    unpacked image ("": the host's tools stand in), `scratch` where copies of it may be made.
    """

    pattern: str
    entrypoint: tuple[str, ...] = ()
    shell: str = ""
    tools: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    cwd: str = ""
    uid: int | None = None
    gid: int | None = None
    rootfs: str = ""
    scratch: str = ""


_KANIKO = "/kaniko/executor"
# An image without an entry point starts its command, as Tekton's look-up does (pkg/pod/entrypoint_lookup.go).
_SH, _BASH = ("/bin/sh",), ("bash",)
# The bash image takes options for bash itself, and anything else for a program with its arguments.
_BASH_IMAGE = ("bash", "-c", 'case "${1-}" in ""|-*) exec bash "$@";; *) exec "$@";; esac', "bash")
_BUSYBOX = "/.slipway/busybox"
_KEYS = frozenset(("image", "toolset", "entrypoint", "layout", "env", "workdir", "user", "tools"))
_BUILTIN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("*/kaniko-project/executor*", "kaniko", (_KANIKO,)),
    ("*tektoncd/pipeline/nop-*", "", ("true",)),
    ("*alpine-git-nonroot*", "busybox", ("git",)),
    ("*alpine/git*", "busybox", ("git",)),
    ("*alpine*", "busybox", _SH),
    ("*busybox*", "busybox", _SH),
    ("*bash*", "busybox", _BASH_IMAGE),
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
# What is known of these images beside their tools.
_MORE: dict[str, dict[str, Any]] = {
    "*alpine-git-nonroot*": {"env": {"HOME": "/home/nonroot"}, "uid": 1000, "gid": 1000},
    "*alpine/git*": {"cwd": "/git"},
}


def toolsets(user: Sequence[Mapping[str, Any]], tools: str) -> list[Toolset]:
    """Return the whole map: the user's entries, then ours.

    An entry is {image, toolset, entrypoint, env, workdir, user, tools}, or {image, layout} for an OCI image layout.
    `tools` is a directory of the run in which the programs that we bring are laid.
    """
    own = [_own(entry, index, tools) for index, entry in enumerate(user)]
    return own + [_builtin(pattern, name, entrypoint, tools) for pattern, name, entrypoint in _BUILTIN]


def _builtin(pattern: str, name: str, entrypoint: tuple[str, ...], tools: str) -> Toolset:
    made = _make(pattern, name, entrypoint, tools)
    return replace(made, **_MORE.get(pattern, {}))


def _own(entry: Mapping[str, Any], index: int, tools: str) -> Toolset:
    where, name = f"image_map[{index}]", entry.get("toolset", "host")
    if not entry.get("image"):
        raise Invalid(f"{where}.image", "is missing")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise Invalid(f"{where}.{unknown[0]}", "is no key of an entry", hint=", ".join(sorted(_KEYS)))
    if name not in ("host", "busybox", "kaniko"):
        raise Invalid(f"{where}.toolset", f"is {name!r}", hint="host, busybox or kaniko")
    entrypoint = tuple(entry.get("entrypoint") or ([_KANIKO] if name == "kaniko" else []))
    pattern = str(entry["image"])
    made = _layout(pattern, entry, where, tools) if entry.get("layout") else _make(pattern, name, entrypoint, tools)
    user = _user(str(entry["user"]), where) if "user" in entry else (made.uid, made.gid)
    return replace(
        made, entrypoint=entrypoint or made.entrypoint, uid=user[0], gid=user[1],
        cwd=str(entry.get("workdir") or made.cwd),
        env={**made.env, **{str(key): str(value) for key, value in (entry.get("env") or {}).items()}},
        tools=(*made.tools, *_tools(entry.get("tools") or {}, where)),
    )  # fmt: skip


def _user(text: str, where: str) -> tuple[int, int]:
    uid, _colon, gid = text.partition(":")
    if not uid.isdecimal() or not (gid or "0").isdecimal():
        raise Invalid(f"{where}.user", f"is no number: {text!r}", hint="such as 1000 or 1000:1000")
    return int(uid), int(gid or "0")


def _tools(given: Mapping[str, str], where: str) -> list[Mount]:
    """Return the files or directories of this machine that an entry shows, by their path inside."""
    for target, path in given.items():
        if not target.startswith("/"):
            hint = "{/path/in/the/step: /path/of/this/machine}"
            raise Invalid(f"{where}.tools.{target}", "is no absolute path", hint=hint)
        if not os.path.exists(os.path.expanduser(path)):
            raise Invalid(f"{where}.tools.{target}", f"does not exist: {path}", hint="give a path of this machine")
    return [Mount(os.path.realpath(os.path.expanduser(path)), target, read_only=True) for target, path in given.items()]


def _layout(pattern: str, entry: Mapping[str, Any], where: str, tools: str) -> Toolset:
    """Return the toolset of an image on the disk: its own files, and its configuration."""
    from ..._oci.unpack import unpack_layout  # few runs have one, and it brings the registry's client

    try:
        image = unpack_layout(str(entry["layout"]), str(entry["image"]).rpartition(":")[2], _cache())
    except Invalid as error:
        error.field = f"{where}.layout"
        raise
    config = image.config
    uid, gid = _user_of(config.user, image.rootfs, where)
    return Toolset(
        pattern, config.entrypoint or config.cmd, env=config.variables, cwd=config.working_dir, uid=uid, gid=gid,
        rootfs=image.rootfs, scratch=tools,
    )  # fmt: skip


def _user_of(user: str, rootfs: str, where: str) -> tuple[int | None, int | None]:
    """Return the numbers of an image's user, which may be a name of its /etc/passwd."""
    if not user:
        return None, None
    if user.partition(":")[0].isdecimal():
        return _user(user, where)
    from ..._oci.unpack import inside

    try:
        with open(inside(rootfs, "/etc/passwd", follow_last=True), encoding="utf-8", errors="replace") as stream:
            for line in stream:
                fields = line.split(":")
                if fields[0] == user.partition(":")[0]:
                    return int(fields[2]), int(fields[3])
    except (OSError, IndexError, ValueError):
        pass
    raise Invalid(f"{where}.layout", f"names a user that its /etc/passwd does not have: {user!r}", hint="give user")


def _cache() -> str:
    given = os.environ.get("SLIPWAY_STATE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(given, "cache") if given else os.path.join(base, "slipway")


def _make(pattern: str, name: str, entrypoint: tuple[str, ...], tools: str) -> Toolset:
    if name == "kaniko":
        return Toolset(pattern, entrypoint, tools=_kaniko(tools), cwd="/workspace")
    if name != "busybox" or not shutil.which("busybox"):
        return Toolset(pattern, entrypoint, "busybox" if name == "busybox" else "")
    applets = Mount(_applets(tools), _BUSYBOX, read_only=True)
    return Toolset(pattern, entrypoint, "busybox", (applets,), path=(_BUSYBOX,))


def _applets(tools: str) -> str:
    """Return a directory of links to busybox, one for each of its programs; busybox images have no others.

    It is made once for a user and a busybox, below the cache, or in the run's own folder where there is no cache.
    """
    program = os.path.realpath(shutil.which("busybox") or "busybox")
    found = os.stat(program)
    name = f"busybox-{found.st_size}-{found.st_mtime_ns}"
    try:
        return _linked(program, _made(_cache()), name)
    except OSError:
        return _linked(program, _made(tools), name)


def _linked(program: str, root: str, name: str) -> str:
    folder = os.path.join(root, name)
    if not os.path.isdir(folder):
        work = tempfile.mkdtemp(dir=root)
        for applet in _applet_names(program):
            os.symlink(program, os.path.join(work, applet))
        os.chmod(work, 0o755)
        try:
            os.rename(work, folder)
        except OSError:  # another run was faster
            shutil.rmtree(work, ignore_errors=True)
    return folder


@lru_cache(maxsize=4)
def _applet_names(program: str) -> tuple[str, ...]:
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, timeout=10, check=False).stdout
    return tuple(name for name in listed.split() if "/" not in name)


def _made(folder: str) -> str:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def _kaniko(tools: str) -> tuple[Mount, ...]:
    """kaniko's program is our own builder, run by this Python."""
    launcher = os.path.join(tools, "executor")
    if not os.path.exists(launcher):
        _made(tools)
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


def with_interpreter(text: str, image: str, known: Sequence[Toolset]) -> str:
    """Return a script that this machine can start: busybox stands behind /bin/sh, and not behind /bin/ash."""
    toolset = find(image, known, "image", "")
    first, newline, rest = text.partition("\n")
    if toolset.shell == "busybox" and re.match(r"#!\s*/bin/ash\b", first) and not os.path.exists("/bin/ash"):
        return first.replace("/bin/ash", "/bin/sh", 1) + newline + rest
    return text


def own_copy(toolset: Toolset) -> str:
    """Return a private copy of an unpacked image: a step may write into it, and nobody else sees that."""
    target = os.path.join(tempfile.mkdtemp(prefix="rootfs-", dir=_made(toolset.scratch)), "rootfs")
    shutil.copytree(toolset.rootfs, target, symlinks=True)
    return target


def extra_mounts(toolset: Toolset) -> list[Mount]:
    """Return the mounts that a toolset needs beside the host's tools."""
    mounts = list(toolset.tools)
    if any(mount.target == _KANIKO for mount in toolset.tools):
        mounts += python_mounts()
        root = _package_root()
        mounts.append(Mount(root, root, read_only=True))
    mounts += _configuration(toolset.entrypoint[0] if toolset.entrypoint else "")
    applets = next((mount.source for mount in toolset.tools if mount.target == _BUSYBOX), "")
    if applets:  # by its link: where paths are only rewritten, busybox goes by the name it is called
        mounts.append(Mount(os.path.join(applets, "sh"), "/bin/sh", read_only=True))
    return mounts


def _configuration(program: str) -> list[Mount]:
    found = (path for pattern in _CONFIGURATION.get(program, ()) for path in sorted(glob.glob(pattern)))
    return [Mount(path, path, read_only=True) for path in found]


def _package_root() -> str:
    """Return the folder of module_utils that runs now, as it is on the disk."""
    return os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
