# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a caller asks of the sandbox: plain values.

Knows nothing of how a process is started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .._core.errors import Permanent

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NotExecutable(Permanent):
    """The program cannot be started: it is not there (`exit_code` 127) or is no program (126)."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message, reason="StartError")
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Mount:
    """Show the host's `source` (file or directory, must exist) at `target` inside."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of each process; None leaves the limit of the caller.

    `cpu_seconds` of processor time, `address_space` and `file_size` in bytes, `processes` of the
    user on this machine, `open_files` per process. Of the program with all its children: `memory` in
    bytes (what is more is ended), `cpus` how many processors it may use at once, rounded up.
    """

    cpu_seconds: int | None = None
    address_space: int | None = None
    processes: int | None = None
    open_files: int | None = None
    file_size: int | None = None
    memory: int | None = None
    cpus: int | None = None


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One program in its own view of the machine.

    `argv[0]` is looked up inside the sandbox (in `env["PATH"]` when it holds no slash). `env` is the
    whole environment. `cwd` is made when it is missing. `rootfs` is the directory of an unpacked
    image: a complete one (with a shell or a dynamic loader) replaces the host's tools, a partial one
    (COPY only) is laid over them. `tools` are single host files shown at a path. `uid`/`gid` are what
    the program sees itself as (None: root inside). `stdout` gets the merged output, chunk by chunk,
    from one thread; None throws the output away. `stderr` gets standard error apart from it, by the
    same thread. `ended` gets the exit code after the last output, from the same thread. `groups` are
    more groups of the program, `drop` names capabilities that not even root inside keeps ("ALL" for
    all), `read_only_root` leaves only the mounts writable.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    mounts: tuple[Mount, ...] = ()
    rootfs: str = ""
    rootfs_writable: bool = False
    tools: tuple[Mount, ...] = ()
    share_net: bool = True
    hostname: str = ""
    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    drop: frozenset[str] = frozenset()
    read_only_root: bool = False
    limits: Limits = field(default_factory=Limits)
    stdout: Callable[[bytes], None] | None = None
    stderr: Callable[[bytes], None] | None = None
    ended: Callable[[int], None] | None = None


class Running(Protocol):
    """A started program. The exit code is the program's, or 128+n when signal n ended it."""

    pid: int

    @property
    def out_of_memory(self) -> bool:
        """Return whether the program was ended because it used more than its limit."""

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end and for the last of the output; None when `timeout` seconds passed."""

    def stop(self, grace: float) -> int:
        """SIGTERM to the whole tree, SIGKILL after `grace` seconds; return the exit code."""


@dataclass(frozen=True, slots=True)
class Backend:
    """How programs are run here: "bwrap" or "plain", and why."""

    name: str
    why: str
    user_namespace: bool = False
    pid_namespace: bool = False


def python_mounts() -> tuple[Mount, ...]:
    """Return the mounts that make this very Python (`sys.executable`) work inside a sandbox.

    Nothing when it lives in /usr, which every sandbox shows.
    """
    places = {os.path.realpath(sys.base_prefix), os.path.abspath(sys.prefix), os.path.dirname(sys.executable)}
    roots = sorted(place for place in places if not place.startswith(("/usr", "/opt/", "/bin")))
    outer = [root for root in roots if not any(root.startswith(other + "/") for other in roots)]
    return tuple(Mount(root, root, read_only=True) for root in outer)
