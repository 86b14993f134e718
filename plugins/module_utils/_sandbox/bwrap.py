# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Turns a ProcessSpec into a bubblewrap command line, and finds out whether that works here.

Knows bubblewrap >= 0.5 and nothing of what the programs are for.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from .spec import DEFAULT_PATH, Backend, Limits, ProcessSpec
from .view import View

# What container runtimes leave to root.
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"),
    *("NET_BIND_SERVICE", "SYS_CHROOT", "SETFCAP"),
)
TOOLBOX = "/.slipway/bin"
_BIN = DEFAULT_PATH.split(":")


def _isolation(
    user_namespace: bool, pid_namespace: bool, uid: int, gid: int, drop: frozenset[str] = frozenset()
) -> list[str]:
    args = ["--die-with-parent", "--new-session", "--unshare-ipc"]
    if pid_namespace:
        args += ["--unshare-pid", "--proc", "/proc"]
    else:
        args += ["--ro-bind", "/proc", "/proc"]
    if user_namespace:
        args += ["--unshare-user", "--uid", str(uid), "--gid", str(gid)]
    else:
        args += ["--cap-drop", "ALL"]
        for name in CAPABILITIES:
            args += [] if name in drop or "ALL" in drop else ["--cap-add", f"CAP_{name}"]
    return [*args, "--dev", "/dev"]


def _links() -> list[str]:
    args: list[str] = []
    for path in ("/bin", "/sbin", "/lib", "/lib64"):
        if os.path.islink(path):
            args += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            args += ["--ro-bind", path, path]
    return args


def probe() -> Backend | str:
    """Really run bubblewrap, the strictest way first; return the way that works, or why none does."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap (bwrap) is not installed"
    ways = [(True, True), (True, False)]
    if os.geteuid() == 0:
        ways = [(False, True), *ways]
    why = ""
    for user_namespace, pid_namespace in ways:
        args = _isolation(user_namespace, pid_namespace, 0, 0)
        try:
            done = subprocess.run(
                [program, *args, "--ro-bind", "/usr", "/usr", *_links(), "/usr/bin/env", "true"],
                capture_output=True,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
            continue
        if done.returncode == 0:
            return Backend("bwrap", f"{program} works", user_namespace, pid_namespace)
        why = done.stderr.decode(errors="replace").strip() or f"bwrap ended with {done.returncode}"
    return why


def command(spec: ProcessSpec, view: View, backend: Backend) -> list[str]:
    """Return the whole command line."""
    drop = spec.uid not in (None, 0) or spec.gid not in (None, 0)
    really_drop = drop and not backend.user_namespace and view.real("/usr/bin/setpriv") is not None
    namespace = backend.user_namespace or (drop and not really_drop)
    args = limit_prefix(spec.limits)
    args += [shutil.which("bwrap") or "bwrap"]
    kept = spec.drop if not really_drop else frozenset(())  # setpriv needs them, and leaves none to another user
    args += _isolation(namespace, backend.pid_namespace, spec.uid or 0, spec.gid or 0, kept)
    args += [] if spec.share_net else ["--unshare-net"]
    args += ["--unshare-uts", "--hostname", spec.hostname] if spec.hostname else []
    folders = _Folders()
    args += _places(view, folders)
    args += _toolbox(view, folders)
    args += _home(spec, view, folders)
    args += _closed(view) if spec.read_only_root else []
    args += ["--chdir", spec.cwd or "/", "--"]
    if really_drop:
        args += ["/usr/bin/setpriv", "--reuid", str(spec.uid or 0), "--regid", str(spec.gid or 0)]
        groups = ",".join(str(group) for group in spec.groups)
        args += [f"--groups={groups}"] if groups else ["--clear-groups"]
        args += ["--inh-caps", "-all", "--no-new-privs", "--"]
    return [*args, *spec.argv]


def limit_prefix(limits: Limits) -> list[str]:
    """Return the beginning of a command line that sets the limits, empty without any."""
    wanted = {
        "--cpu": limits.cpu_seconds,
        "--as": limits.address_space,
        "--nproc": limits.processes,
        "--nofile": limits.open_files,
        "--fsize": limits.file_size,
    }
    flags = [f"{flag}={value}" for flag, value in wanted.items() if value is not None]
    prefix = [shutil.which("prlimit") or "prlimit", *flags, "--"] if flags else []
    return prefix + _processors(limits.cpus)


_turn = itertools.count()


def _processors(wanted: int | None) -> list[str]:
    """Bind to so many processors, other ones at each start; nothing when there are no more anyway."""
    mine = sorted(os.sched_getaffinity(0))
    if wanted is None or wanted >= len(mine):
        return []
    first = next(_turn) * wanted
    chosen = {mine[(first + number) % len(mine)] for number in range(wanted)}
    return [shutil.which("taskset") or "taskset", "-c", ",".join(str(number) for number in sorted(chosen))]


def _closed(view: View) -> list[str]:
    """Close what a container has for itself: the root and the scratch folders that no mount covers."""
    own = [entry.target for entry in view.entries if entry.kind == "tmpfs"]
    return [part for target in [*own, "/"] for part in ("--remount-ro", target)]


class _Folders:
    """Makes the directories above mount points: bubblewrap makes them for its own user alone."""

    def __init__(self) -> None:
        self._there: set[str] = {"/"}
        self._whole: set[str] = set()

    def above(self, target: str, *, whole: bool = False) -> list[str]:
        """Return the arguments that make what is missing above `target`; `whole`: it shows all that is below it."""
        missing: list[str] = []
        parent = os.path.dirname(target)
        while parent not in self._there and not self._covered(parent):
            missing.insert(0, parent)
            parent = os.path.dirname(parent)
        self._there.update((*missing, target))
        if whole:
            self._whole.add(target)
        return [part for folder in missing for part in ("--perms", "0755", "--dir", folder)]

    def _covered(self, path: str) -> bool:
        while path != "/":
            if path in self._whole:
                return True
            path = os.path.dirname(path)
        return False


def _places(view: View, folders: _Folders) -> list[str]:
    args: list[str] = []
    for entry in view.entries:
        args += folders.above(entry.target, whole=entry.kind == "bind")
        if entry.kind == "bind":
            args += ["--ro-bind" if entry.read_only else "--bind", entry.source, entry.target]
        elif entry.kind == "link":
            args += ["--symlink", entry.source, entry.target]
        else:
            args += ["--perms", f"{entry.mode:o}", f"--{entry.kind}", entry.target]
    return args


def _toolbox(view: View, folders: _Folders) -> list[str]:
    """Give Python both of its names where the view has only one: images say `python` or `python3`."""
    found = interpreter(view)
    names = [name for name in ("python", "python3") if found and not any(view.real(f"{d}/{name}") for d in _BIN)]
    above = folders.above(f"{TOOLBOX}/python") if names else []
    return [*above, *(part for name in names for part in ("--symlink", found, f"{TOOLBOX}/{name}"))]


def interpreter(view: View) -> str:
    """Return the view's Python 3: the usual one, else this very interpreter when it is shown; empty for none."""
    usual = [f"{folder}/python3" for folder in _BIN]
    return next((path for path in (*usual, sys.executable) if view.real(path) is not None), "")


def search_path(spec: ProcessSpec) -> str:
    """Return the PATH inside."""
    return f"{spec.env.get('PATH') or DEFAULT_PATH}:{TOOLBOX}"


def _home(spec: ProcessSpec, view: View, folders: _Folders) -> list[str]:
    """Make HOME and the working directory when no mount provides them."""
    args: list[str] = []
    for path in {spec.env.get("HOME", ""), spec.cwd}:
        if path.startswith("/") and not view.is_dir(path) and view.host(view.follow(path)) is None:
            owner = view.owner(view.follow(path))
            if owner is None or owner.kind != "bind" or not owner.read_only:
                args += [*folders.above(view.follow(path)), "--perms", "0777", "--dir", view.follow(path)]
    return args


def environment(spec: ProcessSpec) -> dict[str, str]:
    """Return the environment of the whole command."""
    return {"HOME": "/root" if not spec.uid else "/", **spec.env, "PATH": search_path(spec)}


def loader_variables(env: dict[str, str]) -> Sequence[str]:
    """Move LD_* out of `env` into arguments, so that they reach the program and not bubblewrap itself."""
    args: list[str] = []
    for name in [name for name in env if name.startswith("LD_")]:
        args += ["--setenv", name, env.pop(name)]
    return args
