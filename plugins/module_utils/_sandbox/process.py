# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Run programs as local processes: sandboxed by bubblewrap, or plain where that is impossible.

The public face of the room. `start(spec)` is the same in both cases; with the plain process the
caller also passes the text of scripts through `rewrite`, and shows `take_warning()` once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache

from .._core.errors import Permanent, Refused
from . import bwrap, plain
from .spawn import Command, Handle, remove_if_we_die, removed
from .spec import DEFAULT_PATH, Backend, Limits, Mount, NotExecutable, ProcessSpec, Running, python_mounts
from .view import View, is_complete, plan

__all__ = [
    "Backend",
    "Limits",
    "Mount",
    "NotExecutable",
    "ProcessSpec",
    "Running",
    "available",
    "interact",
    "python_mounts",
    "remove_if_we_die",
    "removed",
    "rewrite",
    "start",
    "take_warning",
]

_warned = False


@lru_cache(maxsize=1)
def available() -> Backend:
    """Return how programs are run here; found out once per process by really running bubblewrap.

    SLIPWAY_SANDBOX=plain forces the plain process, SLIPWAY_SANDBOX=bwrap makes anything less an error.
    """
    wish = os.environ.get("SLIPWAY_SANDBOX", "")
    if wish == "plain":
        return Backend("plain", "SLIPWAY_SANDBOX=plain")
    found = bwrap.probe()
    if isinstance(found, Backend):
        return found
    if wish == "bwrap":
        raise Refused(f"no sandbox can be made here: {found}", hint="unset SLIPWAY_SANDBOX", reason="NoSandbox")
    return Backend("plain", found)


def take_warning() -> str | None:
    """Return the warning about missing sandboxes: the first time it is due, then None."""
    global _warned
    if _warned or available().name != "plain":
        return None
    _warned = True
    return plain.WARNING.format(why=available().why)


def rewrite(text: str, mounts: Sequence[Mount], rootfs: str = "") -> str:
    """Return a script's text as it must be written for `start`: unchanged in a sandbox."""
    if available().name == "bwrap":
        return text
    return plain.rewriter(plain.all_mounts(mounts, rootfs))(text)


def start(spec: ProcessSpec) -> Running:
    """Start a program.

    Raises NotExecutable when the program is missing inside, Permanent when a mount's source is
    missing, Refused when the request cannot be honoured here.
    """
    for mount in (*spec.mounts, *spec.tools):
        if not os.path.lexists(mount.source):
            raise Permanent(f"cannot mount {mount.source} at {mount.target}: it does not exist", reason="StartError")
    if _wants_limits(spec.limits) and not (shutil.which("prlimit") and shutil.which("taskset")):
        raise Refused("limits need the programs prlimit and taskset (util-linux), which are not installed")
    return _start_plain(spec) if available().name == "plain" else _start_sandboxed(spec)


def interact(spec: ProcessSpec) -> int:
    """Run a program on our own terminal until it ends; return its exit code. Raises as `start` does."""
    if available().name == "plain":
        argv, env, cwd, scratch = plain.prepare(spec)
        try:
            return subprocess.call(argv, env=env, cwd=cwd)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    view = plan(spec.rootfs, spec.rootfs_writable, [*_host_python(spec), *spec.tools, *spec.mounts])
    _check_program(spec, view)
    # In the terminal's own session, or the shell could not control its jobs.
    argv = [part for part in bwrap.command(spec, view, available()) if part != "--new-session"]
    return subprocess.call(argv, env=bwrap.environment(spec))


def _wants_limits(limits: Limits) -> bool:
    return limits != Limits()


def _start_sandboxed(spec: ProcessSpec) -> Running:
    backend = available()
    view = plan(spec.rootfs, spec.rootfs_writable, [*_host_python(spec), *spec.tools, *spec.mounts])
    _check_program(spec, view)
    env = bwrap.environment(spec)
    argv = bwrap.command(spec, view, backend)
    at = argv.index("--die-with-parent")
    argv[at:at] = bwrap.loader_variables(env)
    # Opening /dev/stdout by name needs the pipe to belong to the program's user.
    owner = spec.uid if os.geteuid() == 0 and not backend.user_namespace else None
    owned = not backend.pid_namespace
    command = Command(
        argv, env, None, spec.stdout, spec.stderr, owned=owned, pipe_owner=owner, ended=spec.ended,
        memory=spec.limits.memory,
    )  # fmt: skip
    return Handle(command)


def _host_python(spec: ProcessSpec) -> tuple[Mount, ...]:
    """Show our own Python where the host's tools have none (a machine with only a virtual environment)."""
    if shutil.which("python3", path=DEFAULT_PATH) or (spec.rootfs and is_complete(spec.rootfs)):
        return ()
    return python_mounts()


def _check_program(spec: ProcessSpec, view: View) -> None:
    name = spec.argv[0]
    if "/" in name:
        place = name if name.startswith("/") else os.path.join(spec.cwd, name)
        found = view.real(os.path.normpath(place))
        if found is None and not place.startswith(("/proc/", "/dev/")):
            raise NotExecutable(f'exec: "{name}": no such file or directory', 127)
        if found is not None and not os.access(found, os.X_OK):
            raise NotExecutable(f'exec: "{name}": permission denied', 126)
        return
    for folder in bwrap.search_path(spec).split(":"):
        found = view.real(os.path.join(folder or "/", name))
        if found is not None and os.access(found, os.X_OK) and not os.path.isdir(found):
            return
    if name not in ("python", "python3") or not bwrap.interpreter(view):
        raise NotExecutable(f'exec: "{name}": executable file not found in $PATH', 127)


def _plain_program(name: str, cwd: str, search_path: str) -> str:
    place = os.path.join(cwd, name)
    if "/" in name and not os.path.exists(place):
        raise NotExecutable(f'exec: "{name}": no such file or directory', 127)
    if "/" in name and not os.access(place, os.X_OK):
        raise NotExecutable(f'exec: "{name}": permission denied', 126)
    found = place if "/" in name else shutil.which(name, path=search_path)
    if found is None:
        raise NotExecutable(f'exec: "{name}": executable file not found in $PATH', 127)
    return found


def _start_plain(spec: ProcessSpec) -> Running:
    argv, env, cwd, scratch = plain.prepare(spec)
    try:
        program = _plain_program(argv[0], cwd, env["PATH"])
        drop = os.geteuid() == 0 and spec.uid is not None
        command = Command(
            [*bwrap.limit_prefix(spec.limits), program, *argv[1:]],
            env,
            cwd,
            spec.stdout,
            spec.stderr,
            owned=True,
            uid=spec.uid if drop else None,
            gid=spec.gid,
            pipe_owner=spec.uid if drop else None,
            ended=spec.ended,
            memory=spec.limits.memory,
            at_end=lambda: shutil.rmtree(scratch, ignore_errors=True),
        )
        return Handle(command)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
