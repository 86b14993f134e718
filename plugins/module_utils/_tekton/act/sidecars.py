# Copyright: (c) 2026, slipway contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sidecars of one TaskRun: started before the first step, waited for until they are ready, stopped after the last.

Source: tektoncd/pipeline pkg/pod/status.go (areContainersReady), pkg/pod/pod.go, v1.15; probes as the kubelet's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.cancel import Cancel
from ..._core.errors import Cancelled, SlipwayError
from ..._sandbox.probes import Answer, Track, look
from ..._sandbox.process import NotExecutable, Running
from .containers import Containers, Host, StepCommand
from .executor import SidecarEnd
from .lines import Lines

GRACE = 3.0
_SETTLE = 0.5
_LOOK = 0.02
_START_ERROR = 128  # what a container runtime says of a program that it could not start


@dataclass(slots=True)
class _Sidecar:
    """One sidecar. `spec` is its container, `command` how it was started, `running` its process, None when it did not start."""

    name: str
    container: str
    spec: Mapping[str, Any]
    command: StepCommand
    lines: Lines
    running: Running | None = None
    started: float = 0.0
    ready: bool = False
    stopped: bool = False
    code: int = _START_ERROR
    by_itself: bool = False
    address: str = ""
    tracks: dict[str, Track] = field(default_factory=dict)

    def ended(self) -> bool:
        """Return whether it has ended; what came of it is noted then."""
        if self.running is None:
            return True
        code = self.running.poll()
        if code is not None and not self.stopped and not self.by_itself:
            self.by_itself, self.code = True, code
        return code is not None


class Sidecars:
    """Starts, probes and stops the sidecars of a plan. `log` returns the file and the sink of a sidecar's lines."""

    def __init__(self, host: Host, log: Callable[[str], Lines], warn: Callable[[str], None]) -> None:
        self._host, self._log, self._warn = host, log, warn
        self._all: list[_Sidecar] = []
        self._watch: threading.Thread | None = None
        self._over = threading.Event()

    def start(self, containers: Containers) -> None:
        """Start all of them, in order."""
        for index, spec in enumerate(containers.sidecars):
            name = str(spec.get("name") or "")
            container = f"sidecar-{name}" if name else "sidecar"
            self._all.append(self._start(name, container, spec, containers.sidecar(index, container, spec)))
        if any(one.tracks for one in self._all):
            self._watch = threading.Thread(target=self._probe_all, name="slipway-probes", daemon=True)
            self._watch.start()

    def _start(self, name: str, container: str, spec: Mapping[str, Any], command: StepCommand) -> _Sidecar:
        one = _Sidecar(name, container, spec, command, self._log(container), started=time.monotonic())
        probes = {
            kind: spec[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness") if spec.get(f"{kind}Probe")
        }
        try:
            one.running = self._host.start(command, one.lines.feed)
        except NotExecutable as error:
            one.lines.feed(f"{error.message}\n".encode())
            one.by_itself = True
            return one
        one.started = time.monotonic()  # a container takes a while until it runs
        one.tracks = {kind: Track(probe, one.started) for kind, probe in probes.items()}
        one.address = self._host.address(command) if probes else ""
        one.ready = not ({"startup", "readiness"} & set(one.tracks))
        return one

    def wait_until_ready(self, cancel: Cancel, deadline: float) -> bool:
        """Wait until each is ready or has ended; False when `deadline` (monotonic, 0: none) passed. Raises Cancelled."""
        while not all(self._settled(one) or one.ended() for one in self._all):
            if cancel.is_set():
                raise Cancelled(cancel.reason or "cancelled")
            if deadline and time.monotonic() > deadline:
                return False
            self._over.wait(_LOOK)
        return True

    @staticmethod
    def _settled(one: _Sidecar) -> bool:
        """One without a probe is ready when it runs. In a pod that is noticed a second later, which Tasks have come to rely on."""
        return one.ready and (bool(one.tracks) or time.monotonic() - one.started > _SETTLE)

    def failed(self) -> SidecarEnd | None:
        """Return the first one that has ended by itself with an exit code other than 0."""
        for one in self._all:
            if one.ended() and one.by_itself and one.code:
                return SidecarEnd(one.name, one.container, one.code)
        return None

    def stop(self) -> tuple[SidecarEnd, ...]:
        """End those that still run, all at once; return how each ended."""
        self._over.set()
        if self._watch:
            self._watch.join()
        threads = [threading.Thread(target=self._stop, args=(one,), daemon=True) for one in self._all]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return tuple(SidecarEnd(one.name, one.container, one.code) for one in self._all)

    @staticmethod
    def _stop(one: _Sidecar) -> None:
        if not one.ended() and one.running:
            one.stopped = True
            one.code = one.running.stop(GRACE)
        one.lines.close()

    # -- probes ----------------------------------------------------------------------------------

    def _probe_all(self) -> None:
        while not self._over.wait(_LOOK):
            for one in self._all:
                if one.tracks and not one.ended():
                    self._probe(one)

    def _probe(self, one: _Sidecar) -> None:
        now = time.monotonic()
        startup = one.tracks.get("startup")
        waits = startup is not None and startup.state is not True
        for kind, track in one.tracks.items():
            # Until the startup probe has passed once, no other is asked; after that it is not asked again.
            if (kind == "startup") is waits and track.due <= now:
                self._look(one, kind, track)
        readiness = one.tracks.get("readiness")
        started = startup is None or startup.state is True
        one.ready = started and (readiness is None or readiness.state is True)

    def _look(self, one: _Sidecar, kind: str, track: Track) -> None:
        handler = one.spec[f"{kind}Probe"]
        answer = look(
            handler, dict(one.spec), one.address, track.timeout, lambda argv, timeout: self._run(one, argv, timeout)
        )
        changed = track.record(answer.ok, time.monotonic())
        if changed is False and kind != "readiness" and one.running and not one.ended():
            self._warn(f"{one.container}: {kind} probe failed, it is ended: {answer.message}")
            one.by_itself, one.code = True, one.running.stop(GRACE)

    def _run(self, one: _Sidecar, argv: list[str], timeout: float) -> Answer:
        """Run a command beside the sidecar, with the same files and environment."""
        said: list[bytes] = []
        try:
            beside = self._host.beside(one.command, argv, said.append)
        except SlipwayError as error:
            return Answer(False, error.message)
        deadline = time.monotonic() + timeout
        while (code := beside.wait(_LOOK)) is None:
            if self._over.is_set() or time.monotonic() > deadline:
                beside.stop(0)
                return Answer(False, f"command timed out after {timeout:g} s")
        return Answer(code == 0, b"".join(said)[-512:].decode(errors="replace").strip() or f"exit code {code}")


def log_data(task: str, container: str) -> dict[str, str]:
    """Return what marks the event of a sidecar's line: it stands beside the steps, and says that it is none."""
    return {"task": task, "step": container, "sidecar": container.removeprefix("sidecar").removeprefix("-")}
