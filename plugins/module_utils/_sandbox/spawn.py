# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Starts a command, reads its output, ends its whole tree. Knows nothing of views and mounts.

Commands are started from one thread that lives as long as the process: the kernel ties the
parent-death signal to the *thread* that forked, so a short-lived one would take its children along.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from . import tree
from .memory import Watch

CHUNK = 65536
MARK = "SLIPWAY_SANDBOX_OWNER"


@dataclass(frozen=True, slots=True)
class Command:
    """What to execute. `owned` is set for commands whose descendants no PID namespace ends."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str | None
    stdout: Callable[[bytes], None] | None
    stderr: Callable[[bytes], None] | None = None
    owned: bool = False
    uid: int | None = None
    gid: int | None = None
    pipe_owner: int | None = None
    at_end: Callable[[], None] | None = None
    ended: Callable[[int], None] | None = None
    memory: int | None = None


class _Spawner:
    """The thread that forks, and the reaper beside it when one is needed."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self.token = secrets.token_hex(8)
        self._reaper: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._work, name="slipway-spawner", daemon=True).start()

    def _work(self) -> None:
        while True:
            job, answer = self._jobs.get()
            try:
                answer.set_result(job())
            except BaseException as error:  # the thread that asked gets it
                answer.set_exception(error)

    def run(self, job: Callable[[], Any]) -> Any:
        answer: Future[Any] = Future()
        self._jobs.put((job, answer))
        return answer.result()

    def watch(self) -> None:
        """Have a reaper that outlives us and kills what we started; one for the whole process."""
        if self._reaper is not None and self._reaper.poll() is None:
            return
        program = os.path.join(os.path.dirname(__file__), "reaper.py")
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", program, f"{MARK}={self.token}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={},
        )

    def note(self, sign: str, path: str) -> None:
        """Tell the reaper which directory to remove when we die (+), or no longer (-)."""
        self.watch()
        if "\n" in path or self._reaper is None or self._reaper.stdin is None:
            return
        with contextlib.suppress(OSError):  # a reaper that was killed removes nothing
            os.write(self._reaper.stdin.fileno(), os.fsencode(f"{sign}{path}\n"))


_spawner: _Spawner | None = None
_lock = threading.Lock()


def _current() -> _Spawner:
    global _spawner
    with _lock:
        if _spawner is None:
            _spawner = _Spawner()
        return _spawner


def remove_if_we_die(path: str) -> None:
    """Have a directory removed when this process is killed before it does so itself."""
    spawner = _current()
    spawner.run(lambda: spawner.note("+", path))


def removed(path: str) -> None:
    """The directory is gone, or may stay."""
    spawner = _current()
    spawner.run(lambda: spawner.note("-", path))


def _after_fork() -> None:
    # Threads do not survive a fork: the child (an Ansible worker) makes its own on first use.
    global _spawner, _lock
    _spawner, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


class Handle:
    """A started command. Implements `spec.Running`."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._mark = f"SLIPWAY_SANDBOX_ID={secrets.token_hex(8)}" if command.owned else ""
        self._error: Exception | None = None
        self._code: int | None = None
        self._done = threading.Event()
        self._sinks: dict[int, Callable[[bytes], None]] = {}
        self._watch: Watch | None = None
        ends = [self._pipe(sink) for sink in (command.stdout, command.stderr)]
        try:
            spawner = _current()
            self._process: subprocess.Popen[bytes] = spawner.run(lambda: self._popen(spawner, *ends))
            self.pid = self._process.pid
            self._pidfd = os.pidfd_open(self.pid)
        except BaseException:
            self._close_pipes()
            raise
        finally:
            for end in ends:
                if end >= 0:
                    os.close(end)
        if command.memory is not None:
            self._watch = Watch(self.pid, command.memory, self._done)
        threading.Thread(target=self._pump, name=f"slipway-read-{self.pid}", daemon=True).start()

    def _pipe(self, sink: Callable[[bytes], None] | None) -> int:
        """Return the end that the program writes to, -1 for none."""
        if sink is None:
            return -1
        mine, theirs = os.pipe()
        self._sinks[mine] = sink
        return theirs

    def _popen(self, spawner: _Spawner, out: int, err: int) -> subprocess.Popen[bytes]:
        command = self._command
        env = dict(command.env)
        if command.owned:
            spawner.watch()
            env[MARK] = spawner.token
            env["SLIPWAY_SANDBOX_ID"] = self._mark.partition("=")[2]
        for end in (out, err):
            if end >= 0 and command.pipe_owner:
                # /dev/stdout is opened anew by name, with the rights of the program.
                os.fchown(end, command.pipe_owner, -1)
        drop: dict[str, Any] = {}
        if command.uid is not None:
            drop = {"user": command.uid, "group": command.gid or 0, "extra_groups": []}
        sink = out if out >= 0 else subprocess.DEVNULL
        return subprocess.Popen(
            list(command.argv),
            env=env,
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=err if err >= 0 else sink,
            start_new_session=True,
            **drop,
        )

    def _pump(self) -> None:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        for pipe in self._sinks:
            poll.register(pipe, select.POLLIN)
        ended = False
        while not ended:
            for descriptor, _ready in poll.poll():
                if descriptor == self._pidfd:
                    ended = True
                elif not self._read(descriptor):
                    poll.unregister(descriptor)
        self._finish()

    def _read(self, pipe: int) -> bool:
        try:
            data = os.read(pipe, CHUNK)
        except BlockingIOError:
            return False
        if data and self._error is None:
            try:
                self._sinks[pipe](data)
            except Exception as error:  # the reader must go on, or the program would block
                self._error = error
        return bool(data)

    def _finish(self) -> None:
        code = self._process.wait()
        if self._mark:
            self._kill_leftovers()
        for pipe in self._sinks:
            os.set_blocking(pipe, False)
            while self._read(pipe):
                pass
        self._close_pipes()
        os.close(self._pidfd)
        if self._command.at_end:
            with contextlib.suppress(OSError):
                self._command.at_end()
        self._code = code if code >= 0 else 128 - code
        self._done.set()
        if self._command.ended:
            self._command.ended(self._code)

    def _kill_leftovers(self) -> None:
        for _attempt in range(20):
            left = tree.marked(self._mark)
            if not left:
                return
            tree.send(left, signal.SIGKILL)
            time.sleep(0.005)

    def _close_pipes(self) -> None:
        for pipe in self._sinks:
            os.close(pipe)
        self._sinks = {}

    @property
    def out_of_memory(self) -> bool:
        """Return whether the program was ended because it used more than its limit."""
        return self._watch is not None and self._watch.struck

    def poll(self) -> int | None:
        """Return the exit code, None while it runs or its output is still being read."""
        return self._code if self._done.is_set() else None

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end; None after `timeout` seconds. An error of the output's callback is raised here."""
        if not self._done.wait(timeout):
            return None
        if self._error is not None:
            raise self._error
        return self._code

    def stop(self, grace: float) -> int:
        """End the whole tree: SIGTERM, then SIGKILL after `grace` seconds. Return the exit code."""
        deadline = time.monotonic() + grace
        told: set[int] = set()
        while grace > 0 and not self._done.is_set() and time.monotonic() < deadline:
            fresh = [pid for pid in self._members() if pid not in told]
            tree.send(fresh, signal.SIGTERM)
            told.update(fresh)
            self._done.wait(min(0.05, max(deadline - time.monotonic(), 0)))
        while not self._done.is_set():
            tree.send([*tree.descendants(self.pid), self.pid] if self._mark else [self.pid], signal.SIGKILL)
            self._done.wait(0.2)
        return self._code if self._code is not None else 137

    def _members(self) -> list[int]:
        """Return the program's processes, without the sandboxing tool's own (which would die before them)."""
        found = {*tree.descendants(self.pid), self.pid}
        if self._mark:
            found.update(tree.marked(self._mark))
        return sorted(pid for pid in found if tree.command_name(pid) != "bwrap")
