# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Who works on a run: a lock in its folder, held by the process that executes it and freed by the kernel at its end.

A lock says more than a process number: it survives other PID namespaces and goes with a SIGKILL.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .._core.errors import Permanent, Refused

_NAME = "going.lock"
TRIES, _PAUSE = 60, 0.05


@contextmanager
def held(folder: str) -> Iterator[None]:
    """Hold the lock of a run's folder, which is made when it is not there. Refused when another process has it.

    One that only reads the report of an ended run has it for a moment, and one whose play was killed until it has
    stopped its steps: both are waited for, three seconds at most.
    """
    name = os.path.basename(folder)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        descriptor = os.open(os.path.join(folder, _NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Permanent(f"cannot write to {folder}: {error.strerror}", hint="give another state_dir") from error
    try:
        if not any(_taken(descriptor) for _try in range(TRIES)):
            hint = "wait for its end, or give the run another name"
            raise Refused(f"a run named {name!r} is going on already", hint=hint, obj=f"run {name}")
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_PAUSE)
        return False
    return True


def goes_on(folder: str) -> bool:
    """Return whether a process works on the run of this folder right now."""
    try:
        descriptor = os.open(os.path.join(folder, _NAME), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False  # never begun, or not ours to read: nobody that we know of
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
